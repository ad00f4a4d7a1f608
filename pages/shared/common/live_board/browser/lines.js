// A chart with a line per side. From below: bands of all sides, what thinned rows hide, single seeds, raw lines, means.

import { LAYERS, joined, pixelsOf } from "./plot.js";
import { envelope, pick, series, topOf, visible } from "./numbers.js";
import { colorOf, dashOf, fade } from "./look.js";

const MAX_SEED_POINTS = 300;
const HEADROOM = 1.06;

export const isLog = (board, { spec }) => board.settings.log.includes(spec.name);

export function lineSeries(board, chart) {
  const ratio = devicePixelRatio;
  const styles = {
    low: () => ({ width: 0 }),
    high: () => ({ width: 0 }),
    floor: () => ({ width: 0 }),
    ceiling: () => ({ width: 0 }),
    ghost: (color) => ({ width: 1, stroke: fade(color, 0.35) }),
    main: (color, side, i) => ({
      width: 2, stroke: color, dash: dashOf(side).map((length) => length * ratio),
      points: { show: () => chart.lines[i]?.single ?? false, size: 6, fill: color },
    }),
  };
  return LAYERS.flatMap((name) =>
    board.sides.map((side, i) => ({ points: { show: false }, ...styles[name](colorOf(board, side), side, i), layer: name, side: i })),
  );
}

// Each ends in the fill between two of the series.
export function lineBands(board) {
  const count = board.sides.length;
  const at = (name, i) => 1 + LAYERS.indexOf(name) * count + i;
  return board.sides.flatMap((side, i) => [
    { series: [at("high", i), at("low", i)], fill: fade(colorOf(board, side), 0.17) },
    { series: [at("ceiling", i), at("floor", i)], fill: fade(colorOf(board, side), 0.25) },
  ]);
}

// What each side shows: `points` of everything, `kept` the indices that are drawn.
function lineOf(board, chart, side) {
  const store = board.store.get(side.label);
  const points = series(store, chart.spec.name, board.settings);
  const shown = !board.hidden.has(side.label) && points.x.length > 0;
  const kept = shown ? pick(points.y, ...visible(points.x, board.zoom), pixelsOf(chart)) : [];
  return { points, kept, shown, single: points.x.length === 1, thinned: store.level > 0, last: store.last };
}

export function lineData(board, chart) {
  chart.lines = board.sides.map((side) => lineOf(board, chart, side));
  chart.seeds = board.settings.seeds ? chart.lines.map((found) => seedLines(board, found)) : [];
  const tables = chart.lines.map((found) => layersOf(board, chart, found));
  Object.assign(chart, scaleOf(board, chart, tables));
  return joined(tables);
}

// x, and the values of each layer there, null where the line is interrupted; null for a layer that there is not.
function layersOf(board, chart, { points, kept, thinned }) {
  const [lowest, highest] = chart.spec.bounds ?? [];
  const log = isLog(board, chart);
  const clamp = (value) => Math.min(Math.max(value, lowest ?? -Infinity), highest ?? Infinity);
  const positive = (value) => (log && !(value > 0) ? null : value);
  const over = (wanted, value) => (wanted ? kept.map(value) : null);
  const { line, band } = points;
  const banded = band.some((half) => half > 0);
  const [floor, ceiling] = thinned ? envelope(points, kept) : [];
  return [
    kept.map((k) => points.x[k]),
    over(banded, (k) => (log ? positive(Math.max(line[k] - band[k], line[k] / 10)) : clamp(line[k] - band[k]))),
    over(banded, (k) => positive(clamp(line[k] + band[k]))),
    floor?.map(positive) ?? null,
    ceiling?.map(positive) ?? null,
    over(board.settings.smoothing > 0 && !thinned, (k) => positive(points.y[k])),
    over(true, (k) => positive(line[k])),
  ];
}

function seedLines(board, { points, shown }) {
  if (!shown || points.seeds.length < 2) return [];
  const range = visible(points.x, board.zoom);
  return points.seeds.map((values) => pick(values, ...range, MAX_SEED_POINTS).map((k) => [points.x[k], values[k]]));
}

// The range of values, and what does not fit into it.
function scaleOf(board, chart, tables) {
  const { spec } = chart;
  const log = isLog(board, chart);
  if (spec.range && !log) return { range: spec.range, cut: null };
  let [low, all] = [Infinity, -Infinity];
  const seen = (value) => {
    if (value === null || value === undefined || (log && !(value > 0))) return -Infinity;
    [low, all] = [Math.min(low, value), Math.max(all, value)];
    return value;
  };
  const tops = chart.lines.map(({ points, kept }, i) => ({
    at: kept.map((k) => points.at[k]),
    top: kept.map((_, j) => tables[i].reduce((top, column, layer) => (layer && column ? Math.max(top, seen(column[j])) : top), -Infinity)),
  }));
  for (const [, value] of chart.seeds.flat(2)) seen(value);
  if (!(all > -Infinity)) return { range: log ? [0.1, 1] : [0, 1], cut: null };
  if (log) return { range: [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(all) + 1e-9)], cut: null };
  const { top, cut } = topOf(tops, Math.max(...chart.lines.map(({ last }) => last)), false);
  const high = cut === null ? all : top;
  const bottom = Math.min(low, 0);
  return { range: [bottom * HEADROOM, high > bottom ? bottom + (high - bottom) * HEADROOM : bottom + 1], cut };
}

export function drawSeeds(board, chart, u) {
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  ctx.lineWidth = 0.8 * devicePixelRatio;
  chart.seeds.forEach((lines, i) => {
    ctx.strokeStyle = fade(colorOf(board, board.sides[i]), 0.28);
    ctx.beginPath();
    for (const line of lines) {
      let open = false;
      for (const [x, y] of line) {
        const there = y !== null && (y > 0 || !isLog(board, chart));
        if (there) ctx[open ? "lineTo" : "moveTo"](u.valToPos(x, "x", true), u.valToPos(y, "y", true));
        open = there;
      }
    }
    ctx.stroke();
  });
  ctx.restore();
}
