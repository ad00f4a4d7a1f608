// From the points of a side to what a chart shows: arithmetic, no drawing.

import { mix } from "./store.js";

// The points of one metric of one side on the chosen axis, and their moving average. Updates of one rollout share a rollout and a number of
// samples: there, their mean is one point, or the line would run up and down on one spot. A tick adds a few points to thousands, so what
// was made is kept with the metric and continued; `same` is how many of the metric's values have stayed what they were (store.js).
export function series(side, name, { xaxis, smoothing }) {
  const metric = side.metrics[name];
  if (!metric) return emptySeries("", 0);
  const key = [xaxis, smoothing, xaxis === "share" && side.last].join(); // every share of a run changes when it goes on
  if (metric.made?.key !== key || metric.made.seeds.length !== metric.seeds.length) metric.made = emptySeries(key, metric.seeds.length);
  const out = metric.made;
  let from = Math.max(out.x.length - 1, 0); // the newest may have got more values
  while (from > 0 && out.first[from] > metric.same) from -= 1;
  const end = addPoints(out, from, metric, side.update, side[xaxis], xaxis === "rollout" || xaxis === "samples");
  for (const values of [out.x, out.at, out.first, out.y, out.half, ...out.seeds]) values.length = end;
  out.extremes.length = 2 * end;
  metric.same = metric.row.length;
  out.line = smooth(out.y, smoothing, out.at, out.ofLine, from);
  out.band = smooth(out.half, smoothing, out.at, out.ofBand, from);
  return out;
}

// at: the update behind each point; first: the place of its first value; extremes: low, high, …; line and band: y and half, smoothed
const emptySeries = (key, seeds) => ({
  key, x: [], at: [], first: [], y: [], half: [], extremes: [], seeds: Array.from({ length: seeds }, () => []),
  line: [], band: [], ofLine: emptyAverage(), ofBand: emptyAverage(),
});

// Makes the points from `from` on anew; returns how many there are then.
function addPoints(out, from, metric, update, xs, merge) {
  let k = from - 1;
  for (let j = out.first[from] ?? 0, n = 0; j < metric.row.length; j++) {
    const x = xs[metric.row[j]];
    n = merge && n > 0 && out.x[k] === x ? n + 1 : 1;
    if (n === 1) {
      k += 1;
      [out.x[k], out.at[k], out.first[k]] = [x, update[metric.row[j]], j];
    }
    const [low, high] = [metric.low[j], metric.high[j]];
    out.y[k] = n === 1 ? metric.mean[j] : mix(out.y[k], metric.mean[j], 1 / n);
    out.half[k] = n === 1 ? metric.half[j] : mix(out.half[k], metric.half[j], 1 / n);
    out.extremes[2 * k] = n === 1 ? low : Math.min(out.extremes[2 * k], low);
    out.extremes[2 * k + 1] = n === 1 ? high : Math.max(out.extremes[2 * k + 1], high);
    for (let s = 0; s < out.seeds.length; s++) out.seeds[s][k] = n === 1 ? metric.seeds[s][j] : mix(out.seeds[s][k], metric.seeds[s][j], 1 / n);
  }
  return k + 1;
}

const FORGOTTEN = 1e-9; // a gradient that has long been 0 is not 1e-27, which would rule a logarithmic axis
const emptyAverage = () => ({ mean: [], sum: [], weight: [] });

// Exponential moving average over updates, divided by the weight it has gathered so far: the first point is itself and not pulled towards
// 0. What was measured at every fortieth update has hardly anything to be averaged with, and is drawn nearly as it is. `so` holds what the
// points before `from` have come to.
function smooth(values, smoothing, at, so, from) {
  if (!smoothing) return values;
  for (let k = from; k < values.length; k++) {
    const there = values[k] !== null;
    const faded = k === 0 || !there ? 1 : smoothing ** Math.max(1, at[k] - at[k - 1]);
    const share = there ? 1 - smoothing : 0;
    so.sum[k] = faded * (so.sum[k - 1] ?? 0) + share * values[k];
    if (values[k] === 0 && Math.abs(so.sum[k]) < FORGOTTEN) so.sum[k] = 0;
    so.weight[k] = faded * (so.weight[k - 1] ?? 0) + share;
    so.mean[k] = there ? so.sum[k] / so.weight[k] : null;
  }
  for (const column of Object.values(so)) column.length = values.length;
  return so.mean;
}

// Which of the points from..to are drawn: all if they are at most so many, or the smallest and largest of each bucket and the newest. Buckets
// begin at multiples of a power of two, so a point that is drawn stays drawn while the line grows.
export function pick(values, from, to, most) {
  let size = 1;
  const buckets = () => Math.floor((to - 1) / size) - Math.floor(from / size) + 1;
  while (to - from > most && 2 * buckets() + 1 > most) size *= 2;
  const kept = [];
  if (size === 1) {
    for (let i = from; i < to; i++) kept.push(i);
    return kept;
  }
  for (let start = Math.floor(from / size) * size; start < to; start += size) {
    let low = Math.max(start, from);
    let high = low;
    for (let i = low; i < Math.min(start + size, to); i++) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    kept.push(Math.min(low, high));
    if (low !== high) kept.push(Math.max(low, high));
  }
  if (kept.at(-1) !== to - 1) kept.push(to - 1); // the newest point is always there
  return kept;
}

// The stretch of a rising x that a zoom shows, with one point more at each end so that lines reach the edge.
export function visible(xs, zoom) {
  if (!zoom) return [0, xs.length];
  const bisect = (value) => {
    let [a, b] = [0, xs.length];
    while (a < b) {
      const middle = (a + b) >> 1;
      xs[middle] < value ? (a = middle + 1) : (b = middle);
    }
    return a;
  };
  return [Math.max(bisect(zoom[0]) - 1, 0), Math.min(bisect(zoom[1]) + 2, xs.length)];
}

// What lies between the points that are drawn of a thinned run: the smallest and largest updates since the point before.
export function envelope({ extremes }, kept) {
  const [low, high] = [[], []];
  kept.forEach((k, j) => {
    const values = extremes.slice(2 * (j ? kept[j - 1] + 1 : k), 2 * k + 2);
    low.push(Math.min(...values));
    high.push(Math.max(...values));
  });
  return [low, high];
}

const EARLY = 0.05; // of a run's updates, and at least so many:
const EARLY_UPDATES = 10;
const RULES = 2; // a beginning this many times as high as all that follows

// The top of the scale. A spike in the first updates does not rule it: then the top is that of the rest, and `cut` is the spike's.
// `tops` are {at: updates, top: the highest thing drawn there} of each side; `whole` asks for everything that is shown.
export function topOf(tops, last, whole) {
  const bound = Math.max(EARLY * last, EARLY_UPDATES);
  let [early, rest, later] = [-Infinity, -Infinity, 0];
  for (const { at, top } of tops) {
    top.forEach((value, k) => {
      if (!(value > -Infinity)) return;
      if (at[k] <= bound) early = Math.max(early, value);
      else {
        rest = Math.max(rest, value);
        later += 1;
      }
    });
  }
  const cut = !whole && later >= EARLY_UPDATES && rest > 0 && early > RULES * rest;
  return { top: cut ? rest : Math.max(early, rest), cut: cut ? early : null };
}
