// The figures of "Entropy collapse and vanishing gradients". The functions above `figures` are the maths; the tests hold them against core.

export function softmax(scores) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

// In nats.
export const entropy = (probabilities) => probabilities.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);

// The chance that a group holds both right and wrong answers, if an answer is right with probability p.
export const mixed = (p, size) => 1 - p ** size - (1 - p) ** size;

// How strongly a group pulls, on average, at the score that decides between right and wrong: the gradient of the loss before any clip.
// Of k right answers among `size`, sqrt(q (1 - q) (size - 1) / size) with q = k / size; `only` counts mixed groups alone.
export function pull(p, size, only) {
  let sum = 0;
  let chance = (1 - p) ** size; // of k right answers, k = 0, 1, …
  for (let k = 1; k < size; k++) {
    chance *= ((size - k + 1) / k) * (p / (1 - p));
    const q = k / size;
    sum += chance * Math.sqrt((q * (1 - q) * (size - 1)) / size);
  }
  return only ? sum / mixed(p, size) : sum;
}

// A curve [[update, value], …] at an update: between two measured points as the line is drawn, beyond its ends flat.
export function valueAt(points, update) {
  const after = points.findIndex(([at]) => at >= update);
  if (after <= 0) return (after ? points.at(-1) : points[0])[1];
  const [[from, low], [to, high]] = [points[after - 1], points[after]];
  return low + ((update - from) / (to - from)) * (high - low);
}

// What came of a medicine: "helps", "undecided" (entropy is back, right answers are not) or "nothing".
export function verdict(final, alone) {
  if (final.gained.ci95[0] > 0.02) return "helps";
  return final.entropy_nats > 1.5 * alone.entropy_nats ? "undecided" : "nothing";
}

export const figures = { entropy: drawEntropy, signal: drawSignal, rescue: drawRescue };

// ---------------------------------------------------------------------------------------------------------------- pictures

const NAMES = ["A", "B", "C", "D", "E", "F"];
const RIGHT = 3;

function drawEntropy(fig, { number, percent }) {
  const first = [1, 0.5, 0, 0, -0.5, 0.5];
  const names = NAMES.map((name) => name.toLowerCase());
  const most = 8;
  const knobs = names.map((name, i) =>
    fig.value(name, { min: -most, max: most, step: 0.1, value: first[i], label: fig.say("score", { name: NAMES[i] }) }),
  );
  const shares = { format: (v) => percent(v, v > 0.0005 && v < 0.0995 ? 1 : 0) };
  const outputs = { entropy: fig.output("entropy"), options: fig.output("options", { digits: 1 }) };
  outputs.right = fig.output("right", shares);
  outputs.mixed = fig.output("mixed", shares);
  const above = fig.chart({ height: 190, label: fig.say("scores"), margin: { bottom: 14 } });
  const below = fig.chart({ height: 210, label: fig.say("probabilities") });
  const columns = { min: 0.4, max: NAMES.length + 0.6, ticks: [] };
  fig.draw((state) => {
    const scores = names.map((name) => state[name]);
    const found = softmax(scores);
    above.axes({ x: columns, y: { min: -most, max: most, label: fig.say("scores"), ticks: [-8, -4, 0, 4, 8] } });
    above.rule("zero", { y: 0 });
    scores.forEach((score, i) => {
      above.bar(`bar${i}`, { x: i + 1, width: 0.18, to: score }, "quiet");
      above.handle(names[i], { control: knobs[i], axis: "y", x: i + 1, y: score, reach: [i + 0.55, i + 1.45] });
    });
    const ticks = NAMES.map((name, i) => [i + 1, i === RIGHT ? fig.say("is_right", { name }) : name]);
    const heights = { min: 0, max: 1, label: fig.say("probabilities"), ticks: [0, 0.5, 1], format: (v) => percent(v) };
    below.axes({ x: { ...columns, ticks }, y: heights });
    found.forEach((p, i) => {
      below.bar(`bar${i}`, { x: i + 1, width: 0.5, to: p }, i === RIGHT ? "up" : "one");
      below.text(`share${i}`, i + 1, p, percent(p, p < 0.0995 ? 1 : 0), { dy: -6 });
    });
    const nats = entropy(found);
    const signal = mixed(found[RIGHT], 16);
    outputs.entropy.set(nats);
    outputs.options.set(Math.exp(nats));
    outputs.right.set(found[RIGHT]);
    outputs.mixed.set(signal);
    const sure = nats < 0.4 * Math.log(NAMES.length);
    const kind = !sure ? (signal < 0.2 ? "rare" : "undecided") : found[RIGHT] > 0.5 ? "sure_right" : signal < 0.2 ? "sure_wrong" : "sure_still";
    fig.note(fig.say(kind));
    const said = { entropy: number(nats), options: number(Math.exp(nats), 1), right: percent(found[RIGHT], 1), mixed: percent(signal) };
    fig.describe(fig.say("spoken", said));
  });
}

const logOdds = (p) => Math.log(p / (1 - p));
const fromLogOdds = (x) => 1 / (1 + Math.exp(-x));

function drawSignal(fig, { number, percent, steps }) {
  const p = fig.range("p", { min: 0.001, max: 0.999, step: 0.001, value: 0.2, format: (v) => percent(v, 1) });
  fig.choice("group", { options: [4, 8, 16, 64], value: 16 });
  fig.toggle("only", { value: false });
  const outputs = { entropy: fig.output("entropy", { digits: 3 }), mixed: fig.output("mixed", { format: (v) => percent(v, 1) }) };
  outputs.pull = fig.output("pull", { digits: 3 });
  outputs.cost = fig.output("cost", { digits: 0 });
  const chart = fig.chart({ height: 290 });
  const ticks = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999].map((value) => [logOdds(value), percent(value, value < 0.01 || value > 0.99 ? 1 : 0)]);
  const sharesOf = (value) => [value, 1 - value];
  fig.draw((state) => {
    const [size, only] = [state.group, state.only];
    const most = pull(0.5, size, false);
    const xs = steps(logOdds(0.001), logOdds(0.999), 161);
    const narrow = chart.width < 620;
    const top = narrow ? 1.4 : 1.2; // room for the key
    const shown = narrow ? ticks.filter((_, i) => i % 3 === 0) : ticks;
    const x = { min: xs[0], max: xs.at(-1), ticks: shown, label: fig.say("x") };
    chart.axes({ x, y: { min: 0, max: top, ticks: [0, 0.5, 1], label: fig.say("y"), format: (v) => percent(v) } });
    const drawn = {
      mixed: (v) => mixed(v, size),
      entropy: (v) => entropy(sharesOf(v)) / Math.log(2),
      pull: (v) => pull(v, size, only) / most,
    };
    const points = Object.fromEntries(Object.entries(drawn).map(([key, of]) => [key, xs.map((at) => [at, of(fromLogOdds(at))])]));
    chart.area("mixed-area", points.mixed, "one", 0);
    chart.line("mixed", points.mixed, "one");
    chart.line("entropy", points.entropy, "ink", { dashed: true });
    chart.line("pull", points.pull, "two");
    ["mixed", "entropy", "pull"].forEach((key, row) => {
      const [left, down] = [chart.x(xs[0]) + (narrow ? 0 : 215 * row), chart.y(top) + 6 + (narrow ? 17 * row : 4)];
      const ends = [left, left + 20].map((pixel) => [chart.x.invert(pixel), chart.y.invert(down)]);
      chart.line(`${key}-sample`, ends, { mixed: "one", entropy: "ink", pull: "two" }[key], { dashed: key === "entropy" });
      chart.text(`${key}-words`, ends[1][0], ends[1][1], fig.say(`line_${key}`), { anchor: "start", dx: 6, dy: 4 });
    });
    const here = state.p;
    const [group, height] = [mixed(here, size), pull(here, size, only)];
    chart.rule("here", { x: logOdds(here) });
    chart.handle("p", { control: p, x: logOdds(here), y: height / most, read: fromLogOdds });
    outputs.entropy.set(entropy(sharesOf(here)));
    outputs.mixed.set(group);
    outputs.pull.set(height);
    outputs.cost.set(size / group);
    const end = group < 0.25;
    const kind = !end ? "middle" : only ? "bought" : here < 0.5 ? "low" : "high";
    fig.note(fig.say(kind, { cost: number(size / group, 0) }));
    const said = { p: percent(here, 1), entropy: number(entropy(sharesOf(here)), 3), mixed: percent(group, 1), pull: number(height, 3) };
    fig.describe(fig.say("spoken", said));
  });
}

function drawRescue(fig, { number }) {
  const told = fig.data;
  const patients = Object.keys(told);
  fig.choice("patient", { options: patients });
  fig.choice("medicine", { options: Object.keys(told[patients[0]].curves), value: "dynamic" });
  fig.choice("metric", { options: ["entropy_nats", "grad_norm", "eval_accuracy"], value: "eval_accuracy" });
  const first = told[patients[0]];
  const update = fig.range("update", { min: 1, max: Math.max(...patients.map((name) => told[name].updates)), step: 1, value: first.updates, format: (v) => number(v, 0) });
  const outputs = { alone: fig.output("alone", { digits: 3 }), treated: fig.output("treated", { digits: 3 }) };
  outputs.times = fig.output("times", { format: (v) => `× ${number(v, 1)}` });
  const chart = fig.chart({ height: 290 });
  fig.draw((state) => {
    const { at, updates, before, curves, final } = told[state.patient];
    update.limit(at, updates);
    const now = update.value;
    const of = (key) => [before[state.metric].at(-1), ...curves[key][state.metric]].filter(Boolean);
    const [alone, treated] = [of("alone"), of(state.medicine)];
    const all = [...before[state.metric], ...Object.keys(curves).flatMap(of)].map(([, y]) => y);
    const top = state.metric === "eval_accuracy" ? 1 : Math.max(...all) * 1.1;
    chart.axes({ x: { min: 1, max: updates, label: fig.say("x") }, y: { min: 0, max: top, label: fig.say(`metric.${state.metric}`) } });
    chart.rule("left", { x: at, words: fig.say("left") });
    chart.line("before", before[state.metric], "grpo");
    chart.line("alone", alone, "grpo", { dashed: true });
    if (state.medicine !== "alone") chart.line("treated", treated, "two");
    const [there, here] = [valueAt(alone, now), valueAt(treated, now)];
    chart.dot("alone-dot", now, there, "grpo", 5);
    chart.handle("update", { control: update, x: now, y: here });
    outputs.alone.set(there);
    outputs.treated.set(here);
    outputs.times.set(final[state.medicine].samples / final.alone.samples);
    const medicine = fig.say(`medicine.${state.medicine}`);
    const gain = number(final[state.medicine].gained.mean, 2);
    const kind = state.medicine === "alone" ? "alone_note" : verdict(final[state.medicine], final.alone);
    fig.note(fig.say(kind, { medicine, gain, accuracy: number(final.alone.eval_accuracy, 2) }));
    const words = { medicine, update: now, metric: fig.say(`metric.${state.metric}`), alone: number(there, 3), treated: number(here, 3) };
    fig.describe(fig.say("spoken", words));
  });
}
