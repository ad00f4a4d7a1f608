// What stands around the charts: legend, note, badge, a figure for each chart with its title, caption and menu.

import { AXES, GROUPS, colorOf, compact, dashOf, element } from "./look.js";
import { longest, shownRange } from "./plot.js";
import { followEnd, hoverAt, onKey, tell, zoomTo } from "./reader.js";
import { save } from "./save.js";
import { redraw } from "./board.js";

const STEPS = 1000; // of the range's thumbs
const STRETCHES = [["All", null], ["Last half", 0.5], ["Last tenth", 0.1]];
const FORMS = ["PNG", "SVG", "CSV"];

const FRAME = `
<div class="lb-head">
  <div class="lb-legend" role="group" aria-label="Show or hide a side"></div>
  <button type="button" class="lb-view" aria-expanded="false">View</button>
  <p class="lb-badge" hidden></p>
</div>
<div class="lb-grid"></div>
<div class="lb-foot">
  <div class="lb-range" role="group" aria-label="Range of all charts">
    <span class="lb-stretches"></span>
    <span class="lb-thumbs"><span class="lb-between"></span><input type="range" class="lb-from"><input type="range" class="lb-to"></span>
    <span class="lb-stretch"></span>
  </div>
  <p class="lb-note"></p>
</div>
<p class="lb-spoken" aria-live="polite"></p>`;

export function makeFrame(root) {
  root.innerHTML = FRAME;
  const names = ["legend", "note", "badge", "grid", "spoken", "view", "stretches", "from", "to", "between", "stretch"];
  return Object.fromEntries(names.map((name) => [name, root.querySelector(`.lb-${name}`)]));
}

export function wireFrame(board) {
  // On a small screen the settings of the view, which the page draws, are behind a button (see view_settings.py).
  board.view.onclick = () => {
    const open = document.documentElement.toggleAttribute("data-lb-view");
    board.view.setAttribute("aria-expanded", String(open));
  };
  board.view.setAttribute("aria-expanded", String(document.documentElement.hasAttribute("data-lb-view")));
  board.stretches.append(
    ...STRETCHES.map(([words, share]) =>
      element("button", "lb-button", words, { type: "button", onclick: () => zoomTo(board, null, share) }),
    ),
  );
  for (const [thumb, words] of [[board.from, "from"], [board.to, "to"]]) {
    Object.assign(thumb, { min: 0, max: STEPS, step: 5, ariaLabel: `Range, ${words}` });
    thumb.oninput = () => {
      const [from, to] = [Number(board.from.value), Number(board.to.value)].sort((a, b) => a - b);
      const scale = longest(board) / STEPS;
      zoomTo(board, from <= 0 && to >= STEPS ? null : [from * scale, Math.max(to, from + 5) * scale]);
    };
  }
}

export function showRange(board) {
  const [from, to] = shownRange(board);
  const end = longest(board);
  const place = (x) => Math.round((STEPS * Math.min(Math.max(x / end, 0), 1)) / 5) * 5;
  const told = [place(from), place(to), Math.round(from), Math.round(to), board.settings.xaxis, board.follow, board.zoom === null].join();
  if (board.rangeTold === told) return;
  board.rangeTold = told;
  for (const [thumb, x] of [[board.from, from], [board.to, to]]) {
    if (document.activeElement !== thumb || !board.pressed) thumb.value = place(x);
    thumb.setAttribute("aria-valuetext", `${AXES[board.settings.xaxis]} ${compact(x)}`);
  }
  board.between.style.left = `${place(from) / 10}%`;
  board.between.style.right = `${100 - place(to) / 10}%`;
  tell(board.stretch, `${AXES[board.settings.xaxis]} ${compact(Math.round(from))} – ${compact(Math.round(to))}`);
  const shown = board.follow ?? (board.zoom === null ? null : undefined);
  [...board.stretches.children].forEach((button, i) => button.setAttribute("aria-pressed", String(STRETCHES[i][1] === shown)));
}

export function layOut(board, specs) {
  const wanted = JSON.stringify(specs);
  if (board.specs === wanted) return; // another comparison with the same charts keeps its nodes
  board.specs = wanted;
  for (const chart of board.charts.values()) {
    chart.u?.destroy();
    board.resized.unobserve(chart.plot);
    board.seen.unobserve(chart.figure);
  }
  board.charts.clear();
  for (const spec of specs) board.charts.set(spec.name, figureOf(board, spec));
  board.grid.replaceChildren(...[...board.charts.values()].map(({ figure }) => figure));
  for (const chart of board.charts.values()) {
    board.resized.observe(chart.plot);
    board.seen.observe(chart.figure);
  }
}

function figureOf(board, spec) {
  const figure = element("figure", "lb-chart");
  figure.dataset.chart = spec.name;
  figure.innerHTML =
    '<div class="lb-top"><h3 class="lb-title"></h3></div><figcaption class="lb-caption"></figcaption><div class="lb-key"></div>' +
    '<div class="lb-readout" aria-hidden="true"></div><div class="lb-plot" role="img" tabindex="0"></div>';
  const at = (name) => figure.querySelector(`.lb-${name}`);
  at("title").append(spec.title, " ", element("span", "lb-unit", spec.unit));
  at("caption").textContent = spec.caption;
  if (spec.kind === "groups") GROUPS.forEach(([, words], i) => at("key").append(element("span", `lb-share-${i}`, words)));
  const chart = { spec, figure, plot: at("plot"), readout: at("readout"), words: element("div", "lb-marks"), near: false, width: 0, described: -Infinity, marks: [], lines: [], seeds: [] };
  chart.plot.append(chart.words);
  at("top").append(menu(board, chart));
  chart.plot.addEventListener("keydown", (event) => onKey(board, chart, event));
  chart.plot.addEventListener("pointerleave", () => hoverAt(board, null));
  return chart;
}

function menu(board, chart) {
  const node = element("details", "lb-menu");
  const button = element("summary", "lb-button", "Save");
  button.setAttribute("aria-label", `Save ${chart.spec.title}`);
  const list = element("div", "lb-forms");
  list.append(
    ...FORMS.map((form) =>
      element("button", "lb-button", form, {
        type: "button",
        onclick: () => {
          node.open = false;
          save(board, chart, form);
        },
      }),
    ),
  );
  node.append(button, list);
  node.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    node.open = false;
    button.focus();
  };
  node.addEventListener("focusout", (event) => node.contains(event.relatedTarget) || (node.open = false));
  return node;
}

export function showLegend(board, payload) {
  board.note.textContent = payload.note;
  board.hidden = new Set([...board.hidden].filter((label) => board.store.has(label)));
  const pressed = () =>
    [...board.legend.children].forEach((node, i) => node.setAttribute("aria-pressed", String(!board.hidden.has(board.sides[i].label))));
  board.legend.replaceChildren(
    ...board.sides.map((side) => {
      const button = element("button", "lb-side", side.label, { type: "button" });
      const sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      sample.setAttribute("viewBox", "0 0 28 8");
      sample.setAttribute("aria-hidden", "true");
      sample.innerHTML = `<line x1="0" x2="28" y1="4" y2="4" stroke-dasharray="${dashOf(side).join(" ") || "none"}"/>`;
      button.prepend(sample);
      button.onclick = () => {
        board.hidden.has(side.label) ? board.hidden.delete(side.label) : board.hidden.add(side.label);
        pressed();
        redraw(board);
      };
      button.ondblclick = () => {
        board.hidden = new Set(board.sides.map(({ label }) => label).filter((label) => label !== side.label));
        pressed();
        redraw(board);
      };
      button.title = "Click to show or hide, double-click to show this one alone";
      return button;
    }),
  );
  pressed();
}

export const colorLegend = (board) =>
  [...board.legend.children].forEach((button, i) => {
    const color = colorOf(board, board.sides[i]);
    if (button.style.getPropertyValue("--side") !== color) button.style.setProperty("--side", color);
  });

// What a state is called where its colour is not seen.
const STATES = {
  live: "Training",
  queued: "Waiting",
  paused: "Paused",
  stopped: "Stopped",
  failed: "Failed",
  interrupted: "Interrupted",
  done: "Done",
};

export function showBadge(board, badge) {
  if (board.status && badge && board.status.state !== badge.state) {
    board.spoken.textContent = `${STATES[badge.state]}: ${badge.text}`; // each update told would be a flood
  }
  board.status = badge;
  board.badge.hidden = !badge;
  if (!badge) return;
  board.badge.dataset.state = badge.state;
  const age = Math.round((Date.now() - board.arrived) / 1000);
  const text = badge.state === "live" && board.arrived && age >= 3 ? `${badge.text} · last update ${age} s ago` : badge.text;
  tell(board.badge, text);
}
