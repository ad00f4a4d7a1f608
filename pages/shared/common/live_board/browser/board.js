// The live board: keeps the points it has got and has them drawn. The contract of a payload stands in __init__.py. A chart's node is made once
// per comparison of charts and then only drawn on.

import { append, emptySide, lastOf } from "./store.js";
import { fetchLater, fetchNow } from "./fetch.js";
import { colorLegend, layOut, makeFrame, showBadge, showLegend, showRange, wireFrame } from "./frame.js";
import { draw, showWords } from "./plot.js";
import { describe, followEnd } from "./reader.js";
import { readTheme } from "./look.js";

const [EARLIEST, LATEST] = [900, 2000]; // ms between two descriptions of a chart: with its drawing, or without if it is out of sight
const FRAME_BUDGET = 24; // ms of drawing per animation frame: scrolling never waits for six charts, and one pass over the page does for all
const KEPT = 30_000; // ms that a board which has left the page waits to be put back

const boards = new Map(); // root -> board
let style; // a promise

function loadStyle() {
  return (style ??= new Promise((done) => {
    const href = new URL(`live_board.css${new URL(import.meta.url).search}`, import.meta.url).href;
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done, onerror: done }));
  }));
}

export async function render({ data, parentElement, setTriggerValue }) {
  await loadStyle();
  const root = parentElement.querySelector(".live-board");
  const payload = JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data));
  const board = boards.get(root) ?? putBack(root, payload) ?? create(root);
  board.runScript = () => setTriggerValue("resync", { picture: board.picture, last: lastOf(board), time: Date.now() });
  board.receive = (message) => receive(board, message);
  board.open = (found) => found && setTriggerValue("inspect", { comparison: board.comparison, ...found });
  receive(board, payload);
}

// Under load Streamlit sometimes tells the browser of a run's end and drops what that run drew, because the next one will draw it
// again: the board leaves the page and returns within the second. It returns with its charts, its zoom and its points.
function putBack(root, { comparison }) {
  const board = [...boards.values()].find((b) => !b.root.isConnected && b.comparison === comparison);
  if (board) root.replaceWith(board.root);
  return board;
}

function create(root) {
  const board = {
    root, ...makeFrame(root),
    comparison: null, picture: null, sides: [], store: new Map(), charts: new Map(), hidden: new Set(), dirty: new Set(),
    settings: {}, events: [], thresholds: {}, fetch: null, fetching: null, fetchDue: false, underWay: false, order: 0, zoom: null, follow: null, hover: null, showing: false, dragged: -Infinity,
    frame: 0, hovering: 0, pressed: false, arrived: 0,
    stats: { draws: 0, built: 0, snapshots: 0, tails: 0, refused: 0 },
  };
  wireFrame(board);
  board.resized = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const chart = [...board.charts.values()].find(({ plot }) => plot === target);
      const width = contentRect.width && Math.max(Math.floor(contentRect.width), 100);
      if (!chart || !width || chart.width === width) continue;
      chart.width = width;
      chart.u?.setSize({ width, height: chart.u.height });
      board.dirty.add(chart.spec.name);
    }
    schedule(board);
  });
  // A chart is made when it comes near, and drawn only there: on a phone that is two of six.
  board.seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const chart = board.charts.get(entry.target.dataset.chart);
        if (chart) chart.near = entry.isIntersecting;
      }
      schedule(board);
    },
    { rootMargin: "150px" },
  );
  // Redrawing under a drag would move what is dragged over: wait for the button to come up.
  board.down = (event) => { if (event.target.closest?.(".lb-plot")) board.pressed = true; };
  board.up = () => { if (board.pressed) { board.pressed = false; setTimeout(() => schedule(board), 0); } };
  board.woken = () => {
    schedule(board);
    if (board.fetchDue && document.visibilityState !== "hidden") fetchNow(board);
  };
  root.addEventListener("pointerdown", board.down, true);
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, board.up, true);
  document.addEventListener("visibilitychange", board.woken);
  board.clock = setInterval(() => everySecond(board), 1000);
  boards.set(root, board);
  root.liveBoard = board; // for whoever looks from the console, and the tests
  return board;
}

function dispose(board) {
  clearInterval(board.clock);
  clearTimeout(board.opening);
  clearTimeout(board.fetching);
  for (const frame of [board.frame, board.hovering]) cancelAnimationFrame(frame);
  board.resized.disconnect();
  board.seen.disconnect();
  for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, board.up, true);
  document.removeEventListener("visibilitychange", board.woken);
  for (const chart of board.charts.values()) {
    chart.u?.destroy();
    chart.u = null;
  }
  boards.delete(board.root);
}

// ---------------------------------------------------------------------------------------------------------------- receiving

function receive(board, payload) {
  const { settings } = payload;
  if (payload.order < board.order && payload.fetch.path === board.fetch.path) return; // made before what is here, by the other way
  Object.assign(board, { order: payload.order, fetch: payload.fetch });
  if (!payload.full && !fits(board, payload)) { // this is a new node, or a snapshot was lost
    board.picture = null;
    board.stats.refused += 1;
    return fetchNow(board);
  }
  fetchLater(board, payload);
  board.opens = payload.opens;
  const before = JSON.stringify([board.settings, board.thresholds, board.events]);
  if (payload.full) {
    if (payload.comparison !== board.comparison) Object.assign(board, { zoom: null, follow: null });
    board.comparison = payload.comparison;
    board.picture = payload.picture;
    board.sides = payload.sides;
    board.store = new Map(payload.sides.map(({ label }) => [label, emptySide()]));
    board.stats.snapshots += 1;
    layOut(board, payload.charts);
    board.root.style.minHeight = "";
    showLegend(board, payload);
  } else if (payload.points) board.stats.tails += 1;
  let added = 0;
  let merged = false;
  for (const [label, points] of Object.entries(payload.points ?? {})) {
    const side = board.store.get(label);
    merged ||= side.level < points.level;
    added += append(side, points);
  }
  if (board.settings.xaxis !== settings.xaxis) board.zoom = null; // a range of updates means nothing in seconds
  Object.assign(board, { settings, events: payload.events, thresholds: payload.thresholds });
  if (added) board.arrived = Date.now();
  // Before anything is written: the browser would have to compute the styles first. A board that is off the page has none.
  const theme = board.theme && !board.root.isConnected ? board.theme : readTheme(board.root);
  showBadge(board, payload.badge);
  const changed = before !== JSON.stringify([settings, board.thresholds, board.events]) || theme.id !== board.theme?.id;
  board.theme = theme;
  if (!(added || merged || changed || payload.full)) return;
  followEnd(board);
  for (const chart of board.charts.values()) {
    chart.stale = true;
    if (!chart.plot.hasAttribute("aria-label")) describe(board, chart);
  }
  redraw(board);
}

// Rows cannot be split: a board that has longer ones than it is sent begins anew.
const fits = (board, { picture, points }) =>
  picture === board.picture && Object.entries(points ?? {}).every(([label, { level }]) => level >= board.store.get(label)?.level);

function everySecond(board) {
  if (!board.root.isConnected) {
    board.left ??= performance.now();
    return performance.now() - board.left > KEPT && dispose(board);
  }
  board.left = null;
  if (document.visibilityState === "hidden") return;
  if (board.fetchDue) fetchNow(board);
  showBadge(board, board.status);
  for (const chart of board.charts.values()) if (isDue(chart, LATEST)) describe(board, chart);
  const theme = readTheme(board.root); // a switch of theme while no data comes
  if (board.theme && theme.id !== board.theme.id) {
    board.theme = theme;
    redraw(board);
  }
}

const isDue = ({ stale, described }, age) => stale && performance.now() - described > age;

// ---------------------------------------------------------------------------------------------------------------- drawing

export function redraw(board) {
  for (const name of board.charts.keys()) board.dirty.add(name);
  colorLegend(board);
  schedule(board);
}

function schedule(board) {
  if (document.visibilityState === "hidden") return; // nobody sees it; whoever comes back sees everything
  board.frame ||= requestAnimationFrame(() => {
    board.frame = 0;
    if (board.pressed || !board.theme) return;
    const began = performance.now();
    const drawn = [];
    for (const name of board.dirty) {
      const chart = board.charts.get(name);
      if (!chart) board.dirty.delete(name);
      if (!chart?.near || !chart.width) continue;
      if (performance.now() - began > FRAME_BUDGET) {
        schedule(board);
        break;
      }
      board.dirty.delete(name);
      draw(board, chart);
      drawn.push(chart);
    }
    showRange(board);
    for (const chart of drawn) {
      showWords(board, chart);
      if (isDue(chart, EARLIEST)) describe(board, chart);
    }
  });
}
