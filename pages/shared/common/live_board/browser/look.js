// Colours, dashes and numbers as a reader sees them. Everything of the theme comes from Streamlit's variables.

export const AXES = {
  update: "update", rollout: "rollout", samples: "completions generated", wall_seconds: "seconds of training",
  token_cost: "cost in trained tokens", share: "share of the run, %",
};
export const GROUPS = [
  ["all_wrong_fraction", "all wrong"],
  [null, "mixed"],
  ["all_right_fraction", "all right"],
];

export const metricOf = ({ spec }) => (spec.kind === "groups" ? GROUPS[0][0] : spec.name);

export function readTheme(root) {
  const css = getComputedStyle(root);
  const get = (name, otherwise) => css.getPropertyValue(name).trim() || otherwise;
  const text = get("--st-text-color", "#31333f");
  const background = get("--st-background-color", "#ffffff");
  const [red, green, blue] = rgb(background);
  const dark = red * 0.299 + green * 0.587 + blue * 0.114 < 128;
  const font = get("--st-font", "sans-serif");
  return { text, background, dark, font, id: [text, background, font].join() };
}

let painter;
const channels = new Map();
// Any CSS colour as numbers: the canvas understands them all.
function rgb(color) {
  if (!channels.has(color)) {
    painter ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    painter.fillStyle = "#fff";
    painter.fillStyle = color;
    painter.fillRect(0, 0, 1, 1);
    channels.set(color, [...painter.getImageData(0, 0, 1, 1).data].slice(0, 3));
  }
  return channels.get(color);
}

export const fade = (color, opacity) => `rgba(${rgb(color).join()},${opacity})`;
export const colorOf = (board, side) => (board.theme.dark ? side.color_dark : side.color);

// A side's dash, which is given in Plotly's words, as lengths; none for a solid line.
export const dashOf = ({ dash }) =>
  ({ solid: [], dot: [2, 3], dash: [8, 4], dashdot: [8, 3, 2, 3] })[dash] ?? dash.split(",").map(Number.parseFloat);

export function compact(value) {
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(4))}${letter}`;
  }
  return String(Number(value.toPrecision(3)));
}

export const percent = (value) => `${Math.round(100 * value)} %`;

export function element(tag, name, text = "", more = {}) {
  const node = document.createElement(tag);
  node.className = name;
  node.textContent = text;
  return Object.assign(node, more);
}
