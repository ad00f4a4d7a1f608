// What a reader does with the charts: hover, zoom, click, keys; and what the charts say in words.

import { HEIGHT, TOP, longest } from "./plot.js";
import { series } from "./numbers.js";
import { stripOf } from "./strips.js";
import { AXES, GROUPS, compact, element, colorOf, metricOf, percent } from "./look.js";
import { redraw } from "./board.js";

const DOUBLE_CLICK = 350; // ms: a click counts as one when no second has come by then
const FINGER = 24; // pixels between two taps on the same place
const DRAG = 5; // pixels: less is a click

export function bindPointer(board, chart) {
  const { u } = chart;
  u.hooks.setSelect = [
    () => {
      const { left, width } = u.select;
      if (!width) return;
      board.dragged = width >= DRAG ? performance.now() : -Infinity;
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      if (width >= DRAG) zoomTo(board, [u.posToVal(left, "x"), u.posToVal(left + width, "x")]);
    },
  ];
  u.hooks.setCursor = [
    () => {
      if (board.showing || u.cursor.event === null) return; // it was moved by another chart, or by new points
      const { left, idx } = u.cursor;
      hoverAt(board, left < 0 || idx === null ? null : u.data[0][idx], chart);
    },
  ];
  u.over.addEventListener("dblclick", () => zoomTo(board, null));
  u.over.addEventListener("click", (event) => onClick(board, chart, event));
}

// `range` [from, to] of the x-axis, or null for all; `follow` the share at the end that goes on with the run.
export function zoomTo(board, range, follow = null) {
  Object.assign(board, { zoom: range, follow });
  if (follow) followEnd(board);
  redraw(board);
}

export function followEnd(board) {
  if (board.follow) board.zoom = [longest(board) * (1 - board.follow), longest(board)];
}

export function hoverAt(board, x, source) {
  board.hover = x;
  board.hovering ||= requestAnimationFrame(() => {
    board.hovering = 0;
    for (const chart of board.charts.values()) {
      if (!chart.u || !chart.near) continue;
      if (chart !== source) showHover(board, chart);
      showReadout(board, chart);
    }
  });
}

export function showHover(board, chart) {
  const { u } = chart;
  const left = board.hover === null ? -10 : u.valToPos(board.hover, "x");
  board.showing = true;
  u.setCursor({ left, top: u.cursor.top >= 0 ? u.cursor.top : 10 });
  board.showing = false;
}

// ---------------------------------------------------------------------------------------------------------------- clicks

// A click opens the update under it, where the page has somewhere to open it. A drag is no click, and a second click takes the first one
// back: together they forget the zoom. A finger reads with the first tap and opens what it has read with another one on the same place.
function onClick(board, chart, event) {
  if (!board.opens || board.hover === null || performance.now() - board.dragged < DOUBLE_CLICK) return;
  clearTimeout(board.opening);
  const before = board.clicked;
  board.clicked = { chart, x: event.clientX, time: performance.now(), found: updateAt(board, chart, event) };
  if (before && board.clicked.time - before.time < DOUBLE_CLICK) return; // browsers follow a tap by a click, too
  if (!matchMedia("(pointer: coarse)").matches) board.opening = setTimeout(board.open, DOUBLE_CLICK, board.clicked.found);
  else if (before?.chart === chart && Math.abs(before.x - event.clientX) < FINGER) board.open(before.found);
}

// The side whose curve, or strip, is nearest to the pointer, and the update there.
function updateAt(board, chart, event) {
  const { u } = chart;
  const y = event.clientY - u.over.getBoundingClientRect().top;
  const away = (line, i) => {
    if (!line.shown) return Infinity;
    if (chart.spec.kind === "groups") {
      const { base, height } = stripOf(board, i);
      const [top, bottom] = [u.valToPos(base + height, "y"), u.valToPos(base, "y")];
      return Math.max(top - y, y - bottom, 0);
    }
    const k = placeAt(line.points.x, board.hover);
    return k < 0 ? HEIGHT : Math.abs(y - u.valToPos(line.points.line[k], "y"));
  };
  const distances = chart.lines.map(away);
  const nearest = distances.indexOf(Math.min(...distances));
  return distances[nearest] < Infinity ? placeOf(board, board.sides[nearest].label, board.hover) : null;
}

const placeAt = (xs, x) => (xs.at(-1) <= x ? xs.length - 1 : xs.findLastIndex((value) => value <= x));

export function placeOf(board, label, x) {
  const store = board.store.get(label);
  const row = store[board.settings.xaxis].findLastIndex((value) => value <= x);
  const update = row < 0 ? 0 : store.update[row] || store.update[row + 1]; // nothing was trained at update 0: the next one
  return update ? { side: label, update } : null;
}

// ---------------------------------------------------------------------------------------------------------------- keys

// Arrow keys walk along the curve and say what stands there; 0 and Escape let go; Enter opens that update of the first side.
export function onKey(board, chart, event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
  if (event.key === "Escape") hoverAt(board, null);
  else if (event.key === "Enter" && board.opens && board.hover !== null) {
    const first = board.sides.find(({ label }) => !board.hidden.has(label));
    if (first) board.open(placeOf(board, first.label, board.hover));
  } else if (event.key === "0" || event.key === "Home") zoomTo(board, null);
  else if (step) {
    const xs = board.sides
      .filter(({ label }) => !board.hidden.has(label))
      .map(({ label }) => series(board.store.get(label), metricOf(chart), board.settings).x)
      .reduce((a, b) => (b.length > a.length ? b : a), []);
    if (!xs.length) return;
    const here = board.hover === null ? xs.length - 1 : Math.max(placeAt(xs, board.hover), 0);
    const next = board.hover === null ? here : Math.min(Math.max(here + step, 0), xs.length - 1);
    hoverAt(board, xs[next]);
    board.spoken.textContent = words(board, chart, xs[next]);
  } else return;
  event.preventDefault();
}

// ---------------------------------------------------------------------------------------------------------------- words

// The values under the pointer as the chart draws them; without one, the newest. The nodes stay and their words change: new ones would have
// the whole column of the chart laid out again.
export function showReadout(board, chart) {
  const at = board.hover ?? Infinity;
  const newest = Math.max(...chart.lines.filter(({ shown }) => shown).map(({ points }) => points.x.at(-1)));
  const x = board.hover ?? newest;
  const values = chart.lines.map((line, i) => {
    const k = placeAt(line.points.x, at);
    if (!line.shown || k < 0) return null;
    return chart.spec.kind === "groups" ? sharesText(line, k) : valueText(line, k);
  });
  const where = x > -Infinity ? `${board.settings.xaxis === "share" ? "share" : AXES[board.settings.xaxis]} ${compact(x)}` : "";
  const form = JSON.stringify([board.sides, board.theme.id]);
  if (chart.readoutForm !== form) {
    chart.readoutForm = form;
    chart.readout.replaceChildren(element("span", "lb-where"), ...board.sides.map((side) => valueNode(board, side)));
  }
  const [place, ...nodes] = chart.readout.children;
  tell(place, where);
  nodes.forEach((node, i) => {
    node.hidden = values[i] === null;
    tell(node.lastChild, values[i] ?? "");
  });
}

function valueNode(board, side) {
  const node = element("span", "lb-value", `${side.label} `);
  node.style.setProperty("--side", colorOf(board, side));
  node.append(element("b", ""));
  return node;
}

// Another text node would have the browser build the layout around it anew.
export function tell(node, words) {
  if (!node.firstChild) node.append(words);
  else if (node.firstChild.data !== words) node.firstChild.data = words;
}

const number = (value) => (value === null || value === undefined ? "nothing" : String(Number(value.toPrecision(3))));
const TINY = 1e-4; // of the value: an interval that rounding has left
const valueText = ({ points: { line, band } }, k) =>
  `${number(line[k])}${band[k] > TINY * Math.abs(line[k]) ? ` ± ${Number(band[k].toPrecision(2))}` : ""}`;
const sharesText = ({ shares }, k) => `${shares(k).map((share) => Math.round(100 * share)).join(" · ")} %`;

export function describe(board, chart) {
  [chart.stale, chart.described] = [false, performance.now()];
  const events = board.events.filter(({ metric }) => !metric || metric === chart.spec.name);
  const happened = events.map(({ text, update }) => ` ${text} at update ${update}.`).join("");
  const label = `${chart.spec.title}. ${words(board, chart, Infinity)}${happened}`;
  if (chart.plot.getAttribute("aria-label") !== label) chart.plot.setAttribute("aria-label", label);
}

// What a chart shows at x, in words; Infinity for the newest.
function words(board, chart, x) {
  const { xaxis } = board.settings;
  const parts = board.sides.map(({ label }) => {
    const at = (name) => {
      const points = series(board.store.get(label), name, board.settings);
      const k = placeAt(points.x, x);
      return k < 0 ? null : { x: points.x[k], y: points.y[k], half: points.half[k] };
    };
    const first = at(metricOf(chart));
    if (!first) return `${label}: nothing measured yet`;
    const where = `at ${AXES[xaxis]} ${number(first.x)}`;
    if (chart.spec.kind !== "groups") return `${label}: ${number(first.y)}${first.half ? ` ± ${number(first.half)}` : ""} ${where}`;
    const [wrong, right] = [first.y, at(GROUPS[2][0])?.y ?? 0];
    return `${label}: ${percent(wrong)} all wrong, ${percent(1 - wrong - right)} mixed, ${percent(right)} all right ${where}`;
  });
  return `${parts.join("; ")}.`;
}
