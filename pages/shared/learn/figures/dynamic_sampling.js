// The figures of "Dynamic sampling". The functions above `figures` are the maths; the tests hold them against core.

const STD_FLOOR = 1e-6;

const sum = (values) => values.reduce((a, b) => a + b, 0);
const mean = (values) => sum(values) / values.length;
const count = (flags) => flags.filter(Boolean).length;

// Of a very long row of groups of `size` answers, each right with probability p: the shares without signal, and what one with it costs.
export function deadGroups(p, size) {
  const [wrong, right] = [(1 - p) ** size, p ** size];
  return { wrong, right, dead: wrong + right, cost: 1 / (1 - wrong - right) };
}

// `rounds` of groups, each given as its number of right answers of `size`, fill a batch of as many slots as a round has groups: what
// becomes of every group, and which ones the slots hold, by their place in the order of generation.
export function fillBatch(rounds, size) {
  const slots = [];
  const fates = rounds.map((groups, r) =>
    groups.map((right, i) => {
      if (right === 0) return "wrong";
      if (right === size) return "right";
      if (slots.length === groups.length) return "surplus";
      slots.push(r * groups.length + i);
      return "kept";
    }),
  );
  return { fates, slots };
}

export const overlongPenalty = (length, most, buffer, penalty) => -penalty * Math.min(Math.max((length - most + buffer) / buffer, 0), 1);

// Whether dynamic sampling keeps a group, asked about its correctness or about its rewards.
export function keepGroup(correct, rewards, on) {
  if (on === "reward") return Math.max(...rewards) > Math.min(...rewards);
  return count(correct) > 0 && count(correct) < correct.length;
}

export function groupAdvantages(rewards) {
  if (Math.max(...rewards) === Math.min(...rewards)) return rewards.map(() => 0);
  const by = sampleStd(rewards) + STD_FLOOR;
  return rewards.map((reward) => (reward - mean(rewards)) / by);
}

export function sampleStd(values) {
  const middle = mean(values);
  return Math.sqrt(sum(values.map((v) => (v - middle) ** 2)) / (values.length - 1));
}

// The lab's question, put to a whole batch, and the right one, put to each of its groups: do they keep it?
export function labFilter(rewards, correct, size, threshold) {
  const groups = Array.from({ length: correct.length / size }, (_, g) => correct.slice(g * size, (g + 1) * size));
  return { whole: sampleStd(rewards) >= threshold, perGroup: groups.map((group) => keepGroup(group, [], "correct")) };
}

// What is read at x from a curve of measured points, joined by straight lines and flat beyond its ends.
export function reading(xs, ys, x) {
  const after = xs.findIndex((at) => at >= x);
  if (after <= 0) return after ? ys.at(-1) : ys[0];
  const part = (x - xs[after - 1]) / (xs[after] - xs[after - 1]);
  return ys[after - 1] + part * (ys[after] - ys[after - 1]);
}

export const figures = { surface: drawSurface, batch: drawBatch, views: drawViews, filter: drawFilter, lab: drawLab };

// ---------------------------------------------------------------------------------------------------------------- the surface

const SIZES = { min: 2, max: 64 };
const LEVELS = [[0.1, 16], [0.5, 5], [0.9, 2.6]]; // share of dead groups, and where its line is labelled

function drawSurface(fig, { number, percent, steps }) {
  const accuracy = fig.range("accuracy", { min: 0.01, max: 0.99, step: 0.01, value: 0.9, format: (v) => percent(v) });
  const group = fig.range("group", { ...SIZES, step: 1, value: 8 });
  const outputs = Object.fromEntries(["dead", "wrong", "right", "cost"].map((name) => [name, fig.output(name)]));
  const map = fig.chart({ height: 270 });
  const slice = fig.chart({ height: 190, label: fig.say("slice") });
  const ps = steps(0, 1, 41);
  const between = (parts) => steps(0, 1, parts + 1).map((part) => SIZES.min * (SIZES.max / SIZES.min) ** part);
  const sizes = between(20);
  const curve = steps(0, 1, 161);
  const contours = LEVELS.map(([level]) => between(80).map((size) => [contour(level, size), size]));
  fig.draw(({ accuracy: p, group: size }) => {
    const found = deadGroups(p, size);
    const x = { min: 0, max: 1, label: fig.say("x"), format: (v) => percent(v) };
    map.axes({ x, y: { ...SIZES, log: true, ticks: [2, 4, 8, 16, 32, 64], label: fig.say("y") } });
    for (let i = 0; i + 1 < ps.length; i++) {
      for (let j = 0; j + 1 < sizes.length; j++) {
        const middle = deadGroups((ps[i] + ps[i + 1]) / 2, Math.sqrt(sizes[j] * sizes[j + 1]));
        const side = middle.wrong > middle.right ? "down" : "up";
        map.cell(`${i}/${j}`, { x0: ps[i], x1: ps[i + 1], y0: sizes[j], y1: sizes[j + 1] }, side, 0.8 * middle.dead);
      }
    }
    contours.forEach((points, k) => {
      const shown = points.filter(([at]) => Number.isFinite(at));
      map.line(`left${k}`, shown, "quiet");
      map.line(`right${k}`, shown.map(([at, y]) => [1 - at, y]), "quiet");
      const [level, height] = LEVELS[k];
      map.text(`level${k}`, contour(level, height), height, percent(level), { dx: 6, anchor: "start" });
    });
    map.rule("p", { x: p });
    map.rule("size", { y: size });
    map.handle("here", { control: accuracy, x: p, y: size, across: { control: group } });
    slice.axes({ x, y: { min: 0, max: 1, ticks: [0, 0.5, 1], format: (v) => percent(v), label: fig.say("slice_y", { group: size }) } });
    slice.area("wrong", curve.map((at) => [at, (1 - at) ** size]), "down");
    slice.area("right", curve.map((at) => [at, at ** size]), "up");
    slice.line("dead", curve.map((at) => [at, deadGroups(at, size).dead]), "ink");
    slice.text("wrong-words", 0.01, 0, fig.say("all_wrong"), { anchor: "start", dy: -8 });
    slice.text("right-words", 0.99, 0, fig.say("all_right"), { anchor: "end", dy: -8 });
    slice.rule("p", { x: p });
    slice.dot("here", p, found.dead, "ink", 5);
    for (const name of ["dead", "wrong", "right"]) outputs[name].set(percent(found[name], 1));
    outputs.cost.set(number(found.cost, found.cost < 100 ? 2 : 0));
    const said = { dead: percent(found.dead), which: fig.say(p < 0.5 ? "all_wrong" : "all_right"), cost: number(found.cost, 1) };
    fig.note(fig.say(found.dead < 0.1 ? "alive" : found.dead < 0.9 ? "partly" : "nearly", said));
    fig.describe(fig.say("spoken", { p: percent(p), group: size, dead: percent(found.dead), cost: number(found.cost, 1) }));
  });
}

// The accuracy below one half at which a share `level` of groups is dead.
function contour(level, size) {
  if (deadGroups(0.5, size).dead > level) return NaN;
  let [low, high] = [0, 0.5];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (deadGroups(middle, size).dead > level) low = middle;
    else high = middle;
  }
  return low;
}

// ---------------------------------------------------------------------------------------------------------------- the batch

const BATCH = 16;
const MOST_ROUNDS = 10;
const LOOK = { kept: ["one", 0.5], wrong: ["down", 0.2], right: ["up", 0.2], surplus: ["quiet", 0.1] };

function drawBatch(fig, { number, percent }) {
  fig.toggle("play");
  const made = fig.range("generated", { min: 0, max: BATCH * MOST_ROUNDS, step: 1, value: 24 });
  fig.range("sure", { min: 0.5, max: 0.99, step: 0.01, value: 0.95, format: (v) => percent(v) });
  fig.choice("group", { options: [4, 8, 16], value: 8 });
  fig.range("draw", { min: 1, max: 20, step: 1, value: 1 });
  const outputs = Object.fromEntries(["filled", "dropped", "completions", "cost"].map((name) => [name, fig.output(name)]));
  const grid = fig.chart({ height: 300, margin: { bottom: 4 } });
  const bill = fig.chart({ height: 96, label: fig.say("bill"), margin: { top: 34 } });
  const playing = player(fig, made);
  fig.draw((state) => {
    const { group: size } = state;
    const rounds = drawnRounds(state);
    const all = fillBatch(rounds, size);
    const needed = all.slots.length < BATCH ? MOST_ROUNDS : Math.floor(all.slots.at(-1) / BATCH) + 1;
    made.limit(0, needed * BATCH);
    const done = made.value;
    playing(state.play, done >= needed * BATCH);
    const kept = all.slots.filter((at) => at < done);
    grid.axes({ x: { min: 0, max: BATCH, ticks: [] }, y: { min: -1.6, max: MOST_ROUNDS, ticks: [], label: fig.say("rounds") } });
    for (let r = 0; r < MOST_ROUNDS; r++) {
      inField(grid, `row${r}`, 0, MOST_ROUNDS - r - 0.5, String(r + 1), r < needed ? "ink" : "quiet", "end");
    }
    inField(grid, "batch", 0, -1, fig.say("batch"), "ink", "end");
    rounds.forEach((groups, r) =>
      groups.forEach((right, i) => {
        const at = r * BATCH + i;
        const place = { x0: i + 0.06, x1: i + 0.94, y0: MOST_ROUNDS - r - 0.94, y1: MOST_ROUNDS - r - 0.06 };
        if (at >= done) return void (r < needed && grid.cell(`g${at}`, place, "quiet", 0.05));
        const [name, strength] = LOOK[all.fates[r][i]];
        grid.cell(`g${at}`, place, name, strength);
        inField(grid, `n${at}`, i + 0.5, MOST_ROUNDS - r - 0.5, String(right), all.fates[r][i] === "kept" ? "ink" : "quiet");
      }),
    );
    for (let slot = 0; slot < BATCH; slot++) {
      const filled = slot < kept.length;
      grid.cell(`s${slot}`, { x0: slot + 0.06, x1: slot + 0.94, y0: -1.5, y1: -0.5 }, filled ? "one" : "quiet", filled ? 0.5 : 0.1);
      if (filled) inField(grid, `t${slot}`, slot + 0.5, -1, String(rounds.flat()[kept[slot]]));
    }
    const one = BATCH * size;
    const ticks = Array.from({ length: 6 }, (_, k) => 2 * k * one);
    bill.axes({ x: { min: 0, max: MOST_ROUNDS * one, ticks, label: fig.say("samples") }, y: { min: 0, max: 1, ticks: [] } });
    bill.cell("spent", { x0: 0, x1: done * size, y0: 0, y1: 1 }, "one", 0.5);
    bill.rule("without", { x: one });
    bill.text("without-words", one, 1, fig.say("without"), { anchor: "start", dx: -4, dy: -8, name: "quiet" });
    bill.handle("generated", { control: made, x: done * size, y: 0.5, read: (value) => value / size });
    const dropped = done - kept.length;
    outputs.filled.set(fig.say("of", { filled: kept.length, batch: BATCH }));
    outputs.dropped.set(number(dropped, 0));
    outputs.completions.set(number(done * size, 0));
    outputs.cost.set(done / kept.length);
    fig.note(remark(fig, { done, needed, rounds, all, kept, size }));
    fig.describe(fig.say("spoken", { done, dropped, filled: kept.length, batch: BATCH, completions: done * size }));
  });
}

// Words in a field, or left of the first one.
function inField(chart, key, x, y, words, colour = "ink", anchor = "middle") {
  const look = { class: "lf-number", "text-anchor": anchor, style: `fill: var(--${colour}); stroke: none` };
  chart.write(key, chart.x(x) - (anchor === "end" ? 7 : 0), chart.y(y) + 4, words, look);
}

function remark(fig, { done, needed, rounds, all, kept, size }) {
  if (done === 0) return fig.say("empty");
  const end = { filled: kept.length, rounds: needed, batch: BATCH };
  if (done === needed * BATCH) return fig.say(kept.length === BATCH ? "full" : "gave_up", end);
  const right = rounds.flat()[done - 1];
  return fig.say(`group_${all.fates.flat()[done - 1]}`, { n: done, right, group: size, filled: kept.length });
}

// Half of the prompts are answered right with probability `sure`, the other half wrong with it. The numbers are drawn anew, and come
// out the same, for every drawing.
function drawnRounds({ sure, group, draw }) {
  const uniform = generator(draw);
  return Array.from({ length: MOST_ROUNDS }, () =>
    Array.from({ length: BATCH }, () => {
      const chance = uniform() < 0.5 ? sure : 1 - sure;
      const answers = Array.from({ length: 16 }, uniform); // so that another group size is the same prompts, asked more often
      return answers.slice(0, group).filter((u) => u < chance).length;
    }),
  );
}

// mulberry32: uniform numbers from a seed.
function generator(seed) {
  let a = Math.imul(seed, 0x9e3779b1);
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Generates group after group while `play` is on, and switches it off at the end. Where motion is not wanted, all at once.
function player(fig, made) {
  let timer = null;
  const stop = () => (timer = clearInterval(timer) ?? null);
  const step = () => {
    if (!fig.root.isConnected || fig.root.learnFigure !== fig) return stop();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    fig.set({ generated: calm ? made.max : made.value + 1 });
  };
  return (play, finished) => {
    if (play && timer === null) {
      timer = setInterval(step, 60);
      if (finished) queueMicrotask(() => fig.set({ generated: 0 }));
    } else if (timer !== null && (!play || finished)) {
      stop();
      if (play) queueMicrotask(() => fig.set({ play: false }));
    }
  };
}

// ---------------------------------------------------------------------------------------------------------------- one run, two axes

function drawViews(fig, { number, percent }) {
  const runs = fig.data;
  const axis = fig.choice("axis", { options: ["updates", "samples"] });
  const most = (name) => Math.max(...Object.values(runs).map((run) => run[name].at(-1)));
  const least = (name) => Math.min(...Object.values(runs).map((run) => run[name][0]));
  const place = { updates: [0, most("updates")], samples: [least("samples"), most("samples")] };
  const value = (part, name = axis.value) => {
    const [low, high] = place[name];
    return name === "samples" ? low * (high / low) ** part : low + part * (high - low);
  };
  const where = (x, name = axis.value) => {
    const [low, high] = place[name];
    return name === "samples" ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
  };
  const words = (part) => fig.say(`at_${axis.value}`, { n: thousands(value(part)) });
  const at = fig.range("at", { min: 0, max: 1, step: 0.01, value: 0.9, format: words });
  const outputs = Object.fromEntries(["grpo", "dapo", "grpo_paid", "dapo_paid"].map((name) => [name, fig.output(name)]));
  const chart = fig.chart({ height: 280 });
  fig.draw((state) => {
    const name = state.axis;
    at.show();
    const [min, max] = place[name];
    const ticks = name === "samples" ? [300, 1000, 3000, 10000, 30000, 100000].map((v) => [v, thousands(v)]) : undefined;
    const across = { min, max, log: name === "samples", ticks, label: fig.say(`x_${name}`) };
    chart.axes({ x: across, y: { min: 0, max: 1, label: fig.say("y"), format: (v) => percent(v) } });
    const x = value(state.at);
    const read = {};
    for (const [label, run] of Object.entries(runs)) {
      const colour = label.toLowerCase();
      const over = x > run[name].at(-1) * (1 + 1e-9);
      chart.line(label, run[name].map((v, i) => [v, run.accuracy[i]]), colour, { dashed: label === "GRPO" });
      chart.text(`${label}-words`, run[name].at(-1), run.accuracy.at(-1), label, { anchor: "end", dy: -10 });
      read[label] = { accuracy: over ? NaN : reading(run[name], run.accuracy, x), over };
      if (!over) chart.dot(`${label}-dot`, x, read[label].accuracy, colour, 5);
      const other = name === "samples" ? "updates" : "samples";
      read[label].paid = over ? NaN : reading(run[name], run[other], x);
    }
    chart.rule("here", { x });
    chart.handle("at", { control: at, x, y: 0.04, read: (v) => where(v) });
    for (const label of ["GRPO", "DAPO"]) {
      outputs[label.toLowerCase()].set(percent(read[label].accuracy, 1));
      const paid = Number.isFinite(read[label].paid) ? fig.say(`paid_${name}`, { n: thousands(Math.round(read[label].paid)) }) : "–";
      outputs[`${label.toLowerCase()}_paid`].set(paid);
    }
    const ahead = read.DAPO.accuracy - read.GRPO.accuracy;
    const times = number(read.DAPO.paid / read.GRPO.paid, 1);
    const bySamples = Math.abs(ahead) < 0.05 ? "level" : ahead > 0 ? "dapo_ahead" : "grpo_ahead";
    const byUpdates = ahead > 0.05 ? "updates_dapo" : "updates_level";
    fig.note(fig.say(read.GRPO.over ? "grpo_ended" : name === "samples" ? bySamples : byUpdates, { times, ahead: number(100 * Math.abs(ahead), 0) }));
    fig.describe(fig.say("spoken", { where: words(state.at), grpo: percent(read.GRPO.accuracy), dapo: percent(read.DAPO.accuracy) }));
  });
}

// 15,360
const thousands = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");

// ---------------------------------------------------------------------------------------------------------------- the filter

const LIMIT = 32;
const BUFFER = 16;
const PENALTY = 0.5;
const LENGTHS = [9, 30, 26, 18, 32, 22, 29, 13];
const NORMAL = [0.62, -1.21, 0.35, 1.48, -0.44, -0.93, 0.11, 0.78]; // as if drawn, so that the picture is the same for everybody

function drawFilter(fig, { number }) {
  const names = LENGTHS.map((_, i) => `l${i + 1}`);
  const knob = (name, i) => fig.value(name, { min: 1, max: LIMIT, step: 1, value: LENGTHS[i], label: fig.say("length", { n: i + 1 }) });
  const knobs = names.map(knob);
  fig.choice("on", { options: ["correct", "reward"], value: "reward" });
  fig.range("right", { min: 0, max: LENGTHS.length, step: 1, value: 0, format: (v) => fig.say("of", { right: v, group: LENGTHS.length }) });
  fig.toggle("punish", { value: true });
  fig.range("noise", { min: 0, max: 0.3, step: 0.01, value: 0 });
  const outputs = Object.fromEntries(["decision", "correct_spread", "reward_spread", "largest"].map((name) => [name, fig.output(name)]));
  const above = fig.chart({ height: 200, label: fig.say("lengths"), margin: { bottom: 26 } });
  const below = fig.chart({ height: 220, label: fig.say("advantages") });
  const columns = { min: 0.4, max: LENGTHS.length + 0.6, ticks: [] };
  fig.draw((state) => {
    const lengths = names.map((name) => state[name]);
    const correct = lengths.map((_, i) => i < state.right);
    const penalties = lengths.map((length) => (state.punish ? overlongPenalty(length, LIMIT, BUFFER, PENALTY) : 0));
    const rewards = lengths.map((_, i) => Number(correct[i]) + penalties[i] + state.noise * NORMAL[i]);
    const keep = keepGroup(correct, rewards, state.on);
    const found = keep ? groupAdvantages(rewards) : rewards.map(() => 0);
    const verdicts = correct.map((ok, i) => [i + 1, fig.say(ok ? "is_right" : "is_wrong")]);
    const tall = { min: 0, max: LIMIT, ticks: [0, 16, 32], label: fig.say(state.punish ? "lengths_punished" : "lengths") };
    above.axes({ x: { ...columns, ticks: verdicts }, y: tall });
    if (state.punish) {
      above.cell("ramp", { x0: columns.min, x1: columns.max, y0: LIMIT - BUFFER, y1: LIMIT }, "quiet", 0.1);
      above.rule("from", { y: LIMIT - BUFFER });
    }
    lengths.forEach((length, i) => {
      above.bar(`bar${i}`, { x: i + 1, width: 0.5, to: length }, "one");
      above.handle(names[i], { control: knobs[i], axis: "y", x: i + 1, y: length, reach: [i + 0.55, i + 1.45] });
    });
    const numbered = lengths.map((_, i) => [i + 1, String(i + 1)]);
    below.axes({ x: { ...columns, ticks: numbered, label: fig.say("x") }, y: { min: -2.6, max: 2.6, label: fig.say("advantages") } });
    below.rule("zero", { y: 0 });
    found.forEach((value, i) => {
      below.bar(`bar${i}`, { x: i + 1, width: 0.5, to: value }, value < 0 ? "down" : "up");
      below.text(`value${i}`, i + 1, value, number(value), { dy: value < 0 ? 14 : -6 });
    });
    const spread = Math.max(...rewards) - Math.min(...rewards);
    outputs.decision.set(fig.say(keep ? "kept" : "dropped"));
    outputs.correct_spread.set(fig.say("of", { right: state.right, group: LENGTHS.length }));
    outputs.reward_spread.set(spread);
    outputs.largest.set(Math.max(...found.map(Math.abs)));
    fig.note(fig.say(verdict(state, correct, keep)));
    const list = (values) => values.map((v) => number(v)).join(", ");
    const decision = fig.say(keep ? "kept" : "dropped");
    fig.describe(fig.say("spoken", { right: state.right, rewards: list(rewards), decision, advantages: list(found) }));
  });
}

function verdict({ noise, punish }, correct, keep) {
  const mixed = count(correct) > 0 && count(correct) < correct.length;
  if (mixed) return "mixed";
  if (!keep) return "rightly_dropped";
  return noise > 0 && punish ? "learns_both" : noise > 0 ? "learns_noise" : "learns_short";
}

// ---------------------------------------------------------------------------------------------------------------- the lab

const ANSWERS = 32;
const PAID = { best: 1, others: [0.3, 0.5] };

function drawLab(fig, { number }) {
  const best = fig.range("best", { min: 0, max: ANSWERS, step: 1, value: 24, format: (v) => fig.say("of", { best: v, all: ANSWERS }) });
  fig.range("noise", { min: 0, max: 0.3, step: 0.01, value: 0.1 });
  fig.range("threshold", { min: 0.01, max: 0.5, step: 0.01, value: 0.05 });
  fig.choice("groups", { options: [1, 4] });
  const outputs = Object.fromEntries(["std", "whole", "alive"].map((name) => [name, fig.output(name)]));
  const above = fig.chart({ height: 190, label: fig.say("rewards"), margin: { bottom: 24 } });
  const below = fig.chart({ height: 240 });
  const noise = standardNormals(ANSWERS);
  fig.draw((state) => {
    const at = (k) => labRewards(k, state.noise, noise);
    const rewards = at(state.best);
    const correct = rewards.map((_, i) => i < state.best);
    const size = ANSWERS / state.groups;
    const std = sampleStd(rewards);
    const asked = labFilter(rewards, correct, size, state.threshold);
    const alive = count(asked.perGroup);
    const row = { min: 0.2, max: ANSWERS + 0.8, ticks: [], label: fig.say("answers") };
    above.axes({ x: row, y: { min: 0, max: 1.6, ticks: [0, 0.5, 1, 1.5], label: fig.say("rewards") } });
    for (let g = 1; g < state.groups; g++) above.rule(`border${g}`, { x: g * size + 0.5 });
    rewards.forEach((reward, i) => above.dot(`dot${i}`, i + 1, reward, correct[i] ? "up" : "down", correct[i] ? 5 : 3.5));
    const taken = { min: 0, max: ANSWERS, ticks: [0, 8, 16, 24, 32], label: fig.say("x") };
    below.axes({ x: taken, y: { min: 0, max: 0.5, label: fig.say("y") } });
    below.cell("fires", { x0: 0, x1: ANSWERS, y0: 0, y1: state.threshold }, "quiet", 0.16);
    below.rule("threshold", { y: state.threshold, words: fig.say("threshold_line", { threshold: number(state.threshold) }) });
    below.line("std", Array.from({ length: ANSWERS + 1 }, (_, k) => [k, Math.min(sampleStd(at(k)), 0.5)]), "one");
    below.rule("here", { x: state.best });
    below.handle("best", { control: best, x: state.best, y: Math.min(std, 0.5) });
    outputs.std.set(number(std, 3));
    outputs.whole.set(fig.say(asked.whole ? "keeps" : "drops"));
    outputs.alive.set(fig.say("alive_of", { alive, groups: state.groups }));
    const kept = alive === state.groups ? "agree_keep" : alive ? "keeps_some" : "blind";
    fig.note(fig.say(asked.whole ? kept : alive ? "throws_away" : "agree_drop"));
    const whole = fig.say(asked.whole ? "keeps" : "drops");
    fig.describe(fig.say("spoken", { best: state.best, all: ANSWERS, std: number(std, 3), whole, alive, groups: state.groups }));
  });
}

// The first `best` answers took the best action, the others either of the rest; noise is added and the sum clamped at 0, as in the lab.
const labRewards = (best, sigma, noise) =>
  noise.map((z, i) => Math.max((i < best ? PAID.best : PAID.others[i % 2]) + sigma * z, 0));

// Normal numbers that look drawn but are not: mean 0 and standard deviation 1, so that the noise is as large as it says.
function standardNormals(length) {
  const uniform = generator(7);
  const raw = Array.from({ length }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
  const [middle, by] = [mean(raw), sampleStd(raw)];
  return raw.map((z) => (z - middle) / by);
}
