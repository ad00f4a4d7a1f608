// From the points of a side to what a chart shows: arithmetic, no drawing.

import { mix } from "./store.js";

export const POINTS_PER_PIXEL = 2; // the smallest and the largest value of each column of pixels

// The points of one metric of one side on the chosen axis. Updates of one rollout share a rollout and a number of samples: there, their
// mean is one point, or the line would run up and down on one spot.
export function series(side, name, axis) {
  const metric = side.metrics[name];
  const out = { x: [], at: [], y: [], half: [], extremes: [], seeds: [] }; // at: the update behind each point; extremes: low, high, …
  if (!metric) return out;
  const xs = side[axis];
  const merge = axis === "rollout" || axis === "samples";
  const many = metric.seeds.length;
  for (let s = 0; s < many; s++) out.seeds.push([]);
  for (let j = 0, n = 0; j < metric.row.length; j++) {
    const x = xs[metric.row[j]];
    const last = out.x.length - 1;
    if (merge && last >= 0 && out.x[last] === x) {
      n += 1;
      out.y[last] += (metric.mean[j] - out.y[last]) / n;
      out.half[last] += (metric.half[j] - out.half[last]) / n;
      out.extremes[2 * last] = Math.min(out.extremes[2 * last], metric.low[j]);
      out.extremes[2 * last + 1] = Math.max(out.extremes[2 * last + 1], metric.high[j]);
      for (let s = 0; s < many; s++) out.seeds[s][last] = mix(out.seeds[s][last], metric.seeds[s][j], 1 / n);
    } else {
      n = 1;
      out.x.push(x);
      out.at.push(side.update[metric.row[j]]);
      out.y.push(metric.mean[j]);
      out.half.push(metric.half[j]);
      out.extremes.push(metric.low[j], metric.high[j]);
      for (let s = 0; s < many; s++) out.seeds[s].push(metric.seeds[s][j]);
    }
  }
  return out;
}

// Exponential moving average over updates, divided by the weight it has gathered so far: the first point is itself and not pulled towards
// 0. What was measured at every fortieth update has hardly anything to be averaged with, and is drawn nearly as it is.
export function smooth(values, weight, at) {
  if (!weight) return values;
  let sum = 0;
  let gathered = 0;
  return values.map((value, k) => {
    if (value === null) return null;
    const kept = k > 0 ? weight ** Math.max(1, at[k] - at[k - 1]) : 0;
    sum = kept * sum + (1 - weight) * value;
    gathered = kept * gathered + (1 - weight);
    return sum / gathered;
  });
}

// Which of the points from..to are drawn: all, or the smallest and largest of each bucket. Buckets begin at multiples of a power of
// two, so a point that is drawn stays drawn while the line grows.
export function pick(values, from, to, most) {
  let size = 1;
  while ((2 * (to - from)) / size > most && to - from > most) size *= 2;
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
