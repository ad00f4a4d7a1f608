// The figures of "Clip-Higher". The functions above `figures` are the maths; the tests hold them against core.

// The clipped surrogate of one token, which core.engine.algorithms.losses.policy_loss takes with a minus sign.
export function surrogate(ratio, advantage, epsLow, epsHigh) {
  const clipped = Math.min(Math.max(ratio, 1 - epsLow), 1 + epsHigh);
  return Math.min(ratio * advantage, clipped * advantage);
}

// How far a token of probability p may push itself in so many rollouts: 1 + eps times further in each, and never above 1.
export const ceiling = (p, eps, rollouts) => Math.min(1, p * (1 + eps) ** rollouts);

// Rollouts until the ceiling is at `goal`.
export const rolloutsTo = (goal, p, eps) => Math.max(0, Math.ceil(Math.log(goal / p) / Math.log1p(eps) - 1e-9));

// The room of the ratio on a scale of logarithms, on which twice as likely and half as likely are equally far.
export const logRoom = (epsLow, epsHigh) => ({ down: Math.log1p(-epsLow), up: Math.log1p(epsHigh) });

// One group of `size` answers by a policy with two options. One answer took the option of probability p and alone was right. `updates`
// plain gradient steps on that group: the ratio of its token as each update sees it, on how many of them it was clipped, and p afterwards.
export function reuse(p, updates, epsHigh, step, size) {
  const deviation = Math.sqrt(1 / size) + 1e-6;
  const [good, bad] = [(1 - 1 / size) / deviation, -1 / size / deviation];
  const epsLow = 0.2;
  const [old, rest] = [p, 1 - p];
  const ratios = [];
  let clipped = 0;
  let score = Math.log(old / rest);
  for (let update = 0; update < updates; update++) {
    const now = 1 / (1 + Math.exp(-score));
    const [up, down] = [now / old, (1 - now) / rest];
    ratios.push(up);
    const stopped = up > 1 + epsHigh;
    clipped += stopped;
    const pull = (stopped ? 0 : good * up * (1 - now)) - (down < 1 - epsLow ? 0 : (size - 1) * bad * down * now);
    score += (2 * step * pull) / size; // two scores, one for each option, move apart
  }
  return { ratios, clipped, after: 1 / (1 + Math.exp(-score)) };
}

// A policy over `actions`: one of probability `best`, one `favourite`, the others alike. Each rollout lifts the best one to its ceiling, and
// the others make room. Its probability and the policy's entropy afterwards.
export function lifted(best, favourite, actions, rollouts, eps) {
  const after = ceiling(best, eps, rollouts);
  const other = (1 - best - favourite) / (actions - 2);
  const shrink = (1 - after) / (1 - best);
  const part = (p) => (p > 0 ? -p * Math.log(p) : 0);
  return { best: after, entropy: part(after) + part(favourite * shrink) + (actions - 2) * part(other * shrink) };
}

export const figures = { ceiling: drawCeiling, window: drawWindow, reuse: drawReuse, bases: drawBases };

// ---------------------------------------------------------------------------------------------------------------- pictures

const EPS = 0.2;
const two = (value) => value.toFixed(2);

function drawCeiling(fig, { number, percent, steps }) {
  const last = 40;
  const p = fig.range("p", { min: 0.001, max: 0.95, step: 0.001, value: 0.01 });
  const n = fig.range("n", { min: 0, max: last, step: 1, value: 8, format: (v) => number(v, 0) });
  fig.range("eps", { min: 0.2, max: 0.5, step: 0.01, value: 0.28 });
  const names = ["once", "after_old", "after_new", "half"];
  const outputs = Object.fromEntries(names.map((name) => [name, fig.output(name, { digits: 4 })]));
  const chart = fig.chart({ height: 290 });
  const ticks = [0.001, 0.01, 0.1, 1].map((value) => [value, percent(value, value < 0.01 ? 1 : 0)]);
  fig.draw((state) => {
    const { eps } = state;
    const x = { min: 0, max: last, label: fig.say("x"), format: (v) => String(v) };
    chart.axes({ x, y: { min: 0.001, max: 1.15, log: true, ticks, label: fig.say("y") } });
    const curve = (with_) => steps(0, last, last + 1).map((rollout) => [rollout, ceiling(state.p, with_, rollout)]);
    chart.line("new", curve(eps), "two");
    chart.line("old", curve(EPS), "one", { dashed: true });
    const halfway = (with_) => Math.min(last, Math.log(1 / state.p) / Math.log1p(with_)) * 0.8;
    const steep = state.p < 0.3;
    if (steep) {
      const place = { anchor: "end", dx: -8, dy: -6 };
      chart.text("new-words", halfway(eps), ceiling(state.p, eps, halfway(eps)), fig.say("line", { eps: two(eps) }), place);
      const below = { anchor: "start", dx: 8, dy: 14 };
      chart.text("old-words", halfway(EPS), ceiling(state.p, EPS, halfway(EPS)), fig.say("line", { eps: two(EPS) }), below);
    }
    chart.rule("here", { x: state.n });
    const [before, after] = [ceiling(state.p, EPS, state.n), ceiling(state.p, eps, state.n)];
    chart.dot("before", state.n, before, "one", 5);
    if (state.n > 0) chart.handle("p", { control: p, axis: "y", x: 0, y: state.p });
    chart.handle("n", { control: n, x: state.n, y: after });
    const once = [EPS, eps].map((with_) => number(ceiling(state.p, with_, 1), 4));
    outputs.once.set(fig.say("either", { old: once[0], new: once[1] }));
    outputs.after_old.set(before);
    outputs.after_new.set(after);
    const half = [EPS, eps].map((with_) => rolloutsTo(0.5, state.p, with_));
    outputs.half.set(fig.say("either", { old: half[0], new: half[1] }));
    const free = state.p * (1 + EPS) >= 1;
    const said = { p: number(state.p, 3), old: once[0], new: once[1], times: number(after / before, 1), n: state.n };
    const over = state.n > 1 && after < 1;
    fig.note(fig.say(free ? "free" : over ? "many" : "one", said));
    fig.describe(fig.say("spoken", { ...said, eps: two(eps), before: number(before, 4), after: number(after, 4) }));
  });
}

function drawWindow(fig, { number, percent, steps }) {
  const low = fig.range("eps_low", { min: 0.05, max: 0.5, step: 0.01, value: 0.2 });
  const high = fig.range("eps_high", { min: 0.05, max: 0.6, step: 0.01, value: 0.28 });
  fig.toggle("log", { value: false });
  const outputs = ["up", "down", "log_up", "log_down"].map((name) => fig.output(name, { digits: 3 }));
  const chart = fig.chart({ height: 310 });
  fig.draw(({ eps_low, eps_high, log }) => {
    const ticks = [0.5, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8];
    chart.axes({
      x: { min: 0.48, max: 1.8, log, ticks, label: fig.say(log ? "x_log" : "x") },
      y: { min: -1.9, max: 1.9, ticks: [-1, 0, 1], label: fig.say("y") },
    });
    chart.cell("room", { x0: 1 - eps_low, x1: 1 + eps_high, y0: -1.9, y1: 1.9 }, "quiet", 0.1);
    chart.rule("one", { x: 1 });
    const xs = [...steps(0.48, 1.8, 120), 1 - eps_low, 1 + eps_high].sort((a, b) => a - b);
    for (const [key, sign, name] of [["good", 1, "up"], ["bad", -1, "down"]]) {
      chart.line(key, xs.map((x) => [x, surrogate(x, sign, eps_low, eps_high)]), name);
    }
    chart.text("good-words", 1.78, 1 + eps_high, fig.say("good"), { anchor: "end", dy: -10 });
    chart.text("bad-words", 0.5, eps_low - 1, fig.say("bad"), { anchor: "start", dy: -10 });
    chart.handle("eps_high", { control: high, x: 1 + eps_high, y: 1 + eps_high, read: (x) => x - 1 });
    chart.handle("eps_low", { control: low, x: 1 - eps_low, y: eps_low - 1, read: (x) => 1 - x });
    const room = logRoom(eps_low, eps_high);
    outputs[0].set(percent(eps_high));
    outputs[1].set(percent(-eps_low));
    outputs[2].set(room.up);
    outputs[3].set(room.down);
    const even = 1 / (1 - eps_low) - 1;
    const gap = eps_high - even;
    const said = { low: two(eps_low), high: two(eps_high), even: number(even, 2) };
    fig.note(fig.say(Math.abs(gap) < 0.006 ? "even" : gap < 0 ? "more_down" : "more_up", said));
    fig.describe(fig.say("spoken", { ...said, up: number(room.up, 3), down: number(room.down, 3) }));
  });
}

function drawReuse(fig, { number }) {
  const most = 16;
  const [size, step] = [16, 0.1];
  const updates = fig.range("updates", { min: 1, max: most, step: 1, value: 1, format: (v) => number(v, 0) });
  const shares = { rare: 0.01, some: 0.1, half: 0.5 };
  fig.choice("p", { options: Object.keys(shares) });
  fig.range("eps", { min: 0.2, max: 0.5, step: 0.01, value: 0.28 });
  const names = ["clipped_old", "clipped_new", "after_old", "after_new"];
  const outputs = Object.fromEntries(names.map((name) => [name, fig.output(name, { digits: name.startsWith("a") ? 4 : 0 })]));
  const chart = fig.chart({ height: 290 });
  fig.draw((state) => {
    const found = [EPS, state.eps].map((eps) => reuse(shares[state.p], state.updates, eps, step, size));
    const x = { min: 0.5, max: most + 0.5, ticks: [1, 4, 8, 12, 16], label: fig.say("x") };
    chart.axes({ x, y: { min: 0.9, max: 1.6, ticks: [1, 1.2, 1.4, 1.6], label: fig.say("y") } });
    chart.rule("new-rule", { y: 1 + state.eps, words: fig.say("bound", { eps: two(state.eps) }) }, "two");
    if (state.eps > EPS + 0.025) chart.rule("old-rule", { y: 1 + EPS, words: fig.say("bound", { eps: two(EPS) }) }, "one");
    chart.cell("used", { x0: 0.5, x1: state.updates + 0.5, y0: 0.9, y1: 1.6 }, "quiet", 0.08);
    found.forEach(({ ratios }, which) => {
      const [key, name, bound] = which ? ["new", "two", state.eps] : ["old", "one", EPS];
      const points = ratios.map((ratio, i) => [i + 1, ratio]);
      chart.line(`${key}-line`, points, name, { dashed: !which });
      points.forEach(([at, ratio]) => {
        if (ratio > 1 + bound) cross(chart, `${key}-${at}`, at, ratio, name);
        else chart.dot(`${key}-${at}`, at, ratio, name, 4);
      });
    });
    chart.handle("updates", { control: updates, x: state.updates, y: 0.94 });
    const [old, wide] = found;
    outputs.clipped_old.set(old.clipped);
    outputs.clipped_new.set(wide.clipped);
    outputs.after_old.set(old.after);
    outputs.after_new.set(wide.after);
    const said = { n: state.updates, old: old.clipped, new: wide.clipped, last: number(wide.ratios.at(-1), 2) };
    fig.note(fig.say(state.updates === 1 ? "single" : old.clipped ? "clipped" : "none", said));
    fig.describe(fig.say("spoken", { ...said, p: shares[state.p], after_old: number(old.after, 4), after_new: number(wide.after, 4) }));
  });
}

// A cross of two strokes, 5 pixels to each side.
function cross(chart, key, x, y, name) {
  for (const [way, sign] of [["rising", 1], ["falling", -1]]) {
    const ends = [-5, 5].map((by) => [chart.x.invert(chart.x(x) + by), chart.y.invert(chart.y(y) - sign * by)]);
    chart.line(`${key}-${way}`, ends, name);
  }
}

function drawBases(fig, { number, percent, steps }) {
  const last = 36;
  const [actions, rare] = [32, 0.004];
  const n = fig.range("n", { min: 0, max: last, step: 1, value: 10, format: (v) => number(v, 0) });
  fig.range("favourite", { min: 0.5, max: 0.97, step: 0.01, value: 0.95, format: (v) => percent(v) });
  fig.range("eps", { min: 0.2, max: 0.5, step: 0.01, value: 0.28 });
  const names = ["peaked_old", "peaked_new", "flat_old", "flat_new"];
  const outputs = Object.fromEntries(names.map((name) => [name, fig.output(name, { format: (v) => `× ${number(v)}` })]));
  const chart = fig.chart({ height: 300 });
  fig.draw((state) => {
    const bases = { peaked: [rare, state.favourite], flat: [1 / actions, 1 / actions] };
    const path = (base, eps) => {
      const start = lifted(...base, actions, 0, eps).entropy;
      return (rollout) => lifted(...base, actions, rollout, eps).entropy / start;
    };
    const paths = Object.fromEntries(
      Object.entries(bases).flatMap(([kind, base]) => [[`${kind}_old`, path(base, EPS)], [`${kind}_new`, path(base, state.eps)]]),
    );
    const rollouts = steps(0, last, 2 * last + 1);
    const lines = Object.entries(paths).map(([key, of]) => [key, rollouts.map((x) => [x, of(x)])]);
    const top = Math.max(1.3, ...lines.flatMap(([, points]) => points.map(([, y]) => y))) * 1.12;
    const x = { min: 0, max: last, label: fig.say("x") };
    chart.axes({ x, y: { min: 0, max: top, label: fig.say("y"), format: (v) => `× ${number(v, top < 2 ? 1 : 0)}` } });
    chart.rule("start", { y: 1, words: fig.say("start") });
    chart.rule("here", { x: state.n });
    for (const [key, points] of lines) {
      const wide = key.endsWith("new");
      chart.line(key, points, wide ? "two" : "one", { dashed: !wide });
      outputs[key].set(paths[key](state.n));
    }
    for (const [key, points] of lines.filter(([key]) => key.startsWith("peaked"))) {
      const peak = points.reduce((best, point) => (point[1] > best[1] ? point : best));
      const wide = key.endsWith("new");
      const words = fig.say(wide ? "line_peaked" : "line", { eps: two(wide ? state.eps : EPS) });
      if (peak[1] > 1.15) chart.text(`${key}-words`, peak[0], peak[1], words, { dy: -8, anchor: wide ? "end" : "start" });
    }
    for (const [key, points] of lines.filter(([key]) => key.startsWith("flat"))) {
      const wide = key.endsWith("new");
      const [at, height] = points.find(([, y]) => y < 0.3) ?? points.at(-1);
      const words = fig.say(wide ? "line_flat" : "line", { eps: two(wide ? state.eps : EPS) });
      chart.text(`${key}-words`, at, height, words, { anchor: wide ? "end" : "start", dx: wide ? -8 : 8, dy: wide ? 8 : -2 });
    }
    for (const key of ["peaked_old", "flat_old", "flat_new"]) chart.dot(`${key}-dot`, state.n, paths[key](state.n), key.endsWith("new") ? "two" : "one");
    const here = paths.peaked_new(state.n);
    chart.handle("n", { control: n, x: state.n, y: here });
    const old = paths.peaked_old(state.n);
    const now = lifted(...bases.peaked, actions, state.n, state.eps).best;
    fig.note(fig.say(state.n === 0 ? "nothing" : now > 0.5 ? "over" : here > old + 0.005 ? "opposite" : "alike"));
    const said = Object.fromEntries(names.map((name) => [name, number(paths[name](state.n))]));
    fig.describe(fig.say("spoken", { ...said, n: state.n, eps: two(state.eps) }));
  });
}
