// The figures of "Token-level loss". The functions above `figures` are the maths; the tests hold them against core/engine/algorithms/losses.py.

const sum = (values) => values.reduce((a, b) => a + b, 0);

// What one token of each completion counts in the loss of an update, for completions of these lengths.
export function tokenWeights(lengths, aggregation, maxTokens) {
  const all = sum(lengths);
  if (aggregation === "token_mean") return lengths.map(() => 1 / all);
  if (aggregation === "constant") return lengths.map(() => 1 / (lengths.length * maxTokens));
  return lengths.map((length) => 1 / (lengths.length * length));
}

// The same for a token mean over pieces of `size` completions: each divides by its own tokens, and the pieces are averaged; or all
// divide by the tokens of the whole update.
export function pieceWeights(lengths, size, shared) {
  const starts = lengths.map((_, i) => i).filter((i) => i % size === 0);
  const pieces = starts.map((start) => lengths.slice(start, start + size));
  const whole = sum(lengths);
  return pieces.flatMap((piece) => piece.map(() => (shared ? 1 / whole : 1 / (pieces.length * sum(piece)))));
}

export const figures = { weights: drawWeights, nonsense: drawNonsense, pieces: drawPieces };

// ---------------------------------------------------------------------------------------------------------------- two completions

const MODES = ["sequence_mean", "token_mean", "constant"];
const LIMIT = 32;

function drawWeights(fig, { number, percent }) {
  const knobs = {};
  for (const [name, value] of [["short", 4], ["long", 20]]) knobs[name] = fig.range(name, { min: 2, max: LIMIT, step: 1, value });
  const mode = fig.choice("mode", { options: MODES });
  const outputs = Object.fromEntries(["short_token", "long_token", "ratio", "share"].map((name) => [name, fig.output(name)]));
  const charts = {
    short: fig.chart({ height: 150, label: fig.say("short_picture"), margin: { bottom: 20 } }),
    long: fig.chart({ height: 170, label: fig.say("long_picture") }),
  };
  fig.draw((state) => {
    const lengths = [state.short, state.long];
    const found = tokenWeights(lengths, mode.value, LIMIT);
    const top = 1.25 * Math.max(...found);
    ["short", "long"].forEach((name, row) => {
      const chart = charts[name];
      const weight = found[row];
      const length = lengths[row];
      const x = { min: 0, max: LIMIT + 1, ticks: row ? undefined : [], label: row ? fig.say("x") : "" };
      chart.axes({ x, y: weightAxis(top, percent, fig.say(`${name}_words`, { length })) });
      for (let t = 1; t <= length; t++) chart.bar(`token${t}`, { x: t, width: 0.78, to: weight }, row ? "two" : "one");
      chart.handle(name, { control: knobs[name], x: length + 0.5, y: weight / 2 });
    });
    const shares = found.map((weight, row) => weight * lengths[row]);
    const part = shares[1] / sum(shares);
    outputs.short_token.set(percent(found[0], 2));
    outputs.long_token.set(percent(found[1], 2));
    outputs.ratio.set(number(found[0] / found[1], 2));
    outputs.share.set(percent(part));
    const times = number(Math.max(...found) / Math.min(...found), 1);
    const same = state.short === state.long;
    fig.note(fig.say(same ? "same" : mode.value === "sequence_mean" ? "by_sequence" : mode.value, { times, share: percent(part) }));
    const [a, b] = found.map((weight) => percent(weight, 2));
    fig.describe(fig.say("spoken", { mode: fig.say(`mode.${mode.value}`), short: state.short, long: state.long, a, b }));
  });
}

// An axis of weights with two ticks: 0, and a round number below `top`.
function weightAxis(top, percent, label) {
  const power = 10 ** Math.floor(Math.log10(top));
  const round = power * [5, 2, 1].find((m) => m * power < top);
  return { min: 0, max: top, ticks: [0, round], format: (v) => percent(v, v && v < 0.095 ? 1 : 0), label };
}

// ---------------------------------------------------------------------------------------------------------------- long nonsense

const LONGEST = 128;
const OTHERS = Array(7).fill(8);
const COLOURS = { sequence_mean: "down", token_mean: "one", constant: "two" };

function drawNonsense(fig, { number, percent, steps }) {
  const length = fig.range("length", { min: 4, max: LONGEST, step: 1, value: 40 });
  const mode = fig.choice("mode", { options: MODES });
  const outputs = Object.fromEntries(["token", "whole"].map((name) => [name, fig.output(name)]));
  const strip = fig.chart({ height: 62, label: fig.say("strip"), margin: { top: 24, bottom: 8 } });
  const chart = fig.chart({ height: 270 });
  const at = (aggregation, tokens) => tokenWeights([tokens, ...OTHERS], aggregation, LONGEST)[0];
  const push = (aggregation, tokens) => at(aggregation, tokens) / at(aggregation, 8);
  const lengths = steps(4, LONGEST, LONGEST - 3);
  fig.draw((state) => {
    const here = push(state.mode, state.length);
    const whole = (here * state.length) / 8;
    strip.axes({ x: { min: 0, max: LONGEST, ticks: [] }, y: { min: 0, max: 1, ticks: [], label: fig.say("strip") } });
    const strength = 0.06 + 0.94 * Math.min(here, 1);
    for (let t = 0; t < state.length; t++) strip.cell(`t${t}`, { x0: t + 0.1, x1: t + 0.9, y0: 0.1, y1: 1 }, "down", strength);
    const y = { min: 0, max: 2, ticks: [0, 0.5, 1, 1.5, 2], format: (v) => percent(v), label: fig.say("y") };
    chart.axes({ x: { min: 0, max: LONGEST, label: fig.say("x") }, y });
    for (const name of MODES) {
      chart.line(name, lengths.map((tokens) => [tokens, push(name, tokens)]), COLOURS[name], { dashed: name !== state.mode });
      chart.text(`${name}-words`, 100, push(name, 100), fig.say(`mode.${name}`), { dy: -8 });
    }
    chart.rule("here", { x: state.length });
    chart.handle("length", { control: length, x: state.length, y: here });
    outputs.token.set(percent(here));
    outputs.whole.set(percent(whole));
    const key = state.length === 8 ? "start" : state.length < 8 ? "shorter" : state.mode;
    fig.note(fig.say(key, { length: state.length, token: percent(here), whole: number(whole, 1) }));
    const said = { mode: fig.say(`mode.${mode.value}`), length: state.length, token: percent(here), whole: percent(whole) };
    fig.describe(fig.say("spoken", said));
  });
}

// ---------------------------------------------------------------------------------------------------------------- micro-batches

const FIRST = [24, 3, 12, 5, 30, 4, 8, 10];

function drawPieces(fig, { number, percent }) {
  const names = FIRST.map((_, i) => `l${i + 1}`);
  const knob = (name, i) => fig.value(name, { min: 1, max: LIMIT, step: 1, value: FIRST[i], label: fig.say("length", { n: i + 1 }) });
  const knobs = names.map(knob);
  fig.choice("size", { options: [8, 4, 2, 1], value: 1 });
  fig.toggle("shared", { value: false });
  const outputs = Object.fromEntries(["spread", "from_token", "from_sequence"].map((name) => [name, fig.output(name)]));
  const above = fig.chart({ height: 190, label: fig.say("lengths"), margin: { bottom: 14 } });
  const below = fig.chart({ height: 230 });
  const columns = { min: 0.4, max: FIRST.length + 0.6, ticks: [] };
  fig.draw((state) => {
    const lengths = names.map((name) => state[name]);
    const found = pieceWeights(lengths, state.size, state.shared);
    const asked = tokenWeights(lengths, "token_mean");
    const sequence = tokenWeights(lengths, "sequence_mean");
    above.axes({ x: columns, y: { min: 0, max: LIMIT, ticks: [0, 16, 32], label: fig.say("lengths") } });
    lengths.forEach((length, i) => {
      above.bar(`bar${i}`, { x: i + 1, width: 0.5, to: length }, "one");
      above.handle(names[i], { control: knobs[i], axis: "y", x: i + 1, y: length, reach: [i + 0.55, i + 1.45] });
    });
    const top = 1.15 * Math.max(...found, ...sequence);
    const numbered = names.map((_, i) => [i + 1, String(i + 1)]);
    below.axes({ x: { ...columns, ticks: numbered, label: fig.say("x") }, y: weightAxis(top, percent, fig.say("y")) });
    for (let at = state.size; at < FIRST.length; at += state.size) {
      above.rule(`border${at}`, { x: at + 0.5 });
      below.rule(`border${at}`, { x: at + 0.5 });
    }
    found.forEach((weight, i) => {
      below.bar(`bar${i}`, { x: i + 1, width: 0.5, to: weight }, "two");
      below.line(`mark${i}`, [[i + 0.7, sequence[i]], [i + 1.3, sequence[i]]], "down", { dashed: true });
    });
    below.line("asked", [[columns.min, asked[0]], [columns.max, asked[0]]], "ink");
    below.text("asked-words", columns.min, asked[0], fig.say("token_mean"), { anchor: "start", dx: 4, dy: -6 });
    const far = (wanted) => sum(found.map((weight, i) => Math.abs(weight - wanted[i]) * lengths[i])) / 2;
    outputs.spread.set(Math.max(...found) / Math.min(...found));
    outputs.from_token.set(percent(far(asked)));
    outputs.from_sequence.set(percent(far(sequence)));
    const equal = Math.max(...lengths) === Math.min(...lengths);
    const key = equal ? "equal" : state.shared ? "one_denominator" : state.size === 8 ? "whole" : state.size === 1 ? "became_sequence" : "between";
    fig.note(fig.say(key, { pieces: FIRST.length / state.size, spread: number(Math.max(...found) / Math.min(...found), 1) }));
    const list = (values, digits) => values.map((v) => (digits ? percent(v, digits) : v)).join(", ");
    fig.describe(fig.say("spoken", { lengths: list(lengths), size: state.size, weights: list(found, 1) }));
  });
}
