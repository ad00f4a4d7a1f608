// The technique table and the sliders. The contract of the data stands in __init__.py. Nodes are made once for each shape of the data and
// then only brought up to date, so that the keyboard's place in them stays.

const WAIT = 120; // ms from the last of several quick changes until they are told

const panels = new WeakMap(); // root -> panel
let style; // one promise for all

function loadStyle() {
  return (style ??= new Promise((done) => {
    const node = document.createElement("link");
    const href = new URL(`settings_panel.css${new URL(import.meta.url).search}`, import.meta.url).href;
    Object.assign(node, { rel: "stylesheet", href, onload: done, onerror: done });
    document.head.append(node);
  }));
}

export async function render({ data, parentElement, setTriggerValue }) {
  await loadStyle();
  const root = parentElement.querySelector(".settings-panel");
  let panel = panels.get(root);
  if (!panel) panels.set(root, (panel = { root, waiting: [], shape: "", timer: 0 }));
  panel.tell = () => setTriggerValue("change", { changes: panel.waiting });
  panel.waiting = panel.waiting.filter(({ number }) => number > data.done);
  const shape = JSON.stringify([
    data.sides.map(({ label }) => label),
    data.techniques.map(({ label }) => label),
    data.essentials.map(({ field }) => field),
  ]);
  if (panel.shape !== shape) {
    panel.shape = shape;
    build(panel, data);
  }
  panel.update(data);
}

function change(panel, what) {
  // Ascending over reloads too, because the server keeps the last one that it has made.
  const number = Math.max(Date.now() * 100, (panel.last ?? 0) + 1);
  panel.last = number;
  panel.waiting = [...panel.waiting.filter((other) => !same(other, what)), { number, ...what }];
  clearTimeout(panel.timer);
  panel.timer = setTimeout(panel.tell, WAIT);
}

const same = (a, b) => ["technique", "side", "owner", "field"].every((name) => a[name] === b[name]);
const waits = (panel, what) => panel.waiting.some((other) => same(other, what));

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function build(panel, data) {
  const updates = [];
  const body = make("tbody");
  const head = make("tr", {}, make("th", { scope: "col" }, make("span", { class: "sp-sr" }, "Technique")));
  data.sides.forEach(({ label, color, color_dark }) => {
    const name = make("span", { class: "sp-side", title: label }, label);
    name.style.setProperty("--side", `light-dark(${color}, ${color_dark})`);
    head.append(make("th", { scope: "col" }, name));
  });
  data.techniques.forEach((_, row) => body.append(...techniqueRow(panel, data, row, updates)));
  const others = make("tbody"); // apart, so that a row more or less takes no keyboard's place away
  updates.push((now) => others.replaceChildren(...now.also.map(({ label, texts }) =>
    make("tr", { class: "sp-differs sp-also" }, make("th", { scope: "row" }, label), ...texts.map((text) => make("td", {}, text))))));
  const table = make("table", { class: data.sides.length > 2 ? "sp-table sp-many" : "sp-table" }, make("caption", {}, "Techniques of each side"), make("thead", {}, head), body, others);
  const sliders = data.essentials.map((_, place) => slider(panel, data, place, updates));
  panel.root.replaceChildren(make("div", { class: "sp-scroll" }, table), ...sliders);
  panel.update = (now) => updates.forEach((update) => update(now));
}

// A button beside a name that shows and hides a help text.
function helped(text, id) {
  const help = make("p", { class: "sp-help", id, hidden: "" }, text);
  const button = make("button", { type: "button", class: "sp-name", "aria-expanded": "false", "aria-controls": id });
  button.addEventListener("click", () => {
    help.hidden = !help.hidden;
    button.setAttribute("aria-expanded", String(!help.hidden));
  });
  return { button, help };
}

function techniqueRow(panel, data, row, updates) {
  const { label, help: text } = data.techniques[row];
  const { button, help } = helped(text, `sp-help-${row}`);
  const differs = make("span", { class: "sp-sr" });
  button.append(label, differs);
  const line = make("tr", {}, make("th", { scope: "row" }, button));
  data.sides.forEach((side, column) => {
    const { node, update } = cell(panel, label, side.label);
    line.append(node);
    updates.push((now) => update(now.techniques[row].cells[column]));
  });
  updates.push((now) => {
    line.classList.toggle("sp-differs", now.techniques[row].differs);
    differs.textContent = now.techniques[row].differs ? " (differs between the sides)" : "";
  });
  const below = make("tr", { class: "sp-help-row", hidden: "" }, make("td", { colspan: data.sides.length + 1 }, help));
  button.addEventListener("click", () => (below.hidden = help.hidden));
  return [line, below];
}

function cell(panel, technique, side) {
  const what = { technique, side };
  const box = make("input", { type: "checkbox", role: "switch", class: "sp-switch", "aria-label": `${technique}, ${side}` });
  box.addEventListener("change", () => change(panel, { ...what, on: box.checked }));
  const number = make("input", { type: "number", class: "sp-number" });
  const variant = make("span", { class: "sp-variant" });
  let field = "";
  number.addEventListener("change", () => {
    if (number.value !== "" && number.checkValidity()) change(panel, { owner: side, field, value: Number(number.value) });
  });
  const update = (now) => {
    if (!waits(panel, what)) box.checked = now.on;
    box.disabled = now.fixed;
    variant.textContent = now.fixed ? "varies" : now.variant;
    number.hidden = !now.number;
    if (!now.number) return;
    field = now.number.field;
    Object.assign(number, { min: now.number.min ?? "", max: now.number.max ?? "", step: "any" });
    number.setAttribute("aria-label", `${now.number.name}, ${side}`);
    number.title = `${now.number.name} (${field})`;
    if (!waits(panel, { owner: side, field })) number.value = now.number.text;
  };
  return { node: make("td", {}, make("div", { class: "sp-cell" }, box, number, variant)), update };
}

function slider(panel, data, place, updates) {
  const { owner, field, label } = data.essentials[place];
  const what = { owner, field };
  const id = `sp-essential-${field}`;
  const { button, help } = helped(data.essentials[place].help, `${id}-help`);
  const back = make("button", { type: "button", class: "sp-back" });
  button.append(label);
  const range = make("input", { type: "range", id, min: "0", step: "1", "aria-label": label });
  const number = make("input", { type: "number", class: "sp-number", step: "any", "aria-label": `${label}, exactly` });
  const mark = make("div", { class: "sp-mark", "aria-hidden": "true" });
  let options = [];
  let texts = [];
  let marked = null;
  const show = (value) => {
    const at = options.indexOf(value);
    range.value = String(at);
    const text = at < 0 ? String(value) : texts[at];
    range.setAttribute("aria-valuetext", value === marked ? `${text}, as in the scenario` : text);
    if (document.activeElement !== number) number.value = text;
    back.hidden = value === marked || !options.includes(marked);
  };
  range.addEventListener("input", () => {
    number.value = texts[Number(range.value)];
    change(panel, { ...what, value: options[Number(range.value)] });
    show(options[Number(range.value)]);
  });
  back.addEventListener("click", () => {
    change(panel, { ...what, value: marked });
    show(marked);
    range.focus(); // the button goes
  });
  number.addEventListener("change", () => {
    if (number.value !== "" && number.checkValidity()) change(panel, { ...what, value: Number(number.value) });
  });
  updates.push((now) => {
    const one = now.essentials[place];
    if (waits(panel, what)) return;
    ({ options, texts, mark: marked } = one);
    range.max = String(options.length - 1);
    range.disabled = options.length < 2;
    Object.assign(number, { min: one.min ?? "", max: one.max ?? "" });
    const at = options.indexOf(marked);
    mark.hidden = at < 0;
    mark.style.setProperty("--at", options.length < 2 ? 0 : at / (options.length - 1));
    mark.title = `the scenario's value: ${texts[at]}`;
    back.textContent = `↺ ${texts[at]}`;
    back.title = "back to the scenario's value";
    back.setAttribute("aria-label", `${label}: back to the scenario's ${texts[at]}`);
    show(one.value);
  });
  const track = make("div", { class: "sp-track" }, range, mark);
  return make("div", { class: "sp-essential" }, make("div", { class: "sp-line" }, button, back, number), track, help);
}
