// One chart drawn by uPlot: made when it comes into sight, given new data afterwards, made again where its form has changed.

import { isLog, drawSeeds, lineBands, lineData, lineSeries } from "./lines.js";
import { stripAxis, stripBands, stripData, stripOf, stripSeries } from "./strips.js";
import { AXES, colorOf, compact, dashOf, element, fade } from "./look.js";
import { bindPointer, showHover, showReadout } from "./reader.js";

export const HEIGHT = 230;
export const [TOP, BOTTOM, LEFT, RIGHT] = [20, 38, 46, 8]; // margins; the upper one holds the names of events and strips
export const pixelsOf = ({ width }) => Math.max(width - LEFT - RIGHT, 10); // no more points than these are drawn
const LABEL = 16; // the x-axis's name
const seedsAfter = ({ sides }) => 4 * sides.length; // the last series of the layer "ceiling"
export const LAYERS = ["low", "high", "floor", "ceiling", "ghost", "main"];

// One row of x for all sides, as uPlot takes it, and the columns in the order of the series: by layer, or side by side. Where a side has no
// point they are undefined, and a layer that a side does not have stays empty. uPlot.join does the same by sorting all numbers, which took longer than to draw them.
export function joined(tables, sideBySide = false) {
  const xs = [];
  const sides = tables.map(([own, ...columns]) => ({ own, columns, next: 0, out: columns.map(() => []) }));
  for (;;) {
    let x = Infinity;
    for (const { own, next } of sides) if (own[next] < x) x = own[next];
    if (x === Infinity) break;
    xs.push(x);
    for (const side of sides) {
      let found = -1;
      while (side.own[side.next] === x) found = side.next++;
      for (let c = 0; c < side.out.length; c++) if (side.columns[c]) side.out[c].push(found < 0 ? undefined : side.columns[c][found]);
    }
  }
  if (sideBySide) return [xs, ...sides.flatMap(({ out }) => out)];
  return [xs, ...(sides[0]?.out ?? []).flatMap((_, layer) => sides.map(({ out }) => out[layer]))];
}

export const longest = (board) =>
  Math.max(...board.sides.map(({ label }) => board.store.get(label)[board.settings.xaxis].at(-1) ?? 0), 0) || 1;
export const shownRange = (board) => board.zoom ?? [0, longest(board)];

export function draw(board, chart) {
  const strips = chart.spec.kind === "groups";
  const data = strips ? stripData(board, chart) : lineData(board, chart);
  const form = JSON.stringify([board.sides, board.theme.id, board.settings.xaxis, isLog(board, chart), devicePixelRatio]);
  if (chart.form !== form) {
    chart.u?.destroy();
    chart.form = form;
    chart.u = new uPlot(options(board, chart), data, chart.plot);
    bindPointer(board, chart);
    board.stats.built += 1;
  }
  const { u } = chart;
  // An empty layer would be gone through, point by point. Single seeds are drawn after the last of those below them, which is gone through then.
  u.series.forEach((one, i) => { if (i) one.show = data[i].length > 0 || (chart.seeds.length > 0 && i === seedsAfter(board)); });
  const [min, max] = shownRange(board);
  board.showing = true; // the cursor is put where it belongs below
  u.batch(() => {
    u.setData(data, false);
    u.setScale("x", { min, max });
    u.setScale("y", { min: chart.range[0], max: chart.range[1] });
  });
  board.showing = false;
  board.stats.draws += 1;
}

// What stands over the canvas, and around it. For all charts after all are drawn: a canvas that writes has the browser work off what has
// changed in the page since, so that words between two charts cost a pass over the page for each.
export function showWords(board, chart) {
  showMarks(board, chart);
  showReadout(board, chart);
  if (board.hover !== null) showHover(board, chart);
}

function options(board, chart) {
  const { theme } = board;
  const strips = chart.spec.kind === "groups";
  const font = `11px ${theme.font}`;
  const ink = fade(theme.text, 0.75);
  const line = (opacity) => ({ stroke: fade(theme.text, opacity), width: 1 });
  const values = strips
    ? stripAxis(board)
    : { values: (_, splits) => splits.map((value) => (value === null ? "" : compact(value))) };
  return {
    width: chart.width, height: HEIGHT, padding: [TOP, RIGHT, 0, 0], legend: { show: false },
    scales: {
      x: { time: false, auto: false, range: () => shownRange(board) },
      y: { auto: false, range: () => chart.range, distr: isLog(board, chart) ? 3 : 1 },
    },
    axes: [
      {
        stroke: ink, font, size: BOTTOM - LABEL, gap: 3, space: 60, grid: { show: false }, ticks: { ...line(0.25), size: 4 },
        border: { show: true, ...line(0.25) }, label: AXES[board.settings.xaxis], labelFont: font, labelSize: LABEL, labelGap: 0,
        values: (_, splits) => splits.map(compact),
      },
      { stroke: ink, font, size: LEFT, gap: 4, space: 36, grid: line(0.09), ticks: { show: false }, ...values },
    ],
    series: [{}, ...(strips ? stripSeries(board) : lineSeries(board, chart))],
    bands: strips ? stripBands(board) : lineBands(board),
    cursor: {
      y: false, drag: { x: !matchMedia("(pointer: coarse)").matches, y: false, setScale: false }, // a finger scrolls the page
      points: { show: (u, i) => (u.series[i].layer === "main" ? element("div", "lb-dot") : null), size: 7 },
      bind: { dblclick: () => () => null }, // the board's own, see reader.js
    },
    hooks: {
      drawAxes: [(u) => drawMarks(board, chart, u)],
      drawSeries: [(u, i) => i === seedsAfter(board) && chart.seeds.length && drawSeeds(board, chart, u)],
    },
  };
}

// ---------------------------------------------------------------------------------------------------------------- marks

// Thresholds and events: lines on the canvas, and words over it, which a reader can select and zoom.
export function marksOf(board, chart) {
  const { spec } = chart;
  const marks = [];
  if (spec.kind === "groups") {
    board.sides.forEach((side, i) => {
      const { base, height } = stripOf(board, i);
      marks.push({ text: side.label, y: base + height, at: "strip", color: colorOf(board, side) });
    });
    return marks;
  }
  const [from, to] = shownRange(board);
  for (const { value, label, side } of board.thresholds[spec.name] ?? []) {
    const color = side ? colorOf(board, board.sides.find((s) => s.label === side)) : fade(board.theme.text, 0.6);
    if (value >= chart.range[0] && value <= chart.range[1]) marks.push({ text: label, y: value, at: "threshold", color, dash: [2, 3] });
  }
  let line = 0;
  for (const { side: name, update, metric, text } of board.events) {
    const side = board.sides.find((s) => s.label === name);
    if (!side || board.hidden.has(name) || (metric && metric !== spec.name)) continue;
    const store = board.store.get(name);
    const row = store.update.findIndex((u) => u >= update);
    const x = row < 0 ? NaN : store[board.settings.xaxis][row];
    if (!(x >= from && x <= to)) continue;
    marks.push({ text, x, at: x > (from + to) / 2 ? "left" : "right", line, color: colorOf(board, side), dash: dashOf(side).length ? [5, 3] : [] });
    line += 1;
  }
  if (chart.cut !== null) marks.push({ text: `↑ the first updates reach ${compact(chart.cut)}`, at: "cut", line });
  return marks;
}

function drawMarks(board, chart, u) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  chart.marks = marksOf(board, chart);
  ctx.save();
  ctx.lineWidth = ratio;
  for (const { x, y, at, color, dash } of chart.marks) {
    if (!["threshold", "left", "right"].includes(at)) continue;
    ctx.strokeStyle = color;
    ctx.setLineDash(dash.map((length) => length * ratio));
    ctx.beginPath();
    const [px, py] = [x === undefined ? 0 : u.valToPos(x, "x", true), y === undefined ? 0 : u.valToPos(y, "y", true)];
    ctx.moveTo(at === "threshold" ? bbox.left : px, at === "threshold" ? py : bbox.top);
    ctx.lineTo(at === "threshold" ? bbox.left + bbox.width : px, at === "threshold" ? py : bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

// Where the words of a mark stand: the edge of its text, in pixels of the plot.
export function placeOfMark(chart, { x, y, at, line }) {
  const { u } = chart;
  const ratio = devicePixelRatio;
  const [left, top] = [u.bbox.left / ratio, u.bbox.top / ratio];
  const width = u.bbox.width / ratio;
  if (at === "threshold") return { x: left + width, y: top + u.valToPos(y, "y"), anchor: "end" };
  if (at === "strip") return { x: left, y: top + u.valToPos(y, "y"), anchor: "start" };
  if (at === "cut") return { x: left + 3, y: top + 14 * line, anchor: "start" };
  const px = left + u.valToPos(x, "x");
  return { x: px + (at === "left" ? -4 : 4), y: top + 14 * line, anchor: at === "left" ? "end" : "start" };
}

// An event moves with every tick, because the axis grows: its node stays, and is only shifted. By its edges and not by `translate`, for which
// the browser would put together the layers of the whole page anew.
function showMarks(board, chart) {
  const form = JSON.stringify(chart.marks.map(({ text, at, color }) => [text, at, color]));
  if (chart.marksForm !== form) {
    chart.marksForm = form;
    chart.words.replaceChildren(
      ...chart.marks.map(({ text, at, color }) => {
        const node = element("span", `lb-mark lb-mark-${at}`, text);
        if (at === "strip") node.style.borderLeft = `3px solid ${color}`; // letters so small need the text's colour
        return node;
      }),
    );
  }
  chart.marks.forEach((mark, i) => {
    const { x, y, anchor } = placeOfMark(chart, mark);
    const [edge, away] = anchor === "end" ? ["right", chart.width - x] : ["left", x];
    const place = { [edge]: `${away.toFixed(1)}px`, bottom: `${(HEIGHT - y).toFixed(1)}px` };
    const { style } = chart.words.children[i];
    for (const name of Object.keys(place)) if (style[name] !== place[name]) style[name] = place[name];
  });
}
