// One chart as a file: SVG from the data that is drawn, PNG from that SVG, CSV from every point that the board has.

import { HEIGHT, RIGHT, placeOfMark } from "./plot.js";
import { AXES, colorOf, compact, dashOf, fade, metricOf } from "./look.js";
import { series } from "./numbers.js";
import { describe } from "./reader.js";

const HEAD = 64; // above the plot: title and legend
const MARGIN = 12;
const SCALE = 2; // pixels of a PNG for each of the screen
const FORMULA = /^[=+\-@\t\r]./; // what a spreadsheet would calculate

export async function save(board, chart, form) {
  if (!chart.u) return;
  const blob = form === "CSV" ? csvOf(board, chart) : form === "SVG" ? svgOf(board, chart) : await pngOf(board, chart);
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: `${chart.spec.name}.${form.toLowerCase()}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

const safe = (text) => String(text).replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function svgText(board, chart) {
  const { u, spec } = chart;
  const { theme } = board;
  const ratio = devicePixelRatio;
  const [left, top, width, height] = ["left", "top", "width", "height"].map((name) => u.bbox[name] / ratio);
  const [wide, high] = [u.width + 2 * MARGIN, HEIGHT + HEAD + MARGIN];
  const at = (x, y) => [left + u.valToPos(x, "x"), top + u.valToPos(y, "y")].map((v) => v.toFixed(1)).join(" ");
  const text = (x, y, words, more = "") => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${safe(words)}</text>`;
  const line = (x1, y1, x2, y2, color, more = "") => `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${color}" fill="none" ${more}/>`;
  const [xs, ...columns] = u.data;
  const pathOf = (points) => {
    let open = false;
    return points.map(([x, y]) => {
      if (y === undefined) return "";
      const step = y === null ? "" : `${open ? "L" : "M"}${at(x, y)}`;
      open = y !== null;
      return step;
    }).join("");
  };
  const there = (column) => xs.map((x, i) => [x, column[i]]).filter(([, y]) => y !== undefined && y !== null);
  const body = [];
  for (const { series: [upper, lower], fill } of u.bands) {
    const outline = [...there(columns[upper - 1]), ...there(columns[lower - 1]).reverse()];
    if (outline.length) body.push(`<path d="${pathOf(outline)}Z" fill="${fill(u)}" stroke="none"/>`);
  }
  chart.seeds.forEach((lines, i) => {
    const color = fade(colorOf(board, board.sides[i]), 0.28);
    for (const seed of lines) body.push(`<path d="${pathOf(seed)}" fill="none" stroke="${color}" stroke-width="0.8"/>`);
  });
  u.series.slice(1).forEach((drawn, i) => {
    if (!drawn.width) return;
    const dash = drawn.dash?.length ? `stroke-dasharray="${drawn.dash.map((length) => length / ratio).join(" ")}"` : "";
    body.push(`<path d="${pathOf(xs.map((x, k) => [x, columns[i][k]]))}" fill="none" stroke="${drawn.stroke(u, i + 1)}" stroke-width="${drawn.width}" ${dash}/>`);
  });
  const grid = [];
  const [across, up] = u.axes;
  across._splits.forEach((value, i) => {
    const x = left + u.valToPos(value, "x");
    grid.push(line(x, top + height, x, top + height + 4, fade(theme.text, 0.25)), text(x, top + height + 16, across._values[i] ?? "", 'text-anchor="middle"'));
  });
  up._splits.forEach((value, i) => {
    const y = top + u.valToPos(value, "y");
    if (up._values[i]) grid.push(line(left, y, left + width, y, fade(theme.text, 0.09)), text(left - 6, y + 4, up._values[i], 'text-anchor="end"'));
  });
  grid.push(line(left, top + height, left + width, top + height, fade(theme.text, 0.25)), text(left + width / 2, top + height + 34, AXES[board.settings.xaxis], 'text-anchor="middle"'));
  const marks = chart.marks.flatMap((mark) => {
    const place = placeOfMark(chart, mark);
    const words = mark.text && text(place.x, place.y - 4, mark.text, `text-anchor="${place.anchor}"`);
    if (!mark.dash) return [words];
    const dash = mark.dash.length ? `stroke-dasharray="${mark.dash.join(" ")}"` : "";
    if (mark.at === "threshold") return [line(left, place.y, left + width, place.y, mark.color, dash), words];
    const x = left + u.valToPos(mark.x, "x");
    return [line(x, top, x, top + height, mark.color, dash), words];
  });
  let x = MARGIN;
  const legend = board.sides.filter(({ label }) => !board.hidden.has(label)).map((side) => {
    const sample = line(x, 42, x + 26, 42, colorOf(board, side), `stroke-width="3" ${dashOf(side).length ? `stroke-dasharray="${dashOf(side).join(" ")}"` : ""}`);
    const words = text(x + 32, 46, side.label);
    x += 52 + 7 * side.label.length;
    return sample + words;
  });
  describe(board, chart);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}" font-family="${safe(theme.font)}, sans-serif" font-size="11" fill="${theme.text}">
<title>${safe(chart.plot.getAttribute("aria-label"))}</title>
<rect width="100%" height="100%" fill="${theme.background}"/>
${text(MARGIN, 24, `${spec.title} (${spec.unit})`, 'font-size="15" font-weight="600"')}
${legend.join("\n")}
<g transform="translate(${MARGIN - RIGHT / 2} ${HEAD})"><clipPath id="in"><rect x="${left}" y="${top}" width="${width}" height="${height}"/></clipPath>
${grid.join("\n")}
<g clip-path="url(#in)">${body.join("\n")}</g>
${marks.join("\n")}</g></svg>`;
}

const svgOf = (board, chart) => new Blob([svgText(board, chart)], { type: "image/svg+xml" });

async function pngOf(board, chart) {
  const address = URL.createObjectURL(svgOf(board, chart));
  const image = Object.assign(new Image(), { src: address });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width * SCALE, height: image.height * SCALE });
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.drawImage(image, 0, 0);
  URL.revokeObjectURL(address);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// A row for each point of a shown side on the chosen axis: not smoothed, not thinned further than the board's own rows are.
function csvOf(board, chart) {
  const names = chart.spec.kind === "groups" ? ["all_wrong_fraction", "all_right_fraction"] : [metricOf(chart)];
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    const tame = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
  };
  const rows = [["side", "metric", board.settings.xaxis, "update", "mean", "ci95_half_width", "min", "max"]];
  for (const { label } of board.sides.filter((side) => !board.hidden.has(side.label))) {
    for (const name of names) {
      const points = series(board.store.get(label), name, board.settings);
      points.x.forEach((x, k) =>
        rows.push([label, name, x, points.at[k], points.y[k], points.half[k] || "", points.extremes[2 * k], points.extremes[2 * k + 1]]),
      );
    }
  }
  return new Blob([rows.map((row) => row.map(cell).join(",")).join("\n"), "\n"], { type: "text/csv" });
}
