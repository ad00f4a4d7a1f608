// The figure of "Reading the metrics". The functions above `figures` are the maths; the tests hold them against Python.

// The point [update, value] that was measured last, at `update` or before.
export const latest = (points, update) => points.findLast(([at]) => at <= update) ?? points[0];

// The word for a value: that of the first bound which it is below. Relative: as a multiple of `start`.
export function reading(value, start, relative, rule) {
  const measured = relative ? value / start : value;
  return rule.find(([bound]) => bound === null || measured < bound)[1];
}

export const figures = { scrub: drawScrub };

// ---------------------------------------------------------------------------------------------------------------- pictures

const SIDES = ["GRPO", "DAPO"];

function drawScrub(fig, { number }) {
  const names = Object.keys(fig.data);
  const last = fig.data.entropy_nats.GRPO.at(-1)[0];
  const update = fig.range("update", { min: 1, max: last, step: 8, value: 201, format: (v) => number(v, 0) });
  fig.select("metric", { options: names });
  const outputs = Object.fromEntries(SIDES.map((side) => [side, fig.output(side)]));
  const chart = fig.chart({ height: 290 });
  fig.draw(({ metric, update: at }) => {
    const found = fig.data[metric];
    const values = SIDES.flatMap((side) => found[side].map(([, v]) => v));
    const low = Math.min(0, ...values);
    const high = Math.max(...values, low + 1e-6);
    chart.axes({ x: { min: 1, max: last, label: fig.say("x") }, y: { min: low, max: high + 0.06 * (high - low), label: `${metric} (${found.unit})` } });
    const now = {};
    for (const side of SIDES) {
      const points = found[side];
      const name = side.toLowerCase();
      if (!points.length) {
        outputs[side].set("–");
        now[side] = fig.say("unmeasured");
        continue;
      }
      chart.line(side, points, name, { dashed: side === "GRPO" });
      const [x, y] = latest(points, at);
      chart.dot(`${side}-dot`, x, y, name, 5);
      outputs[side].set(number(y, Math.abs(high) < 0.1 ? 4 : 3));
      now[side] = fig.say(`${metric}.${reading(y, points[0][1], found.relative, found.steps)}`);
    }
    const ends = SIDES.map((side) => found[side].at(-1)?.[1] ?? low);
    SIDES.forEach((side, i) => {
      const under = ends[i] < ends[1 - i] || (ends[0] === ends[1] && i === 0);
      const low_down = ends[i] - low < 0.12 * (high - low);
      const dy = under && !low_down ? 18 : under || Math.abs(ends[0] - ends[1]) > 0.12 * (high - low) ? -8 : -22;
      if (found[side].length) chart.text(`${side}-name`, last, ends[i], fig.say(`${side}_line`), { anchor: "end", dy });
    });
    chart.rule("here", { x: at });
    chart.handle("update", { control: update, x: at, y: low + (high - low) * 0.02 });
    const said = now.GRPO === now.DAPO ? fig.say("both", { words: now.GRPO }) : fig.say("each", now);
    fig.note(`${fig.say("asks", { definition: found.definition })} ${said}`);
    fig.describe(fig.say("spoken", { update: at, metric, grpo: now.GRPO, dapo: now.DAPO }));
  });
}
