// A chart with a line per side. From below: bands of all sides, what thinned rows hide, single seeds, raw lines, means.

import { LAYERS, joined } from "./plot.js";
import { POINTS_PER_PIXEL, envelope, pick, series, smooth, topOf, visible } from "./numbers.js";
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

// What each side shows: {points, line, half} of everything, `kept` the indices that are drawn.
export function lineOf(board, chart, side) {
  const { xaxis, smoothing } = board.settings;
  const store = board.store.get(side.label);
  const points = series(store, chart.spec.name, xaxis);
  const line = smooth(points.y, smoothing, points.at);
  const half = smooth(points.half, smoothing, points.at);
  const shown = !board.hidden.has(side.label) && points.x.length > 0;
  const most = POINTS_PER_PIXEL * Math.max(chart.plot.clientWidth, 100);
  const kept = shown ? pick(points.y, ...visible(points.x, board.zoom), most) : [];
  return { points, line, half, kept, shown, single: points.x.length === 1, thinned: store.level > 0, last: store.last };
}

export function lineData(board, chart) {
  const { spec } = chart;
  const log = isLog(board, chart);
  const clamp = (value) => Math.min(Math.max(value, spec.bounds?.[0] ?? -Infinity), spec.bounds?.[1] ?? Infinity);
  const raw = board.settings.smoothing > 0;
  chart.lines = board.sides.map((side) => lineOf(board, chart, side));
  const tables = chart.lines.map(({ points, line, half, kept, thinned }) => {
    const positive = (value) => (log && !(value > 0) ? null : value);
    const band = half.some((h) => h > 0);
    const over = (wanted, value) => kept.map((k) => (wanted ? value(k) : undefined));
    const [floor, ceiling] = thinned ? envelope(points, kept) : [over(false), over(false)];
    return [
      kept.map((k) => points.x[k]),
      over(band, (k) => (log ? positive(Math.max(line[k] - half[k], line[k] / 10)) : clamp(line[k] - half[k]))),
      over(band, (k) => positive(clamp(line[k] + half[k]))),
      floor.map((value) => (value === undefined ? value : positive(value))),
      ceiling.map((value) => (value === undefined ? value : positive(value))),
      over(raw && !thinned, (k) => positive(points.y[k])),
      over(true, (k) => positive(line[k])),
    ];
  });
  chart.seeds = board.settings.seeds ? chart.lines.map((found) => seedLines(board, found)) : [];
  Object.assign(chart, scaleOf(board, chart, tables));
  return joined(tables);
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
  const seeds = chart.seeds.flat(2).map(([, value]) => value).filter((value) => value !== null && (!log || value > 0));
  const values = tables.flatMap((table) => table.slice(1).flat()).filter((value) => value !== null && value !== undefined);
  const low = values.concat(seeds).reduce((a, b) => Math.min(a, b), Infinity);
  const all = values.concat(seeds).reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(all > -Infinity)) return { range: log ? [0.1, 1] : [0, 1], cut: null };
  if (log) return { range: [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(all) + 1e-9)], cut: null };
  const tops = chart.lines.map(({ points, kept }, i) => ({
    at: kept.map((k) => points.at[k]),
    top: kept.map((_, j) => Math.max(...tables[i].slice(1).map((column) => column[j] ?? -Infinity))),
  }));
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
