// The points of the sides: what was sent is appended, replaced where it overlaps, and merged where a run has become long. The form of
// what is sent stands in series.py.

// A row stands for the updates of one bucket, 2 ** level of them, or for update 0, before training; `update` is the last of them. A
// metric's values stand at some of the rows: mean over so many (count) measured updates, smallest and largest of them. `made` is what
// numbers.js has made of them, of which `same` values have not changed since.
const COLUMNS = ["rollout", "samples", "wall_seconds", "token_cost"];
const VALUES = ["row", "count", "mean", "half", "low", "high"];
export const emptySide = () => ({ level: 0, last: -1, update: [], rollout: [], samples: [], wall_seconds: [], token_cost: [], share: [], metrics: {} });
const emptyMetric = () => Object.assign(Object.fromEntries(VALUES.map((name) => [name, []])), { seeds: [], same: 0, made: null });
const bucketEnd = (update, level) => (((update - 1) >> level) + 1) << level;

export const lastOf = ({ store }) => Object.fromEntries([...store].map(([label, { last }]) => [label, last]));

// How many updates are new. What is here behind `after` is replaced: tails overlap, so that one lost tick is no gap, and the newest
// bucket comes again until it is full.
export function append(side, points) {
  const before = side.last;
  while (side.level < points.level) halve(side);
  cut(side, points.after);
  const base = side.update.length;
  const updates = points.updates ?? rowsOf(points.update, points.level);
  side.update.push(...updates);
  side.wall_seconds.push(...points.seconds);
  side.token_cost.push(...(points.cost ?? updates.map(() => 0)));
  for (const name of ["rollout", "samples"]) {
    let change = -1;
    updates.forEach((_, row) => {
      if (points[name].at[change + 1] === row) change += 1;
      side[name].push(points[name].value[change]);
    });
  }
  for (const [name, sent] of Object.entries(points.metrics)) {
    const kept = (side.metrics[name] ??= emptyMetric());
    sent.mean.forEach((mean, j) => {
      kept.row.push(base + (sent.at ? sent.at[j] : j));
      kept.count.push(sent.count?.[j] ?? sent.count ?? 1);
      kept.mean.push(mean);
      kept.half.push(sent.half?.[j] ?? 0);
      kept.low.push(sent.low?.[j] ?? mean);
      kept.high.push(sent.high?.[j] ?? mean);
      sent.seeds?.forEach((values, seed) => (kept.seeds[seed] ??= []).push(values[j]));
    });
  }
  side.last = updates.at(-1) ?? points.after;
  const [begin, end] = [side.update[0], side.update.at(-1)];
  side.share = side.update.map((update) => (end > begin ? (100 * (update - begin)) / (end - begin) : 100));
  return side.last - before;
}

function rowsOf([first, last], level) {
  const updates = [];
  for (let end = bucketEnd(first, level); end < last; end += 1 << level) updates.push(end);
  updates.push(last);
  return updates;
}

function cut(side, after) {
  let rows = side.update.length;
  while (rows > 0 && side.update[rows - 1] > after) rows -= 1;
  for (const name of ["update", ...COLUMNS]) side[name].length = rows;
  for (const metric of Object.values(side.metrics)) {
    let count = metric.row.length;
    while (count > 0 && metric.row[count - 1] >= rows) count -= 1;
    for (const values of [...VALUES.map((name) => metric[name]), ...metric.seeds]) values.length = count;
    metric.same = Math.min(metric.same, count);
  }
}

// Every two buckets become one.
function halve(side) {
  side.level += 1;
  const to = []; // row -> row
  let rows = 0;
  side.update.forEach((update, row) => {
    if (row === 0 || bucketEnd(update, side.level) !== bucketEnd(side.update[row - 1], side.level)) rows += 1;
    to.push(rows - 1);
  });
  for (const name of ["update", ...COLUMNS]) {
    to.forEach((row, i) => (side[name][row] = side[name][i])); // a bucket's last row stands for it
    side[name].length = rows;
  }
  for (const metric of Object.values(side.metrics)) mergeRows(metric, to);
}

function mergeRows(metric, to) {
  metric.made = null;
  const weighted = [metric.mean, metric.half, ...metric.seeds];
  let k = -1;
  for (let j = 0; j < metric.row.length; j++) {
    const row = to[metric.row[j]];
    if (k >= 0 && metric.row[k] === row) {
      const share = metric.count[j] / (metric.count[k] + metric.count[j]);
      for (const values of weighted) values[k] = mix(values[k], values[j], share);
      metric.count[k] += metric.count[j];
      metric.low[k] = Math.min(metric.low[k], metric.low[j]);
      metric.high[k] = Math.max(metric.high[k], metric.high[j]);
    } else {
      k += 1;
      for (const values of [metric.count, metric.low, metric.high, ...weighted]) values[k] = values[j];
      metric.row[k] = row;
    }
  }
  for (const values of [...VALUES.map((name) => metric[name]), ...metric.seeds]) values.length = k + 1;
}

export const mix = (a, b, share) => (a === null ? b : b === null ? a : a + (b - a) * share);
