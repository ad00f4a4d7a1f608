// The figures of "GRPO in five minutes". The functions above `figures` are the maths; the tests hold them against core/engine/algorithms.

const STD_FLOOR = 1e-6;

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

// The sample standard deviation, ÷ G - 1.
export function sampleStd(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
}

// As core.engine.algorithms.advantages.group_advantages, for one group.
export function advantages(rewards, normalize) {
  if (Math.max(...rewards) === Math.min(...rewards)) return rewards.map(() => 0);
  const middle = mean(rewards);
  const by = normalize ? sampleStd(rewards) + STD_FLOOR : 1;
  return rewards.map((reward) => (reward - middle) / by);
}

// 1 ÷ the standard deviation of a very large group with a share p of right answers.
export const amplification = (p) => 1 / Math.sqrt(p * (1 - p));

// A group of `size` with `right` right answers: what the division multiplies by, and the two advantages it gives.
export function binaryGroup(right, size) {
  const rewards = Array.from({ length: size }, (_, i) => (i < right ? 1 : 0));
  const found = advantages(rewards, true);
  return { scale: right % size ? 1 / (sampleStd(rewards) + STD_FLOOR) : NaN, right: found[0], wrong: found[size - 1] };
}

// The clipped surrogate of one token, which core.engine.algorithms.losses.policy_loss takes with a minus sign; and its slope in the ratio.
export function surrogate(ratio, advantage, epsLow, epsHigh) {
  const clipped = Math.min(Math.max(ratio, 1 - epsLow), 1 + epsHigh);
  return Math.min(ratio * advantage, clipped * advantage);
}

export function slope(ratio, advantage, epsLow, epsHigh) {
  const flat = advantage > 0 ? ratio > 1 + epsHigh : ratio < 1 - epsLow;
  return flat ? 0 : advantage;
}

export const figures = { advantages: drawAdvantages, amplification: drawAmplification, surrogate: drawSurrogate };

// ---------------------------------------------------------------------------------------------------------------- pictures

const SIZE = 8;
const FIRST = [1, 0, 0, 1, 0, 0, 0, 0];

function drawAdvantages(fig, { number }) {
  const names = FIRST.map((_, i) => `r${i + 1}`);
  const knobs = names.map((name, i) => fig.value(name, { step: 0.02, value: FIRST[i], label: fig.say("answer", { n: i + 1 }) }));
  fig.toggle("normalize", { value: true });
  const outputs = ["mean", "std", "largest", "sum"].map((name) => fig.output(name));
  const above = fig.chart({ height: 190, label: fig.say("rewards"), margin: { bottom: 14 } });
  const below = fig.chart({ height: 220, label: fig.say("advantages") });
  const columns = { min: 0.4, max: SIZE + 0.6, ticks: [] };
  fig.draw((state) => {
    const rewards = names.map((name) => state[name]);
    const found = advantages(rewards, state.normalize);
    const middle = mean(rewards);
    above.axes({ x: columns, y: { min: 0, max: 1, label: fig.say("rewards"), ticks: [0, 0.5, 1] } });
    rewards.forEach((reward, i) => {
      above.bar(`bar${i}`, { x: i + 1, width: 0.5, to: reward }, "one");
      above.handle(names[i], { control: knobs[i], axis: "y", x: i + 1, y: reward, reach: [i + 0.55, i + 1.45] });
    });
    above.rule("mean", { y: middle, words: fig.say("mean_line", { mean: number(middle) }) });
    const reach = state.normalize ? 2.6 : 1;
    const numbered = names.map((_, i) => [i + 1, String(i + 1)]);
    const heights = { min: -reach, max: reach, label: fig.say("advantages") };
    below.axes({ x: { ...columns, ticks: numbered, label: fig.say("axis") }, y: heights });
    below.rule("zero", { y: 0 });
    found.forEach((value, i) => {
      below.bar(`bar${i}`, { x: i + 1, width: 0.5, to: value }, value < 0 ? "down" : "up");
      below.text(`value${i}`, i + 1, value, number(value), { dy: value < 0 ? 14 : -6 });
    });
    const up = found.filter((v) => v > 0).length;
    const down = found.filter((v) => v < 0).length;
    [middle, sampleStd(rewards), Math.max(...found), found.reduce((a, b) => a + b, 0)].forEach((v, i) => outputs[i].set(v));
    fig.note(up ? fig.say("mixed", { up, down }) : fig.say("equal"));
    const list = (values) => values.map((v) => number(v)).join(", ");
    fig.describe(fig.say("spoken", { rewards: list(rewards), mean: number(middle), advantages: list(found) }));
  });
}

function drawAmplification(fig, { number, percent, steps }) {
  const group = fig.choice("group", { options: [4, 8, 16, 64], value: 16 });
  const right = fig.range("right", {
    min: 0, max: 64, step: 1, value: 4, format: (v) => fig.say("of", { right: number(v, 0), group: group.value }),
  });
  const outputs = Object.fromEntries(["share", "scale", "up", "down"].map((name) => [name, fig.output(name)]));
  const chart = fig.chart({ height: 260 });
  const curve = steps(0.008, 0.992, 240).map((p) => [p, amplification(p)]);
  fig.draw((state) => {
    const size = state.group;
    right.limit(0, size);
    const count = right.value;
    const p = count / size;
    const found = binaryGroup(count, size);
    const top = 9;
    const x = { min: 0, max: 1, label: fig.say("x"), format: (v) => percent(v) };
    chart.axes({ x, y: { min: 0, max: top, ticks: [0, 2, 4, 6, 8], label: fig.say("y") } });
    chart.line("curve", curve.filter(([, y]) => y <= top), "quiet");
    chart.text("curve-words", 0.5, 2, fig.say("curve"), { dy: -14, name: "quiet" });
    for (let k = 1; k < size; k++) {
      const scale = binaryGroup(k, size).scale;
      if (scale <= top) chart.dot(`dot${k}`, k / size, scale, "one", size > 20 ? 2.5 : 4);
    }
    const alive = Number.isFinite(found.scale);
    const at = alive ? found.scale : 0;
    chart.rule("here", { x: p });
    chart.handle("right", { control: right, x: p, y: at, read: (share) => share * size });
    outputs.share.set(percent(p));
    outputs.scale.set(found.scale);
    outputs.up.set(count ? found.right : NaN);
    outputs.down.set(count < size ? found.wrong : NaN);
    const rare = { what: fig.say(p < 0.5 ? "rare_right" : "rare_wrong"), scale: number(found.scale, 1) };
    fig.note(!alive ? fig.say("nothing") : found.scale < 2.4 ? fig.say("even") : fig.say("rare", rare));
    const said = { right: count, group: size, scale: number(found.scale), up: number(found.right), down: number(found.wrong) };
    fig.describe(fig.say("spoken", said));
  });
}

function drawSurrogate(fig, { number, steps }) {
  const ratio = fig.range("ratio", { min: 0.4, max: 1.8, step: 0.01, value: 1 });
  fig.choice("sign", { options: ["good", "bad"] });
  fig.range("eps_low", { min: 0.05, max: 0.5, step: 0.01, value: 0.2 });
  fig.range("eps_high", { min: 0.05, max: 0.5, step: 0.01, value: 0.2 });
  const objective = fig.output("objective");
  const push = fig.output("slope");
  const chart = fig.chart({ height: 270 });
  fig.draw(({ sign, eps_low, eps_high, ratio: r }) => {
    const advantage = sign === "good" ? 1 : -1;
    const of = (x) => surrogate(x, advantage, eps_low, eps_high);
    const y = advantage > 0 ? { min: 0.2, max: 2 } : { min: -2, max: -0.2 };
    chart.axes({ x: { min: 0.4, max: 1.8, label: fig.say("x") }, y: { ...y, label: fig.say("y") } });
    const flat = advantage > 0 ? { x0: 1 + eps_high, x1: 1.8 } : { x0: 0.4, x1: 1 - eps_low };
    chart.cell("flat", { ...flat, y0: y.min, y1: y.max }, "quiet", 0.12);
    chart.rule("one", { x: 1, words: fig.say("nothing_yet") });
    const ends = [1 - eps_low, 1 + eps_high].filter((x) => x > 0.4 && x < 1.8);
    const xs = [0.4, ...ends, 1.8];
    chart.line("raw", [0.4, 1.8].map((x) => [x, x * advantage]), "quiet", { dashed: true });
    chart.line("surrogate", xs.map((x) => [x, of(x)]), advantage > 0 ? "up" : "down");
    const at = advantage > 0 ? { x: 1.62, dy: -2 } : { x: 0.62, dy: -12 };
    chart.text("raw-words", at.x, at.x * advantage, fig.say("unclipped"), { anchor: advantage > 0 ? "end" : "start", dx: -8, dy: at.dy, name: "quiet" });
    chart.handle("ratio", { control: ratio, x: r, y: of(r) });
    const pull = slope(r, advantage, eps_low, eps_high);
    objective.set(of(r));
    push.set(pull);
    const way = advantage > 0 ? "up" : "down";
    const against = advantage > 0 ? r < 1 - eps_low : r > 1 + eps_high;
    fig.note(fig.say(`${pull === 0 ? "clipped" : against ? "not_braked" : "pushes"}_${way}`));
    fig.describe(fig.say("spoken", { ratio: number(r), objective: number(of(r)), slope: number(pull, 0) }));
  });
}
