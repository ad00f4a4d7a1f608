// The figures of "Overlong shaping". The functions above `figures` are the maths; the tests hold them against core.

// As core.engine.algorithms.shaping.overlong_penalty, for one length.
export function punishment(length, limit, buffer, depth) {
  const share = (length - (limit - buffer)) / buffer;
  return -depth * Math.min(Math.max(share, 0), 1);
}

// Of a rollout's lengths (shares of all completions that ended at 1, 2, … tokens, and the share that was cut at the limit): the mean
// length, the share that is punished at all, and the mean punishment.
export function overview({ ended, cut }, limit, buffer, depth) {
  const all = [...ended.map((share, i) => [i + 1, share]), [limit, cut]];
  const sum = (of) => all.reduce((total, [length, share]) => total + share * of(length), 0);
  return {
    length: sum((length) => length),
    punished: sum((length) => (punishment(length, limit, buffer, depth) < 0 ? 1 : 0)),
    punishment: sum((length) => punishment(length, limit, buffer, depth)),
  };
}

// A group of answers [{tokens, right}], cut at `limit`: its rewards, which answers enter the loss, and their advantages.
export function treat(answers, limit, treatment, buffer, depth) {
  const cut = answers.map(({ tokens }) => tokens > limit);
  const soft = (i) => (treatment === "soft" ? punishment(Math.min(answers[i].tokens, limit), limit, buffer, depth) : 0);
  const rewards = answers.map(({ right }, i) => (right && !cut[i] ? 1 : 0) + soft(i));
  const inLoss = cut.map((was) => treatment !== "filter" || !was);
  return { cut, rewards, inLoss, advantages: advantages(rewards) };
}

// As core.engine.algorithms.advantages.group_advantages.
export function advantages(rewards) {
  if (Math.max(...rewards) === Math.min(...rewards)) return rewards.map(() => 0);
  const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
  const std = Math.sqrt(rewards.reduce((sum, r) => sum + (r - mean) ** 2, 0) / (rewards.length - 1));
  return rewards.map((reward) => (reward - mean) / (std + 1e-6));
}

export const figures = { ramp: drawRamp, group: drawGroup };

// ---------------------------------------------------------------------------------------------------------------- pictures

const LIMIT = 32;

function drawRamp(fig, { number, percent }) {
  const frames = fig.data.none.frames;
  const knee = fig.range("buffer", { min: 1, max: LIMIT, step: 1, value: 10, format: (v) => number(v, 0) });
  const depth = fig.range("depth", { min: 0, max: 1, step: 0.05, value: 0.5 });
  fig.range("moment", { min: 0, max: frames.length - 1, step: 1, value: 15, format: (k) => String(frames[k].update) });
  fig.choice("run", { options: ["none", "filter", "soft"] });
  const outputs = Object.fromEntries(["length", "cut", "punished", "punishment"].map((name) => [name, fig.output(name)]));
  const above = fig.chart({ height: 170, label: fig.say("curve"), margin: { bottom: 12 } });
  const below = fig.chart({ height: 230 });
  fig.draw(({ buffer, depth: most, moment, run }) => {
    const now = fig.data[run].frames[moment];
    const found = overview(now, LIMIT, buffer, most);
    const x = { min: 0, max: LIMIT + 3.5 };
    above.axes({ x: { ...x, ticks: [] }, y: { min: -1, max: 0, ticks: [-1, -0.5, 0], label: fig.say("curve") } });
    const start = LIMIT - buffer;
    const curve = [[0, 0], [start, 0], [LIMIT, -most], [LIMIT + 3.5, -most]];
    above.area("under", curve, "down", 0);
    above.line("curve", curve, "down");
    above.rule("limit", { x: LIMIT });
    above.handle("depth", { control: depth, axis: "y", x: LIMIT, y: -most, read: (v) => -v });
    above.handle("buffer", { control: knee, x: start, y: 0, read: (v) => LIMIT - v });
    const ticks = [0, 8, 16, 24].map((v) => [v, String(v)]);
    const y = { min: 0, max: 0.45, ticks: [0, 0.1, 0.2, 0.3, 0.4], label: fig.say("share"), format: (v) => percent(v) };
    below.axes({ x: { ...x, ticks: [...ticks, [LIMIT + 2, fig.say("was_cut")]], label: fig.say("tokens") }, y });
    below.cell("ramp", { x0: Math.max(start, 0), x1: LIMIT + 0.5, y0: 0, y1: 0.45 }, "down", 0.1);
    now.ended.forEach((share, i) => below.bar(`bar${i}`, { x: i + 1, width: 0.8, to: Math.min(share, 0.45) }, "one"));
    below.bar("cut", { x: LIMIT + 2, width: 1.6, to: Math.min(now.cut, 0.45) }, "down");
    below.text("cut-share", LIMIT + 2, Math.min(now.cut, 0.45), percent(now.cut), { dy: -6 });
    outputs.length.set(number(found.length, 1));
    outputs.cut.set(percent(now.cut));
    outputs.punished.set(percent(found.punished));
    outputs.punishment.set(found.punishment);
    const words = found.punished > 0.5 ? "most" : now.cut < 0.03 ? "few" : now.cut > 0.2 ? "many" : "some";
    fig.note(fig.say(words, { cut: percent(now.cut), punished: percent(found.punished) }));
    const said = { update: now.update, length: number(found.length, 1), cut: percent(now.cut), punished: percent(found.punished) };
    fig.describe(fig.say("spoken", { ...said, punishment: number(found.punishment) }));
  });
}

const ANSWERS = [
  { tokens: 8, right: true }, { tokens: 11, right: false }, { tokens: 17, right: true }, { tokens: 22, right: true },
  { tokens: 24, right: false }, { tokens: 27, right: true }, { tokens: 34, right: true }, { tokens: 38, right: false },
];

function drawGroup(fig, { number }) {
  const limit = fig.range("limit", { min: 10, max: 40, step: 1, value: 25, format: (v) => number(v, 0) });
  fig.choice("treatment", { options: ["none", "filter", "soft"] });
  const buffer = fig.range("buffer", { min: 1, max: 20, step: 1, value: 10, format: (v) => number(v, 0) });
  const outputs = Object.fromEntries(["cut", "wronged", "loss", "mean"].map((name) => [name, fig.output(name)]));
  const above = fig.chart({ height: 210, label: fig.say("lengths"), margin: { bottom: 22 } });
  const below = fig.chart({ height: 210, label: fig.say("advantages") });
  fig.draw(({ limit: at, treatment }) => {
    buffer.limit(1, Math.min(20, at));
    const found = treat(ANSWERS, at, treatment, buffer.value, 0.5);
    const columns = { min: 0.3, max: ANSWERS.length + 1.1 };
    above.axes({ x: { ...columns, ticks: [] }, y: { min: 0, max: 42, ticks: [0, 10, 20, 30, 40], label: fig.say("lengths") } });
    if (treatment === "soft") above.cell("ramp", { x0: 0.3, x1: ANSWERS.length + 1.1, y0: at - buffer.value, y1: at }, "down", 0.1);
    ANSWERS.forEach(({ tokens, right }, i) => {
      const kept = Math.min(tokens, at);
      above.bar(`bar${i}`, { x: i + 1, width: 0.5, to: kept }, right && !found.cut[i] ? "up" : "down");
      if (found.cut[i]) above.cell(`gone${i}`, { x0: i + 0.75, x1: i + 1.25, y0: at, y1: tokens }, "quiet", 0.25);
      above.text(`word${i}`, i + 1, 0, fig.say(found.cut[i] ? "is_cut" : right ? "is_right" : "is_wrong"), { dy: 16 });
    });
    above.rule("limit-line", { y: at, words: fig.say("limit_line", { limit: at }), side: "start" });
    above.handle("limit", { control: limit, axis: "y", x: ANSWERS.length + 0.8, y: at });
    const numbered = ANSWERS.map((_, i) => [i + 1, String(i + 1)]);
    below.axes({ x: { ...columns, ticks: numbered, label: fig.say("axis") }, y: { min: -2.6, max: 2.6, label: fig.say("advantages") } });
    below.rule("zero", { y: 0 });
    found.advantages.forEach((value, i) => {
      if (found.inLoss[i]) below.bar(`bar${i}`, { x: i + 1, width: 0.5, to: value }, value < 0 ? "down" : "up");
      const words = found.inLoss[i] ? number(value) : fig.say("left_out");
      below.text(`value${i}`, i + 1, found.inLoss[i] ? value : 0, words, { dy: found.inLoss[i] && value < 0 ? 14 : -6 });
    });
    const cut = found.cut.filter(Boolean).length;
    const wronged = ANSWERS.filter(({ right }, i) => right && found.cut[i]).length;
    const loss = found.inLoss.filter(Boolean).length;
    outputs.cut.set(number(cut, 0));
    outputs.wronged.set(number(wronged, 0));
    outputs.loss.set(number(loss, 0));
    outputs.mean.set(found.rewards.reduce((a, b) => a + b, 0) / found.rewards.length);
    const flat = Math.max(...found.rewards) === Math.min(...found.rewards);
    fig.note(fig.say(flat ? "flat" : !cut && treatment !== "soft" ? "nothing_cut" : treatment, { cut, wronged, loss }));
    const list = found.advantages.map((v, i) => (found.inLoss[i] ? number(v) : fig.say("left_out"))).join(", ");
    fig.describe(fig.say("spoken", { limit: at, cut, wronged, advantages: list }));
  });
}
