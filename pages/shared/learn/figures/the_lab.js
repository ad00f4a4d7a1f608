// The figures of "The lab that printed 0.0000". The functions above `figures` are the maths; the tests hold them against core.

// The lab's policy in one number: three actions, the score of the best one is theta, the others' are 0.
export const probability = (theta) => Math.exp(theta) / (Math.exp(theta) + 2);

// The ratio that the loss computes at theta, where the answers were sampled at theta 0. Undetached, both sides are computed at theta.
export const ratio = (theta, detached) => (detached ? probability(theta) / probability(0) : 1);

// Its derivative in theta, which is the gradient that an answer with advantage 1 sends back.
export const slope = (theta, detached) => (detached ? ratio(theta, true) * (1 - probability(theta)) : 0);

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
const variance = (values, divisor) => values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / divisor;

// What a filter measures. "batch": the standard deviation of all rewards at once (÷ n-1), for every group; "noisy": each group's
// variance (÷ G) of the noisy rewards; "raw": each group's variance of right and wrong.
export function spreads(rewards, correct, look) {
  if (look === "batch") {
    const all = rewards.flat();
    return rewards.map(() => Math.sqrt(variance(all, all.length - 1)));
  }
  return (look === "noisy" ? rewards : correct).map((group) => variance(group, group.length));
}

// As core.engine.algorithms.sampling.keep_groups for dynamic_sampling "filter", where the greatest noiseless reward is 1 and the least 0.
export const keep = (rewards, correct, look, threshold) => spreads(rewards, correct, look).map((spread) => spread >= threshold);

export const figures = { graph: drawGraph, batch: drawBatch };

// ---------------------------------------------------------------------------------------------------------------- pictures

function drawGraph(fig, { number, percent, steps }) {
  const theta = fig.range("theta", { min: -2, max: 3, step: 0.05, value: 0 });
  fig.toggle("detached");
  const outputs = Object.fromEntries(["now", "ratio", "slope"].map((name) => [name, fig.output(name)]));
  const chart = fig.chart({ height: 270 });
  fig.draw(({ theta: at, detached }) => {
    const y = ratio(at, detached);
    const pull = slope(at, detached);
    chart.axes({ x: { min: -2, max: 3, label: fig.say("x") }, y: { min: 0, max: 3, label: fig.say("y") } });
    const draw = (kind) => steps(-2, 3, 160).map((x) => [x, ratio(x, kind)]);
    chart.line("other", draw(!detached), "quiet", { dashed: true });
    chart.line("curve", draw(detached), detached ? "up" : "down");
    chart.rule("sampled", { x: 0, words: fig.say("sampled") });
    const reach = 0.8;
    const ends = [-reach, reach].map((d) => [at + d, y + d * pull]).filter(([x]) => x >= -2 && x <= 3);
    if (ends.length === 2) chart.line("tangent", ends, "ink");
    chart.text("other-words", 1.9, detached ? 1 : ratio(1.9, true), fig.say(detached ? "if_undetached" : "if_detached"), { dy: detached ? -8 : -14, anchor: "end", dx: -6, name: "quiet" });
    chart.handle("theta", { control: theta, x: at, y });
    outputs.now.set(percent(probability(at)));
    outputs.ratio.set(y);
    outputs.slope.set(pull);
    fig.note(fig.say(!detached ? "flat" : Math.abs(at) < 0.03 ? "start" : "slopes", { slope: number(pull) }));
    fig.describe(fig.say("spoken", { now: percent(probability(at)), ratio: number(y), slope: number(pull) }));
  });
}

// Three groups of six: what the answers deserve, and fixed draws of the noise.
const DESERVED = [[1, 1, 1, 1, 1, 1], [0.3, 0.3, 0.3, 0.3, 0.3, 0.3], [1, 0.3, 0.3, 1, 0.3, 0.3]];
const DRAWS = [[0.4, -1.1, 0.8, -0.2, 1.3, -0.9], [-0.6, 0.9, -1.4, 0.3, 1.0, -0.1], [0.2, 0.7, -0.8, -0.5, 1.2, -1.0]];

function drawBatch(fig, { number }) {
  const threshold = fig.range("threshold", { min: 0, max: 0.5, step: 0.01, value: 0.05 });
  fig.choice("look", { options: ["batch", "noisy", "raw"] });
  fig.range("noise", { min: 0, max: 0.5, step: 0.01, value: 0.1 });
  const outputs = Object.fromEntries(["dropped", "alive"].map((name) => [name, fig.output(name)]));
  const above = fig.chart({ height: 190, label: fig.say("rewards"), margin: { bottom: 14 } });
  const below = fig.chart({ height: 220, label: fig.say("measured") });
  fig.draw(({ look, noise, threshold: bound }) => {
    const rewards = DESERVED.map((group, g) => group.map((r, i) => Math.max(0, r + noise * DRAWS[g][i])));
    const correct = DESERVED.map((group) => group.map((r) => (r === 1 ? 1 : 0)));
    const measured = spreads(rewards, correct, look);
    const kept = keep(rewards, correct, look, bound);
    const columns = { min: 0.4, max: 3.75, ticks: [] };
    above.axes({ x: columns, y: { min: 0, max: 1.7, ticks: [0, 0.5, 1, 1.5], label: fig.say("rewards") } });
    rewards.forEach((group, g) => group.forEach((r, i) => above.dot(`dot${g}-${i}`, g + 0.7 + 0.12 * i, r, correct[g][i] ? "up" : "down", 5)));
    const names = ["all_right", "all_wrong", "mixed"].map((name, g) => [g + 1, fig.say(name)]);
    below.axes({ x: { ...columns, ticks: names }, y: { min: 0, max: 0.5, label: fig.say(`spread_${look}`) } });
    if (look === "batch") {
      below.bar("all", { x: 2, width: 2.7, to: measured[0] }, kept[0] ? "one" : "three");
      below.text("all-words", 2, measured[0], fig.say("one_number", { value: number(measured[0]) }), { dy: -6 });
    } else {
      measured.forEach((value, g) => {
        below.bar(`bar${g}`, { x: g + 1, width: 0.5, to: value }, kept[g] ? "one" : "three");
        below.text(`words${g}`, g + 1, Math.max(value, bound), fig.say(kept[g] ? "is_kept" : "is_dropped", { value: number(value, 3) }), { dy: kept[g] ? -8 : -22 });
      });
    }
    below.rule("threshold-line", { y: bound, words: fig.say("threshold_line"), side: "start" });
    below.handle("threshold", { control: threshold, axis: "y", x: 3.6, y: bound });
    const dropped = kept.filter((k) => !k).length;
    const alive = kept.filter((k, g) => k && g < 2).length;
    outputs.dropped.set(fig.say("of", { n: dropped }));
    outputs.alive.set(fig.say("of_dead", { n: alive }));
    const right = dropped === 2 && !kept[0] && !kept[1];
    fig.note(fig.say(right ? "found" : dropped === 3 ? "everything" : dropped === 0 ? `missed_${look}` : "half"));
    fig.describe(fig.say("spoken", { dropped, alive }));
  });
}
