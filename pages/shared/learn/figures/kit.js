// What every figure is built from: controls, read-outs, and small SVG charts with things to drag. How to write a figure stands in
// pages/shared/learn/__init__.py. A figure is drawn anew, at once, on every change of a control; there is no other state.

const VERSION = new URL(import.meta.url).search; // also of what is loaded from here: a browser keeps files by their address
const { Chart, attributes, make, number, percent, steps } = await import(`./chart.js${VERSION}`);

const SPOKEN_AFTER = 600; // ms of rest before the text alternative is rewritten: a drag is announced once, at its end

const figures = new WeakMap(); // root -> figure
const onPage = new Map(); // "page/figure" -> figure, for the buttons beside the questions
let style;

export async function render({ data, parentElement }) {
  await (style ??= addStyle());
  const root = parentElement.querySelector(".learn-figure");
  if (data.state) return void showButton(root, data);
  const { figures: drawings } = await import(`./${data.page}.js${VERSION}`);
  const sent = JSON.stringify(data);
  let figure = figures.get(root);
  if (figure?.sent !== sent) {
    const kept = figure?.state();
    figure?.dispose();
    figure = new Figure(root, data, sent);
    figures.set(root, figure);
    onPage.set(`${data.page}/${data.figure}`, figure);
    drawings[data.figure](figure, { number, percent, steps });
    figure.set(kept ?? {});
  }
  // Streamlit also calls this when newer data overtook a call that was still waiting for its files: then the figure stays.
  return () => setTimeout(() => root.isConnected || figure.dispose(), 0);
}

function addStyle() {
  return new Promise((done) => {
    const href = new URL(`kit.css${VERSION}`, import.meta.url).href;
    document.head.append(make("link", { rel: "stylesheet", href, onload: done, onerror: done }));
  });
}

function showButton(root, { page, figure, state, label }) {
  const button = make("button", { type: "button", className: "lf-set", textContent: label });
  button.onclick = () => {
    const target = onPage.get(`${page}/${figure}`);
    target.reset();
    target.set(state);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    target.root.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
  };
  root.replaceChildren(button);
}

// ---------------------------------------------------------------------------------------------------------------- a figure

class Figure {
  constructor(root, { figure, words, data }, sent) {
    Object.assign(this, { root, name: figure, words, data, sent, controls: {}, outputs: {}, charts: [], drawing: null });
    this.panel = make("div", { className: "lf-controls" });
    this.stage = make("div", { className: "lf-stage" });
    this.readings = make("dl", { className: "lf-outputs" });
    this.remark = make("p", { className: "lf-note" });
    this.spoken = make("p", { className: "lf-spoken", id: `lf-${figure}-words` });
    this.spoken.setAttribute("aria-live", "polite");
    root.replaceChildren(this.stage, this.remark, this.readings, this.panel, this.spoken);
    root.dataset.figure = figure;
    this.resized = new ResizeObserver(() => this.redraw());
    root.learnFigure = this; // for whoever looks from the console, and the tests
  }

  dispose() {
    this.resized.disconnect();
    clearTimeout(this.speaking);
  }

  // The words for `name` in the reader's language, with {key} replaced. A missing word shows as its name, and is an error in the log.
  say(name, values = {}) {
    if (!(name in this.words)) console.error(`figure ${this.name}: there is no word "${name}"; add "- ${name}: …" to its section`);
    return (this.words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? `{${key}}`);
  }

  // Controls. Each has a name, a value, and a label from the words. `format` turns a value into words.

  // A native range: {min, max, step, value, format}.
  range(name, options) {
    const control = this.value(name, options);
    const input = make("input", { type: "range", min: control.min, max: control.max, step: control.step, id: this.id(name) });
    const shown = make("span", { className: "lf-shown" });
    control.input = input;
    control.show = () => {
      attributes(input, { min: control.min, max: control.max, "aria-valuetext": control.text() });
      input.value = control.value;
      shown.textContent = control.text();
    };
    input.oninput = () => this.set({ [name]: Number(input.value) });
    const label = make("label", { textContent: control.label, htmlFor: input.id });
    this.place("lf-range", label, shown, input);
    return control;
  }

  // A value that only a handle in a chart changes: {min, max, step, value, format, label}.
  value(name, { min = 0, max = 1, step = 0.01, value = min, format, label = this.say(name) }) {
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    const control = { name, label, min, max, step, first: value, format: format ?? ((v) => number(v, digits)) };
    control.clean = (raw) => {
      const { min, max } = control;
      return Number(Math.min(max, Math.max(min, min + Math.round((raw - min) / step) * step)).toFixed(digits + 2));
    };
    // Bounds that depend on another control: call it in draw, before the value is read.
    control.limit = (low, high) => {
      Object.assign(control, { min: low, max: high });
      control.value = control.clean(control.value);
      control.show?.();
    };
    return this.add(control);
  }

  // On or off: {value}.
  toggle(name, { value = false } = {}) {
    const input = make("input", { type: "checkbox", id: this.id(name) });
    input.setAttribute("role", "switch");
    const control = this.add({ name, label: this.say(name), clean: Boolean, format: String, first: value, input });
    control.show = () => (input.checked = control.value);
    input.onchange = () => this.set({ [name]: input.checked });
    this.place("lf-toggle", input, make("label", { textContent: control.label, htmlFor: input.id }));
    return control;
  }

  // One of a few: {options: [value, …], value}; the words of an option are called "name.value".
  choice(name, { options, value = options[0] }) {
    const clean = (raw) => options.find((option) => option === raw) ?? value;
    const control = this.add({ name, label: this.say(name), clean, format: String, first: value });
    const field = make("fieldset", {});
    field.append(make("legend", { textContent: control.label }));
    const inputs = options.map((option) => {
      const input = make("input", { type: "radio", name: this.id(name), id: `${this.id(name)}-${option}`, value: option });
      input.onchange = () => this.set({ [name]: option });
      field.append(input, make("label", { textContent: this.say(`${name}.${option}`), htmlFor: input.id }));
      return input;
    });
    control.show = () => inputs.forEach((input, i) => (input.checked = options[i] === control.value));
    this.place("lf-choice", field);
    return control;
  }

  // One of many, as a list that opens: {options, value}; words as for choice.
  select(name, { options, value = options[0] }) {
    const clean = (raw) => options.find((option) => option === raw) ?? value;
    const input = make("select", { id: this.id(name) });
    input.append(...options.map((option) => make("option", { value: option, textContent: this.say(`${name}.${option}`) })));
    const control = this.add({ name, label: this.say(name), clean, format: String, first: value, input });
    control.show = () => (input.value = control.value);
    input.oninput = () => this.set({ [name]: input.value });
    this.place("lf-select", make("label", { textContent: control.label, htmlFor: input.id }), input);
    return control;
  }

  // A number that is read: {digits, format}. Its words are its label.
  output(name, { digits = 2, format } = {}) {
    const shown = make("output", { id: this.id(`out-${name}`) });
    shown.dataset.name = name;
    shown.setAttribute("aria-live", "off"); // the text alternative speaks, once
    const term = make("dt", {});
    term.append(make("label", { textContent: this.say(name), htmlFor: shown.id }));
    const value = make("dd", {});
    value.append(shown);
    const pair = make("div", {});
    pair.append(term, value);
    this.readings.append(pair);
    const set = (v) => (shown.textContent = typeof v === "string" ? v : (format ?? ((x) => number(x, digits)))(v));
    return (this.outputs[name] = { set });
  }

  // A chart: {height, label}. Several stand below each other. See Chart.
  chart(options = {}) {
    const chart = new Chart(this, options);
    this.charts.push(chart);
    this.resized.observe(chart.box);
    return chart;
  }

  // One sentence under the charts, said in the figure's own words.
  note(text) {
    if (this.remark.textContent !== text) this.remark.textContent = text;
  }

  // What the picture shows, for whoever cannot see it.
  describe(text) {
    clearTimeout(this.speaking);
    const write = () => (this.spoken.textContent = text);
    if (this.spoken.textContent) this.speaking = setTimeout(write, SPOKEN_AFTER);
    else write();
  }

  // `drawing(state)` is called at once and after every change.
  draw(drawing) {
    this.drawing = drawing;
    this.redraw();
  }

  redraw() {
    if (!this.drawing) return;
    for (const chart of this.charts) chart.begin();
    this.drawing(this.state());
    for (const chart of this.charts) chart.end();
  }

  state() {
    return Object.fromEntries(Object.entries(this.controls).map(([name, control]) => [name, control.value]));
  }

  // Set controls by name; a name that the figure does not have is an error in the log.
  set(given) {
    const changes = { ...given };
    for (const name of Object.keys(changes).filter((name) => !this.controls[name])) {
      console.error(`figure ${this.name}: there is no control "${name}"`);
      delete changes[name];
    }
    const apply = () => {
      for (const [name, raw] of Object.entries(changes)) {
        const control = this.controls[name];
        control.value = control.clean(raw);
        control.show?.();
      }
      this.redraw();
    };
    apply();
    // Drawing may have moved a control's bounds, because another one has changed.
    if (Object.entries(changes).some(([name, raw]) => this.controls[name].value !== this.controls[name].clean(raw))) apply();
  }

  reset() {
    this.set(Object.fromEntries(Object.values(this.controls).map(({ name, first }) => [name, first])));
  }

  id(name) {
    return `lf-${this.name}-${name}`;
  }

  add(control) {
    control.value = control.first;
    control.text = (value = control.value) => control.format(value);
    this.controls[control.name] = control;
    queueMicrotask(() => control.show?.());
    return control;
  }

  place(className, ...nodes) {
    const row = make("div", { className });
    row.append(...nodes);
    this.panel.append(row);
  }
}
