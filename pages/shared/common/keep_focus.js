// The keyboard's place, where the page would lose it. A button that is pressed is often replaced (Run by Pause) or disabled for a moment (Step):
// the browser then forgets where the focus was, and a reader begins at the top. And what a popover shows is drawn at the end of the page.

const PATIENCE = 1500; // ms for which the same button may come back, or the one that stands for it
const AGAIN = 100;
const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled), textarea, summary, [tabindex='0']";
let watching = false;
let last = null; // {node, key, block}: what had the focus, the class of its element, and the block that it stands in
let opener = null; // the button of the open popover

export function render() {
  if (watching) return;
  watching = true;
  addEventListener("focusin", remember);
  addEventListener("pointerdown", () => (last = null), true); // what is clicked and takes the focus is remembered after that
  addEventListener("keydown", leavePopover, true);
  new MutationObserver(changed).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
}

const keyOf = (node) => [...(node?.classList ?? [])].find((name) => name.startsWith("st-key-"));
const here = () => document.activeElement !== document.body;
const lost = () => last !== null && (!last.node.isConnected || last.node.disabled);

// Of these two one is there.
const PAIR = ["[data-testid=stExpandSidebarButton]", "[data-testid=stSidebarCollapseButton] button"];

function remember({ target }) {
  const side = PAIR.findIndex((selector) => target.matches(selector));
  if (side >= 0) return void (last = { node: target, instead: PAIR[1 - side] });
  const element = target.closest("[data-testid=stElementContainer]");
  const block = element?.parentElement?.closest("[class*=st-key-]");
  last = block ? { node: target, key: keyOf(element), block } : null;
}

function changed() {
  enterPopover();
  if (here() || !lost() || last.since) return;
  last.since = Date.now();
  find(last);
}

function find(place) {
  if (place !== last || here()) return;
  if (place.instead) {
    const other = document.querySelector(place.instead);
    if (!other && Date.now() - place.since < PATIENCE) return void setTimeout(find, AGAIN, place);
    return other?.focus();
  }
  const inBlock = (selector) => place.block.querySelector(selector);
  const same = place.key && inBlock(`.${CSS.escape(place.key)} button`);
  const patient = Date.now() - place.since < PATIENCE;
  const next = same ? !same.disabled && same : inBlock("button[kind^=primary]:not(:disabled)");
  if (!next && patient) return void setTimeout(find, AGAIN, place);
  if (next) return next.focus();
  place.block.tabIndex = -1; // nothing to press stands for it: what it has changed is read
  place.block.focus({ preventScroll: true });
}

const body = () => document.querySelector("[data-testid=stPopoverBody]");

function enterPopover() {
  const shown = body();
  if (!shown) opener = null;
  else if (!opener && document.activeElement?.matches("[data-testid=stPopoverButton]:focus-visible")) {
    const first = shown.querySelector(FOCUSABLE);
    if (!first) return; // not drawn yet
    opener = document.activeElement;
    requestAnimationFrame(() => first.focus());
  }
}

function leavePopover(event) {
  if (event.key !== "Tab" || !opener || !body()?.contains(event.target)) return;
  const all = [...body().querySelectorAll(FOCUSABLE)].filter((node) => node.checkVisibility());
  if (event.target !== all.at(event.shiftKey ? 0 : -1)) return;
  event.preventDefault();
  opener.focus();
}
