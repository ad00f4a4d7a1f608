// A small SVG chart: axes, shapes, and handles to drag. Used by kit.js, which draws it anew on every change.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 46, right: 14, top: 26, bottom: 40 };
const TOUCH = 22; // px around a knob that answer to a finger

// Called within draw, in this order: axes, then shapes. A shape has a key; the same key is the same node, and a key that is not drawn
// again goes away. Colours are class names: one, two, three (free), up, down (signs), grpo, dapo (only for those), quiet, ink.
export class Chart {
  constructor(figure, { height = 240, label = figure.say("picture"), margin = {} }) {
    Object.assign(this, { figure, height, nodes: new Map(), touched: new Set(), margin: { ...MARGIN, ...margin } });
    this.box = make("div", { className: "lf-chart" });
    this.svg = vector("svg", { role: "group", "aria-label": label, "aria-describedby": figure.spoken.id, height });
    this.layers = ["back", "shapes", "words", "front"].map((name) => this.svg.appendChild(vector("g", { class: `lf-${name}` })));
    this.box.append(this.svg);
    figure.stage.append(this.box);
  }

  begin() {
    this.touched.clear();
    this.width = this.box.clientWidth || 640;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
  }

  end() {
    for (const [key, node] of this.nodes) {
      if (!this.touched.has(key)) {
        node.remove();
        this.nodes.delete(key);
      }
    }
  }

  // {x: {min, max, label, ticks, format, log}, y: {…}}; ticks: how many, a list of values, or a list of [value, words]; [] for none.
  axes({ x, y }) {
    const { left, right, top, bottom } = this.margin;
    this.x = scale(x, left, this.width - right);
    this.y = scale(y, this.height - bottom, top);
    ticks(x, this.width < 480 ? 4 : 6).forEach(([value, words], i) => {
      const at = this.x(value);
      this.node(`x-tick-${i}`, "line", { class: "lf-tick", x1: at, x2: at, y1: this.height - bottom, y2: this.height - bottom + 4 });
      this.write(`x-words-${i}`, at, this.height - bottom + 17, words, { class: "lf-number", "text-anchor": "middle" });
    });
    ticks(y, 4).forEach(([value, words], i) => {
      const at = this.y(value);
      this.node(`y-grid-${i}`, "line", { class: "lf-grid", x1: left, x2: this.width - right, y1: at, y2: at });
      this.write(`y-words-${i}`, left - 7, at + 4, words, { class: "lf-number", "text-anchor": "end" });
    });
    this.node("x-axis", "line", { class: "lf-axis", x1: left, x2: this.width - right, y1: this.height - bottom, y2: this.height - bottom });
    if (x.label) this.write("x-label", (left + this.width - right) / 2, this.height - 5, x.label, { class: "lf-label", "text-anchor": "middle" });
    if (y.label) this.write("y-label", 2, 10, y.label, { class: "lf-label", "text-anchor": "start" });
  }

  // points: [[x, y], …]; a point that is not finite breaks the line.
  line(key, points, name = "one", { dashed = false } = {}) {
    this.node(key, "path", { class: `lf-line ${name}`, d: this.path(points), "stroke-dasharray": dashed ? "5 4" : "none" }, "shapes");
  }

  // Between the points and `base` (a value of y).
  area(key, points, name = "one", base = this.y.domain[0]) {
    const back = [...points].reverse().map(([x]) => [x, base]);
    this.node(key, "path", { class: `lf-area ${name}`, d: `${this.path([...points, ...back])}Z` }, "shapes");
  }

  // From `from` to `to` on y, `width` wide on x around `x`.
  bar(key, { x, width, from = 0, to }, name = "one") {
    const [y1, y2] = [this.y(from), this.y(to)];
    const left = this.x(x - width / 2);
    const shape = { x: left, width: Math.max(this.x(x + width / 2) - left, 0), y: Math.min(y1, y2), height: Math.abs(y1 - y2) };
    this.node(key, "rect", { class: `lf-bar ${name}`, rx: 2, ...shape }, "shapes");
  }

  // A rectangle of a heat map or a band; `strength` 0 … 1 is its opacity.
  cell(key, { x0, x1, y0, y1 }, name = "one", strength = 1) {
    const [left, top] = [this.x(Math.min(x0, x1)), this.y(Math.max(y0, y1))];
    const size = { width: Math.abs(this.x(x1) - this.x(x0)), height: Math.abs(this.y(y1) - this.y(y0)) };
    this.node(key, "rect", { class: `lf-cell ${name}`, x: left, y: top, ...size, "fill-opacity": strength }, "shapes");
  }

  dot(key, x, y, name = "one", radius = 4) {
    this.node(key, "circle", { class: `lf-dot ${name}`, cx: this.x(x), cy: this.y(y), r: radius }, "shapes");
  }

  // A straight line across at {x} or {y}, with words at its end.
  rule(key, { x, y, words, side = "end" }, name = "quiet") {
    const { left, right, top, bottom } = this.margin;
    const [x1, x2] = x === undefined ? [left, this.width - right] : [this.x(x), this.x(x)];
    const [y1, y2] = y === undefined ? [top, this.height - bottom] : [this.y(y), this.y(y)];
    this.node(key, "line", { class: `lf-rule ${name}`, x1, x2, y1, y2 }, "shapes");
    if (!words) return;
    const at = x !== undefined ? [x1 + 5, top + 9, "start"] : side === "end" ? [x2, y1 - 5, "end"] : [x1 + 4, y1 - 5, "start"];
    this.write(`${key}-words`, at[0], at[1], words, { class: "lf-words", "text-anchor": at[2] });
  }

  // Words at a point; dx and dy in pixels.
  text(key, x, y, words, { anchor = "middle", dx = 0, dy = 0, name = "ink" } = {}) {
    this.write(key, this.x(x) + dx, this.y(y) + dy, words, { class: `lf-words ${name}`, "text-anchor": anchor });
  }

  // Something to drag, standing for `control`, moving along `axis` at (x, y). By mouse, finger, and keyboard. A control that has an
  // input of its own keeps that for the keyboard, and the handle is only for pointing. `reach` [x0, x1] makes a whole column answer.
  // `read` turns a value of the axis into one of the control. `across` {control, read} is moved by the other direction at the same
  // time; then both controls need an input of their own.
  handle(key, { control, axis = "x", x, y, reach, read = (value) => value, across, name = "ink" }) {
    const node = this.node(key, "g", { class: `lf-handle ${name} lf-along-${across ? "both" : axis}` }, "front");
    if (!node.firstChild) this.wire(node, control, axis);
    const [column, touch, knob] = node.children;
    const [px, py] = [this.x(x), this.y(y)];
    const [top, bottom] = [this.margin.top, this.height - this.margin.bottom];
    const [from, to] = reach ? reach.map((value) => this.x(value)) : [px, px];
    attributes(column, { x: from, width: to - from, y: top, height: bottom - top });
    attributes(touch, { cx: px, cy: py, r: TOUCH });
    attributes(knob, { cx: px, cy: py, r: 8 });
    const along = axis === "x" ? this.x : this.y;
    node.at = (pixel) => read(along.invert(pixel));
    node.beside = (pixel) => across && { [across.control.name]: (across.read ?? ((v) => v))((axis === "x" ? this.y : this.x).invert(pixel)) };
    attributes(node, { "aria-valuenow": control.value, "aria-valuetext": control.text() });
  }

  // Inside

  wire(node, control, axis) {
    node.append(vector("rect", { class: "lf-column" }), vector("circle", { class: "lf-touch" }), vector("circle", { class: "lf-knob" }));
    node.dataset.control = control.name;
    if (control.input) attributes(node, { "aria-hidden": "true" });
    else {
      const named = { "aria-label": control.label, "aria-valuemin": control.min, "aria-valuemax": control.max };
      attributes(node, { role: "slider", tabindex: 0, "aria-orientation": axis === "x" ? "horizontal" : "vertical", ...named });
    }
    const set = (value, beside = {}) => this.figure.set({ [control.name]: value, ...beside });
    const follow = (event) => {
      const box = this.svg.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left) * (this.width / box.width), (event.clientY - box.top) * (this.height / box.height)];
      set(node.at(axis === "x" ? x : y), node.beside(axis === "x" ? y : x));
    };
    let dragged = false;
    node.addEventListener("pointerdown", (event) => {
      // A finger on a column may mean to scroll the page: there it drags only the knob, and a tap sets.
      if (event.pointerType === "touch" && event.target.classList.contains("lf-column")) return;
      node.setPointerCapture(event.pointerId);
      dragged = true;
      if (node.tabIndex >= 0) node.focus({ preventScroll: true, focusVisible: false });
      event.preventDefault();
      follow(event);
    });
    node.addEventListener("pointermove", (event) => { if (dragged) follow(event); });
    for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, () => { dragged = false; });
    node.addEventListener("click", (event) => { if (event.target.classList.contains("lf-column")) follow(event); });
    node.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
      const to = { Home: control.min, End: control.max }[event.key] ?? (by && control.value + by * control.step);
      if (to === undefined) return;
      event.preventDefault();
      set(to);
    });
  }

  node(key, tag, values, layer = "back") {
    let node = this.nodes.get(key);
    if (!node) {
      node = vector(tag, {});
      this.layers.find((group) => group.classList.contains(`lf-${layer}`)).append(node);
      this.nodes.set(key, node);
    }
    this.touched.add(key);
    return attributes(node, values);
  }

  write(key, x, y, words, values) {
    const node = this.node(key, "text", { x, y, ...values }, "words");
    if (node.textContent !== words) node.textContent = words;
  }

  path(points) {
    let pen = "M";
    return points
      .map(([x, y]) => {
        const [px, py] = [this.x(x), this.y(y)];
        if (!Number.isFinite(px) || !Number.isFinite(py)) return (pen = "M") && "";
        const piece = `${pen}${px.toFixed(1)} ${py.toFixed(1)}`;
        pen = "L";
        return piece;
      })
      .join("");
  }
}

// ---------------------------------------------------------------------------------------------------------------- small things

// "1.50", "−0.25"; what is not a number is a dash.
export const number = (value, digits = 2) =>
  Number.isFinite(value) ? value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−") : "–";

export const percent = (value, digits = 0) => `${number(100 * value, digits)} %`;

// `count` values from `from` to `to`, both included.
export const steps = (from, to, count = 120) => Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

function scale({ min, max, log }, from, to) {
  const inner = log ? Math.log : (v) => v;
  const [low, high] = [inner(min), inner(max)];
  const at = (value) => from + ((inner(value) - low) / (high - low)) * (to - from);
  at.domain = [min, max];
  at.invert = (pixel) => {
    const value = low + ((pixel - from) / (to - from)) * (high - low);
    return log ? Math.exp(value) : value;
  };
  return at;
}

function ticks({ min, max, ticks: wanted, format }, count) {
  const list = Array.isArray(wanted) ? wanted : evenly(min, max, wanted ?? count);
  const words = format ?? ((value) => String(Number(value.toPrecision(6))).replace("-", "−"));
  return list.map((tick) => (Array.isArray(tick) ? tick : [tick, words(tick)]));
}

function evenly(min, max, count) {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
  const first = Math.ceil(min / step - 1e-9);
  return Array.from({ length: Math.floor(max / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

export const make = (tag, values) => Object.assign(document.createElement(tag), values);
const vector = (tag, values) => attributes(document.createElementNS(SVG, tag), values);

export function attributes(node, values) {
  for (const [name, value] of Object.entries(values)) {
    const text = String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
  return node;
}
