// The chart of groups: one strip per side, the shares of three kinds of groups stacked in it.

import { HEIGHT, TOP, BOTTOM, joined, pixelsOf } from "./plot.js";
import { pick, series, visible } from "./numbers.js";
import { GROUPS, colorOf, fade } from "./look.js";

const EDGES = GROUPS.length + 1; // of the stack

export const shareColors = (board, side) => [fade(board.theme.text, 0.55), fade(colorOf(board, side), 0.8), fade(board.theme.text, 0.14)];

// Where the strip of side i lies, as shares of the plot's height: {base, height}.
export function stripOf(board, i) {
  const count = board.sides.length;
  const head = Math.min(TOP / (HEIGHT - TOP - BOTTOM), 0.4 / count); // between strips, for a side's name
  const height = (1 - head * (count - 1)) / count;
  return { base: Math.max(1 - i * (height + head) - height, 0), height };
}

export const stripSeries = (board) =>
  board.sides.flatMap((_, i) => Array.from({ length: EDGES }, () => ({ width: 0, points: { show: false }, layer: "edge", side: i })));

export const stripBands = (board) =>
  board.sides.flatMap((side, i) =>
    shareColors(board, side).map((fill, j) => ({ series: [1 + i * EDGES + j + 1, 1 + i * EDGES + j], fill })),
  );

export function stripAxis(board) {
  const marks = board.sides.length > 3 ? [0, 1] : [0, 0.5, 1];
  const places = board.sides.map((_, i) => stripOf(board, i));
  const splits = places.flatMap(({ base, height }) => marks.map((mark) => base + mark * height));
  return { splits: () => splits, values: () => places.flatMap(() => marks.map((mark) => `${100 * mark} %`)) };
}

export function stripData(board, chart) {
  chart.lines = board.sides.map((side) => {
    const store = board.store.get(side.label);
    const [wrong, right] = [GROUPS[0][0], GROUPS[2][0]].map((name) => series(store, name, board.settings));
    const shares = (k) => [wrong.line[k], Math.max(1 - wrong.line[k] - right.line[k], 0), right.line[k]];
    const shown = !board.hidden.has(side.label) && wrong.x.length > 0;
    const kept = shown ? pick(wrong.y, ...visible(wrong.x, board.zoom), pixelsOf(chart)) : [];
    return { points: wrong, shares, kept, shown, last: store.last };
  });
  Object.assign(chart, { range: [0, 1], cut: null, seeds: [] });
  return joined(
    chart.lines.map(({ points, shares, kept }, i) => {
      const { base, height } = stripOf(board, i);
      const edge = (value) => base + height * Math.min(Math.max(value, 0), 1);
      const stacks = kept.map(shares);
      return [
        kept.map((k) => points.x[k]),
        kept.map(() => base),
        stacks.map(([wrong]) => edge(wrong)),
        stacks.map(([wrong, mixed]) => edge(wrong + mixed)),
        kept.map(() => base + height),
      ];
    }),
    true,
  );
}
