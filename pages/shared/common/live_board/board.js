// The live board: keeps the points it was sent, draws them with Plotly, and asks for what is missing when it notices a gap.
// The contract of a payload stands in __init__.py. A chart's node is made once per comparison of charts and then only redrawn.

const MAX_POINTS = 1500; // per line; beyond it, the smallest and the largest value of each bucket are drawn
const MAX_SEED_POINTS = 300;
const FRAME_BUDGET = 12; // ms of drawing per animation frame: six charts never block scrolling
const ASK_AGAIN = 1500; // ms until an unanswered request for what is missing is repeated
const SILENCE = 4000; // ms without a word about a run that is not over: what told of its end, and ended the ticks, may be lost
const DOUBLE_CLICK = 350; // ms: a click counts as one when no second has come by then
const FINGER = 24; // pixels between two taps on the same place
const IMPATIENCE = 100; // ms: a run that has just begun is asked for its first points, a few times, before the next tick is due
const KEPT = 3000; // ms that a board which has left the page waits to be put back
const HEIGHT = 230;
const [TOP, BOTTOM] = [20, 36]; // margins; the upper one holds the names of events and strips
const LAYERS = ["low", "high", "seeds", "ghost", "main"];
const AXES = { update: "update", rollout: "rollout", samples: "completions generated", wall_seconds: "seconds of training", token_cost: "cost in trained tokens", share: "share of the run, %" };
const GOING = ["live", "queued", "paused"]; // states in which ticks come
const GROUPS = [
  ["all_wrong_fraction", "all wrong"],
  [null, "mixed"],
  ["all_right_fraction", "all right"],
];

const boards = new Map(); // root -> board
let assets; // one promise for all boards: Plotly and the style sheet

function loadAssets() {
  return (assets ??= Promise.all(addAssets()));
}

function addAssets() {
  const beside = (name) => new URL(`${name}${new URL(import.meta.url).search}`, import.meta.url).href;
  const script = window.Plotly
    ? Promise.resolve()
    : new Promise((done, fail) => {
        const node = document.createElement("script");
        Object.assign(node, { src: beside("plotly.min.js"), onload: done, onerror: () => fail(Error("plotly.min.js did not load")) });
        document.head.append(node);
      });
  const style = new Promise((done) => {
    const node = document.createElement("link");
    Object.assign(node, { rel: "stylesheet", href: beside("live_board.css"), onload: done, onerror: done });
    document.head.append(node);
  });
  return [script, style];
}

export async function render({ data, parentElement, setTriggerValue }) {
  await loadAssets();
  const root = parentElement.querySelector(".live-board");
  const payload = JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data));
  const board = boards.get(root) ?? putBack(root, payload) ?? create(root);
  board.ask = () => {
    if (performance.now() - board.asked < ASK_AGAIN) return;
    board.asked = performance.now();
    board.request();
  };
  board.request = () => setTriggerValue("resync", { picture: board.picture, last: lastOf(board), time: Date.now() });
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
  root.innerHTML =
    '<div class="lb-head"><div class="lb-legend" role="group" aria-label="Show or hide a side"></div>' +
    '<p class="lb-note"></p><p class="lb-badge" hidden></p></div>' +
    '<div class="lb-grid"></div><p class="lb-spoken" aria-live="polite"></p>';
  const at = (name) => root.querySelector(`.lb-${name}`);
  const board = {
    root, legend: at("legend"), note: at("note"), badge: at("badge"), grid: at("grid"), spoken: at("spoken"),
    comparison: null, picture: null, sides: [], store: new Map(), charts: new Map(), hidden: new Set(), dirty: new Set(),
    settings: {}, events: [], thresholds: {}, zoom: null, hover: null, asked: -Infinity, frame: 0, hovering: 0, pressed: false, arrived: 0, heard: 0,
    stats: { draws: 0, snapshots: 0, tails: 0, refused: 0 },
  };
  board.resized = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target._fullLayout && target.offsetParent) window.Plotly.Plots.resize(target);
  });
  // A chart out of sight is not drawn until it comes near: on a phone that is most of them.
  board.seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const chart = board.charts.get(entry.target.dataset.chart);
        if (chart) chart.near = entry.isIntersecting;
      }
      schedule(board);
    },
    { rootMargin: "300px" },
  );
  // Redrawing under a drag would end it: wait for the button to come up.
  board.down = (event) => { if (event.target.closest?.(".lb-plot")) board.pressed = true; };
  board.up = () => { if (board.pressed) { board.pressed = false; setTimeout(() => schedule(board), 0); } };
  root.addEventListener("pointerdown", board.down, true);
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, board.up, true);
  board.clock = setInterval(() => everySecond(board), 1000);
  boards.set(root, board);
  root.liveBoard = board; // for whoever looks from the console, and the tests
  return board;
}

function dispose(board) {
  clearInterval(board.clock);
  clearTimeout(board.opening);
  for (const frame of [board.frame, board.hovering]) cancelAnimationFrame(frame);
  board.resized.disconnect();
  board.seen.disconnect();
  for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, board.up, true);
  for (const chart of board.charts.values()) window.Plotly.purge(chart.plot);
  boards.delete(board.root);
}

// ---------------------------------------------------------------------------------------------------------------- receiving

function receive(board, payload) {
  const { settings } = payload;
  board.heard = performance.now();
  board.opens = payload.opens;
  const before = JSON.stringify([board.settings, board.thresholds, board.events]);
  if (payload.full) {
    if (payload.comparison !== board.comparison) board.zoom = null;
    board.comparison = payload.comparison;
    board.picture = payload.picture;
    board.sides = payload.sides;
    board.store = new Map(payload.sides.map(({ label }) => [label, emptySide()]));
    board.stats.snapshots += 1;
    layOut(board, payload.charts);
    showLegend(board, payload);
  } else if (payload.picture !== board.picture || hasGap(board, payload.points)) {
    board.stats.refused += 1;
    board.incomplete = true;
    return board.ask();
  } else board.stats.tails += 1;
  board.asked = -Infinity;
  board.incomplete = false;
  let added = 0;
  let merged = false;
  for (const [label, points] of Object.entries(payload.points)) {
    const side = board.store.get(label);
    merged ||= side.level < points.level;
    added += append(side, points);
  }
  if (board.settings.xaxis !== settings.xaxis) board.zoom = null; // a range of updates means nothing in seconds
  Object.assign(board, { settings, events: payload.events, thresholds: payload.thresholds });
  if (added) board.arrived = Date.now();
  else if (payload.full && ["live", "queued"].includes(payload.badge?.state)) hurry(board, 4);
  showBadge(board, payload.badge);
  const theme = readTheme(board.root);
  const changed = before !== JSON.stringify([settings, board.thresholds, board.events]) || theme.id !== board.theme?.id;
  board.theme = theme;
  if (!(added || merged || changed || payload.full)) return;
  for (const chart of board.charts.values()) {
    chart.stale = true;
    if (!chart.plot.hasAttribute("aria-label")) describe(board, chart);
  }
  redraw(board);
}

function hurry(board, times) {
  const began = board.comparison;
  setTimeout(() => {
    if (!board.root.isConnected || board.comparison !== began || Object.values(lastOf(board)).some((last) => last >= 0)) return;
    board.request();
    if (times > 1) hurry(board, times - 1);
  }, IMPATIENCE);
}

const hasGap = (board, points) =>
  Object.entries(points).some(([label, { after, level }]) => {
    const side = board.store.get(label);
    return !side || after > side.last || level < side.level;
  });

const lastOf = (board) => Object.fromEntries([...board.store].map(([label, { last }]) => [label, last]));

// A row stands for the updates of one bucket, 2 ** level of them, or for update 0, before training; `update` is the last of them. A
// metric's values stand at some of the rows: mean over so many (count) measured updates, smallest and largest of them.
const COLUMNS = ["rollout", "samples", "wall_seconds", "token_cost"];
const VALUES = ["row", "count", "mean", "half", "low", "high"];
const emptySide = () => ({ level: 0, last: -1, update: [], rollout: [], samples: [], wall_seconds: [], token_cost: [], share: [], metrics: {} });
const emptyMetric = () => Object.assign(Object.fromEntries(VALUES.map((name) => [name, []])), { seeds: [] });
const bucketEnd = (update, level) => (((update - 1) >> level) + 1) << level;

// How many updates are new. What is here behind `after` is replaced: tails overlap, so that one lost tick is no gap, and the newest
// bucket comes again until it is full.
function append(side, points) {
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

const mix = (a, b, share) => (a === null ? b : b === null ? a : a + (b - a) * share);

// ---------------------------------------------------------------------------------------------------------------- the frame

function layOut(board, specs) {
  const wanted = JSON.stringify(specs);
  if (board.specs === wanted) return; // another comparison with the same charts keeps its nodes
  board.specs = wanted;
  for (const chart of board.charts.values()) {
    window.Plotly.purge(chart.plot);
    board.resized.unobserve(chart.plot);
    board.seen.unobserve(chart.figure);
  }
  board.charts.clear();
  board.grid.replaceChildren();
  for (const spec of specs) {
    const figure = document.createElement("figure");
    figure.className = "lb-chart";
    figure.dataset.chart = spec.name;
    figure.innerHTML =
      '<h3 class="lb-title"></h3><figcaption class="lb-caption"></figcaption><div class="lb-key"></div>' +
      '<div class="lb-plot" role="img" tabindex="0"></div>';
    figure.querySelector(".lb-title").append(spec.title, element("span", "lb-unit", spec.unit));
    figure.querySelector(".lb-caption").textContent = spec.caption;
    if (spec.kind === "groups") {
      GROUPS.forEach(([, words], i) => figure.querySelector(".lb-key").append(element("span", `lb-share-${i}`, words)));
    }
    const chart = { spec, figure, plot: figure.querySelector(".lb-plot"), traces: [], revision: 0, near: true };
    chart.plot.addEventListener("keydown", (event) => onKey(board, chart, event));
    chart.plot.addEventListener("pointerleave", () => hoverAt(board, null));
    board.charts.set(spec.name, chart);
    board.grid.append(figure); // all cells first: a plot measures its cell when it is drawn
  }
  for (const chart of board.charts.values()) {
    board.resized.observe(chart.plot);
    board.seen.observe(chart.figure);
  }
}

function element(tag, name, text) {
  const node = document.createElement(tag);
  node.className = name;
  node.textContent = text;
  return node;
}

// Plotly takes <b>, <a …> and %{y} in its texts for commands; a side's label is none.
const still = (text) => text.replaceAll("<", "‹").replaceAll(">", "›").replaceAll("%{", "% {");

function showLegend(board, payload) {
  board.note.textContent = payload.note;
  board.hidden = new Set([...board.hidden].filter((label) => board.store.has(label)));
  board.legend.replaceChildren(
    ...board.sides.map((side) => {
      const button = element("button", "lb-side", side.label);
      button.type = "button";
      button.setAttribute("aria-pressed", String(!board.hidden.has(side.label)));
      const sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      sample.setAttribute("viewBox", "0 0 28 8");
      sample.setAttribute("aria-hidden", "true");
      sample.innerHTML = `<line x1="0" x2="28" y1="4" y2="4" stroke-dasharray="${dashArray(side.dash)}"/>`;
      button.prepend(sample);
      button.onclick = () => {
        board.hidden.has(side.label) ? board.hidden.delete(side.label) : board.hidden.add(side.label);
        button.setAttribute("aria-pressed", String(!board.hidden.has(side.label)));
        redraw(board);
      };
      return button;
    }),
  );
}

const dashArray = (dash) => ({ solid: "none", dot: "2 3", dash: "8 4", dashdot: "8 3 2 3" })[dash] ?? dash.replaceAll("px", "");

function showBadge(board, badge) {
  board.status = badge;
  board.badge.hidden = !badge;
  if (!badge) return;
  board.badge.dataset.state = badge.state;
  const age = Math.round((Date.now() - board.arrived) / 1000);
  const text = badge.state === "live" && board.arrived && age >= 3 ? `${badge.text} · last update ${age} s ago` : badge.text;
  if (board.badge.textContent !== text) board.badge.textContent = text;
}

function everySecond(board) {
  if (!board.root.isConnected) {
    board.left ??= performance.now();
    return performance.now() - board.left > KEPT && dispose(board);
  }
  board.left = null;
  if (board.incomplete || isSilent(board)) board.ask(); // an answer may be lost too, and of a run that has ended no tick would tell
  showBadge(board, board.status);
  for (const chart of board.charts.values()) if (chart.stale) describe(board, chart);
  const theme = readTheme(board.root); // a switch of theme while no data comes
  if (board.theme && theme.id !== board.theme.id) {
    board.theme = theme;
    redraw(board);
  }
}

const isSilent = ({ status, heard }) => GOING.includes(status?.state) && performance.now() - heard > SILENCE;

function readTheme(root) {
  const css = getComputedStyle(root);
  const get = (name, otherwise) => css.getPropertyValue(name).trim() || otherwise;
  const text = get("--st-text-color", "#31333f");
  const background = get("--st-background-color", "#ffffff");
  const channels = rgb(background);
  const dark = channels[0] * 0.299 + channels[1] * 0.587 + channels[2] * 0.114 < 128;
  const font = get("--st-font", "sans-serif");
  return { text, background, dark, font, id: [text, background, font].join() };
}

let painter;
// Any CSS colour as numbers: the canvas understands them all.
function rgb(color) {
  painter ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  painter.fillStyle = "#fff";
  painter.fillStyle = color;
  painter.fillRect(0, 0, 1, 1);
  return [...painter.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

const fade = (color, opacity) => `rgba(${rgb(color).join()},${opacity})`;
const colorOf = (board, side) => (board.theme.dark ? side.color_dark : side.color);

// ---------------------------------------------------------------------------------------------------------------- the numbers

// The points of one metric of one side on the chosen axis. Updates of one rollout share a rollout and a number of samples: there, their
// mean is one point, or the line would run up and down on one spot.
function series(side, name, axis) {
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
function visible(xs, zoom) {
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

// Which smallest and largest values of thinned rows are drawn.
function extremesOf(points, zoom) {
  const [from, to] = visible(points.x, zoom);
  return pick(points.extremes, 2 * from, 2 * to, MAX_POINTS);
}

// ---------------------------------------------------------------------------------------------------------------- drawing

function redraw(board) {
  for (const name of board.charts.keys()) board.dirty.add(name);
  board.legend.querySelectorAll("button").forEach((button, i) => button.style.setProperty("--side", colorOf(board, board.sides[i])));
  schedule(board);
}

function schedule(board) {
  board.frame ||= requestAnimationFrame(() => {
    board.frame = 0;
    if (board.pressed || !board.theme) return;
    const began = performance.now();
    for (const name of board.dirty) {
      const chart = board.charts.get(name);
      if (!chart) board.dirty.delete(name);
      if (!chart?.near) continue;
      if (performance.now() - began > FRAME_BUDGET) return schedule(board);
      board.dirty.delete(name);
      draw(board, chart);
    }
  });
}

function draw(board, chart) {
  const groups = chart.spec.kind === "groups";
  const traces = groups ? groupTraces(board, chart) : lineTraces(board, chart);
  const layout = groups ? groupLayout(board, chart) : lineLayout(board, chart);
  layout.datarevision = ++chart.revision; // the arrays are the same objects with other contents
  window.Plotly.react(chart.plot, traces, layout, { displayModeBar: false, doubleClick: false, showTips: false });
  board.stats.draws += 1;
  if (!chart.wired) wire(board, chart);
  if (board.hover !== null) showHover(chart, board.hover);
}

function traceOf(chart, index) {
  return (chart.traces[index] ??= { type: "scatter", mode: "lines", x: [], y: [] });
}

function fill(array, indices, value) {
  array.length = indices.length;
  for (let i = 0; i < indices.length; i++) array[i] = value(indices[i]);
}

function lineTraces(board, chart) {
  const { spec } = chart;
  const { xaxis, smoothing } = board.settings;
  const log = board.settings.log.includes(spec.name);
  const sides = board.sides.length;
  chart.traces.length = Math.min(chart.traces.length, LAYERS.length * sides);
  const clamp = (value) => Math.min(Math.max(value, spec.bounds?.[0] ?? -Infinity), spec.bounds?.[1] ?? Infinity);
  board.sides.forEach((side, i) => {
    const color = colorOf(board, side);
    const store = board.store.get(side.label);
    const points = series(store, spec.name, xaxis);
    const shown = !board.hidden.has(side.label) && points.x.length > 0;
    const line = smooth(points.y, smoothing, points.at);
    const half = smooth(points.half, smoothing, points.at);
    const kept = pick(points.y, ...visible(points.x, board.zoom), MAX_POINTS);
    const dots = points.x.length === 1; // a line needs two points
    // Bands of all sides lie below all seeds, those below all raw lines, those below all means.
    const layer = (name) => {
      const k = LAYERS.indexOf(name);
      return traceOf(chart, k < 2 ? 2 * i + k : k * sides + i);
    };
    const common = { name: still(side.label), hoverinfo: "skip", showlegend: false };
    const band = shown && half.some((h) => h > 0);
    for (const name of LAYERS) Object.assign(layer(name), common, { visible: shown });
    const [low, high] = [layer("low"), layer("high")];
    for (const trace of [low, high]) fill(trace.x, kept, (k) => points.x[k]);
    fill(low.y, kept, (k) => (log ? Math.max(line[k] - half[k], line[k] / 10) : clamp(line[k] - half[k])));
    fill(high.y, kept, (k) => clamp(line[k] + half[k]));
    Object.assign(low, { visible: band, line: { width: 0, color } });
    Object.assign(high, { visible: band, line: { width: 0, color }, fill: "tonexty", fillcolor: fade(color, 0.17) });
    seedTrace(board, layer("seeds"), points, color, shown);
    const ghost = layer("ghost");
    const thinned = store.level > 0;
    ghost.visible = shown && (smoothing > 0 || thinned);
    const raw = !ghost.visible ? [] : thinned ? extremesOf(points, board.zoom) : kept;
    fill(ghost.x, raw, (k) => points.x[thinned ? k >> 1 : k]);
    fill(ghost.y, raw, (k) => (thinned ? points.extremes[k] : points.y[k]));
    ghost.line = { color: fade(color, 0.35), width: 1 };
    const main = layer("main");
    fill(main.x, kept, (k) => points.x[k]);
    fill(main.y, kept, (k) => (log && !(line[k] > 0) ? null : line[k]));
    fill((main.customdata ??= []), kept, (k) => half[k]);
    Object.assign(main, {
      mode: dots ? "markers" : "lines",
      line: { color, width: 2, dash: side.dash },
      marker: { color, size: 5 },
      hoverinfo: "all",
      hovertemplate: `${still(side.label)} %{y:.3~g}${band ? " ± %{customdata:.2~g}" : ""}<extra></extra>`,
    });
  });
  return chart.traces;
}

function seedTrace(board, trace, points, color, shown) {
  trace.visible = shown && board.settings.seeds && points.seeds.length > 1;
  trace.x.length = trace.y.length = 0;
  if (!trace.visible) return;
  const range = visible(points.x, board.zoom);
  for (const values of points.seeds) {
    for (const k of pick(values, ...range, MAX_SEED_POINTS)) {
      trace.x.push(points.x[k]);
      trace.y.push(values[k]);
    }
    trace.x.push(null); // a gap between one seed and the next
    trace.y.push(null);
  }
  trace.line = { color: fade(color, 0.28), width: 0.8 };
}

const longest = (board) =>
  Math.max(...board.sides.map(({ label }) => board.store.get(label)[board.settings.xaxis].at(-1) ?? 0), 0) || 1;

function baseLayout(board) {
  const { theme, settings, zoom } = board;
  const font = { family: theme.font, size: 11, color: fade(theme.text, 0.75) };
  return {
    height: HEIGHT, autosize: true, margin: { l: 46, r: 10, t: TOP, b: BOTTOM }, font, showlegend: false,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    hovermode: "x unified", hoversubplots: "axis", hoverdistance: -1,
    hoverlabel: { bgcolor: fade(theme.background, 0.92), bordercolor: fade(theme.text, 0.2), font: { ...font, color: theme.text } },
    // A finger scrolls the page; only a mouse draws a zoom box.
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    xaxis: {
      range: zoom ?? [0, longest(board)], autorange: false, title: { text: AXES[settings.xaxis], font: { size: 11 }, standoff: 4 },
      showgrid: false, zeroline: false, linecolor: fade(theme.text, 0.25), ticks: "outside", ticklen: 4,
      tickcolor: fade(theme.text, 0.25), nticks: 6, tickformat: "~s", hoverformat: ",.4~r",
      showspikes: true, spikemode: "across", spikethickness: 1, spikedash: "solid", spikecolor: fade(theme.text, 0.35), spikesnap: "data",
      unifiedhovertitle: { text: `${AXES[settings.xaxis]} %{x}` },
    },
  };
}

const valueAxis = (theme) => ({
  fixedrange: true, gridcolor: fade(theme.text, 0.09), zeroline: false, nticks: 5, automargin: false, tickfont: { size: 11 },
});

function lineLayout(board, chart) {
  const { spec } = chart;
  const log = board.settings.log.includes(spec.name);
  const layout = baseLayout(board);
  layout.yaxis = { ...valueAxis(board.theme), type: log ? "log" : "linear" };
  if (log) Object.assign(layout.yaxis, { dtick: 1, exponentformat: "power" });
  else if (spec.range) Object.assign(layout.yaxis, { range: spec.range, autorange: false });
  else layout.yaxis.rangemode = "tozero";
  layout.shapes = [];
  layout.annotations = [];
  const label = (more) => ({
    // Words in the colour of the text: a side's own is too faint for letters so small, and the words name the side.
    showarrow: false, bgcolor: fade(board.theme.background, 0.75), borderpad: 1, font: { size: 10, color: fade(board.theme.text, 0.85) }, ...more,
  });
  for (const { value, label: text, side } of board.thresholds[spec.name] ?? []) {
    const color = side ? colorOf(board, board.sides.find((s) => s.label === side)) : fade(board.theme.text, 0.6);
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, line: { color, width: 1, dash: "dot" } });
    layout.annotations.push(
      label({ text: still(text), xref: "paper", x: 1, xanchor: "right", y: log ? Math.log10(value) : value, yanchor: "bottom" }),
    );
  }
  markEvents(board, spec, layout, label);
  return layout;
}

function markEvents(board, spec, layout, label) {
  const [from, to] = layout.xaxis.range;
  let line = 0;
  for (const { side: name, update, metric, text } of board.events) {
    const side = board.sides.find((s) => s.label === name);
    const store = board.store.get(name);
    if (!side || board.hidden.has(name) || (metric && metric !== spec.name)) continue;
    const row = store.update.findIndex((u) => u >= update);
    const x = row < 0 ? NaN : store[board.settings.xaxis][row];
    if (!(x >= from && x <= to)) continue;
    const color = colorOf(board, side);
    const dash = side.dash === "solid" ? "solid" : "dash";
    layout.shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: x, x1: x, line: { color, width: 1, dash }, layer: "below" });
    const right = x > (from + to) / 2;
    layout.annotations.push(
      label({ text: still(text), x, xanchor: right ? "right" : "left", xshift: right ? -3 : 3, yref: "paper", y: 1, yanchor: "bottom", yshift: -14 * line }),
    );
    line += 1;
  }
}

// One strip per side, the three shares stacked in it.
function groupTraces(board, chart) {
  const { xaxis, smoothing } = board.settings;
  chart.traces.length = Math.min(chart.traces.length, 3 * board.sides.length);
  board.sides.forEach((side, i) => {
    const store = board.store.get(side.label);
    const [wrong, right] = [series(store, GROUPS[0][0], xaxis), series(store, GROUPS[2][0], xaxis)];
    const shares = [smooth(wrong.y, smoothing, wrong.at), null, smooth(right.y, smoothing, right.at)];
    shares[1] = shares[0].map((value, k) => Math.max(1 - value - shares[2][k], 0));
    const kept = pick(wrong.y, ...visible(wrong.x, board.zoom), MAX_POINTS);
    const colors = shareColors(board, side);
    shares.forEach((values, j) => {
      const trace = traceOf(chart, 3 * i + j);
      fill(trace.x, kept, (k) => wrong.x[k]);
      fill(trace.y, kept, (k) => values[k]);
      Object.assign(trace, {
        name: GROUPS[j][1], yaxis: i ? `y${i + 1}` : "y", stackgroup: `side${i}`, visible: !board.hidden.has(side.label),
        line: { width: 0, color: colors[j] }, fillcolor: colors[j], showlegend: false,
        hovertemplate: `${still(side.label)}, ${GROUPS[j][1]} %{y:.0%}<extra></extra>`,
      });
    });
  });
  return chart.traces;
}

const shareColors = (board, side) => [fade(board.theme.text, 0.55), fade(colorOf(board, side), 0.8), fade(board.theme.text, 0.14)];

function groupLayout(board) {
  const layout = baseLayout(board);
  const count = board.sides.length;
  const head = Math.min(TOP / (HEIGHT - TOP - BOTTOM), 0.4 / count); // between strips, for a side's name
  const strip = (1 - head * (count - 1)) / count;
  const top = (i) => 1 - i * (strip + head);
  layout.xaxis.anchor = count > 1 ? `y${count}` : "y";
  layout.annotations = board.sides.map((side, i) => ({
    text: still(side.label), showarrow: false, xref: "paper", yref: "paper", x: 0, xanchor: "left", y: top(i), yanchor: "bottom", borderpad: 2,
    font: { size: 11, color: colorOf(board, side) },
  }));
  board.sides.forEach((side, i) => {
    layout[i ? `yaxis${i + 1}` : "yaxis"] = {
      ...valueAxis(board.theme), domain: [Math.max(top(i) - strip, 0), top(i)], range: [0, 1], tickvals: count > 3 ? [0, 1] : [0, 0.5, 1],
      tickformat: ".0%",
    };
  });
  return layout;
}

// ---------------------------------------------------------------------------------------------------------------- the reader

function wire(board, chart) {
  chart.wired = true;
  chart.plot.on("plotly_hover", (event) => hoverAt(board, event.xvals?.[0] ?? event.points[0].x, chart));
  chart.plot.on("plotly_unhover", () => hoverAt(board, null));
  chart.plot.on("plotly_relayout", (change) => {
    const range = [change["xaxis.range[0]"] ?? change["xaxis.range"]?.[0], change["xaxis.range[1]"] ?? change["xaxis.range"]?.[1]];
    if (range.every(Number.isFinite)) zoomTo(board, range);
  });
  chart.plot.on("plotly_doubleclick", () => zoomTo(board, null));
  chart.plot.on("plotly_click", (event) => onClick(board, chart, event));
}

// A click opens the update under it, where the page has somewhere to open it. A drag is no click, and a second click takes the first one
// back: together they forget the zoom. A finger reads with the first tap and opens what it has read with another one on the same place.
function onClick(board, chart, { points, event }) {
  if (!board.opens || !points.length) return;
  clearTimeout(board.opening);
  const before = board.clicked;
  board.clicked = { chart, x: event.clientX, time: performance.now(), found: updateAt(board, chart, points, event) };
  if (before && board.clicked.time - before.time < DOUBLE_CLICK) return; // browsers follow a tap by a click, too
  if (!matchMedia("(pointer: coarse)").matches) board.opening = setTimeout(board.open, DOUBLE_CLICK, board.clicked.found);
  else if (before?.chart === chart && Math.abs(before.x - event.clientX) < FINGER) board.open(before.found);
}

// The side whose curve, or strip, is nearest to the pointer, and the update there.
function updateAt(board, chart, points, event) {
  const y = event.clientY - chart.plot.getBoundingClientRect().top;
  const away = ({ yaxis, y: value }) => {
    const inside = y >= yaxis._offset && y <= yaxis._offset + yaxis._length;
    return Math.abs(y - yaxis._offset - yaxis.d2p(value)) + (inside ? 0 : 10 * HEIGHT);
  };
  const point = points.reduce((a, b) => (away(b) < away(a) ? b : a));
  const strips = chart.spec.kind === "groups";
  const side = board.sides[strips ? Math.floor(point.curveNumber / GROUPS.length) : point.curveNumber % board.sides.length];
  return placeOf(board, side.label, point.x);
}

function placeOf(board, label, x) {
  const store = board.store.get(label);
  const row = store[board.settings.xaxis].findLastIndex((value) => value <= x);
  const update = row < 0 ? 0 : store.update[row] || store.update[row + 1]; // nothing was trained at update 0: the next one
  return update ? { side: label, update } : null;
}

function zoomTo(board, range) {
  board.zoom = range;
  redraw(board);
}

function hoverAt(board, x, source) {
  board.hover = x;
  board.hovering ||= requestAnimationFrame(() => {
    board.hovering = 0;
    for (const chart of board.charts.values()) if (chart.wired && chart.near && chart !== source) showHover(chart, board.hover);
  });
}

function showHover(chart, x) {
  if (x === null) window.Plotly.Fx.unhover(chart.plot);
  else window.Plotly.Fx.hover(chart.plot, { xval: x }, "xy");
}

// Arrow keys walk along the curve and say what stands there; 0 and Escape let go; Enter opens that update of the first side.
function onKey(board, chart, event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
  if (event.key === "Escape") hoverAt(board, null);
  else if (event.key === "Enter" && board.opens && board.hover !== null) {
    const first = board.sides.find(({ label }) => !board.hidden.has(label));
    if (first) board.open(placeOf(board, first.label, board.hover));
  }
  else if (event.key === "0" || event.key === "Home") zoomTo(board, null);
  else if (step) {
    const xs = board.sides
      .filter(({ label }) => !board.hidden.has(label))
      .map(({ label }) => series(board.store.get(label), metricOf(chart), board.settings.xaxis).x)
      .reduce((a, b) => (b.length > a.length ? b : a), []);
    if (!xs.length) return;
    const here = board.hover === null ? xs.length - 1 : Math.max(xs.findLastIndex((x) => x <= board.hover), 0);
    const next = board.hover === null ? here : Math.min(Math.max(here + step, 0), xs.length - 1);
    hoverAt(board, xs[next]);
    board.spoken.textContent = words(board, chart, xs[next]);
  } else return;
  event.preventDefault();
}

const metricOf = ({ spec }) => (spec.kind === "groups" ? GROUPS[0][0] : spec.name);

function describe(board, chart) {
  chart.stale = false;
  const label = `${chart.spec.title}. ${words(board, chart, Infinity)}`;
  if (chart.plot.getAttribute("aria-label") !== label) chart.plot.setAttribute("aria-label", label);
}

// What a chart shows at x, in words; Infinity for the newest.
function words(board, chart, x) {
  const { xaxis } = board.settings;
  const number = (value) => (value === null || value === undefined ? "nothing" : String(Number(value.toPrecision(3))));
  const parts = board.sides.map(({ label }) => {
    const at = (name) => {
      const points = series(board.store.get(label), name, xaxis);
      const k = x === Infinity ? points.x.length - 1 : points.x.findLastIndex((v) => v <= x);
      return k < 0 ? null : { x: points.x[k], y: points.y[k], half: points.half[k] };
    };
    const first = at(metricOf(chart));
    if (!first) return `${label}: nothing measured yet`;
    const where = `at ${AXES[xaxis]} ${number(first.x)}`;
    if (chart.spec.kind !== "groups") return `${label}: ${number(first.y)}${first.half ? ` ± ${number(first.half)}` : ""} ${where}`;
    const [wrong, right] = [first.y, at(GROUPS[2][0])?.y ?? 0];
    const percent = (value) => `${Math.round(100 * value)} %`;
    return `${label}: ${percent(wrong)} all wrong, ${percent(1 - wrong - right)} mixed, ${percent(right)} all right ${where}`;
  });
  return `${parts.join("; ")}.`;
}
