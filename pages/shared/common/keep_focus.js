// The keyboard's place, where the page would lose it. A button that is pressed is often replaced (Run by Pause) or disabled for a moment (Step):
// the browser then forgets where the focus was, and a reader begins at the top. What a popover shows is drawn at the end of the page. And on
// a narrow screen the sidebar lies over the page, where who leaves it by keyboard would go on unseen.

const PATIENCE = 1500; // ms for which the same button may come back, or the one that stands for it
const AGAIN = 100;
const FIXUP = 50; // after which the browser has mostly noticed that a button with the focus is disabled; it does when it draws
const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled), textarea, summary, [tabindex='0']";
const SEEN = { visibilityProperty: true }; // Streamlit draws some buttons twice, one of them hidden
let watching = false;
let last = null; // {node, key, block, name}: what had the focus, the class of its element, the block that it stands in, and the class of that
let opener = null; // the button of the open popover

export function render() {
  if (watching) return;
  watching = true;
  addEventListener("focusin", remember);
  addEventListener("pointerdown", () => (last = null), true); // what is clicked and takes the focus is remembered after that
  addEventListener("keydown", leavePopover, true);
  addEventListener("focusin", ({ target }) => target.closest?.("[data-testid=stMain]") && covers() && fold().click());
  addEventListener("keydown", foldByEscape, true);
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
  const block = element?.parentElement?.closest("[class*=st-key-], [data-testid=stPopoverBody]") ?? (target.tabIndex < 0 && keyOf(target) ? target : null);
  last = block ? { node: target, key: keyOf(element), block, name: keyOf(block) } : null;
}

function changed() {
  enterPopover();
  if (!lost() || last.since) return;
  last.since = Date.now();
  setTimeout(find, FIXUP, last);
}

function find(place) {
  if (place !== last) return;
  if (document.activeElement === place.node && place.node.disabled) { // nothing was drawn since
    place.since = Date.now();
    return void setTimeout(find, AGAIN, place);
  }
  if (here()) return void (place.since = undefined); // it came back at once, and may go again
  if (place.instead) {
    const other = document.querySelector(place.instead);
    if (!other && Date.now() - place.since < PATIENCE) return void setTimeout(find, AGAIN, place);
    return other?.focus();
  }
  const block = blockOf(place);
  const patient = Date.now() - place.since < PATIENCE;
  const next = block && insteadOf(place, block);
  if (!next && patient) return void setTimeout(find, AGAIN, place);
  if (next && next !== block) return next.focus();
  if (!block) return;
  block.tabIndex = -1; // nothing to press stands for it: what it has changed is read
  block.focus({ preventScroll: true });
}

// Streamlit makes a block anew where another one has gone from above it.
function blockOf({ block, name }) {
  if (block.isConnected || !name) return block;
  return [...document.querySelectorAll(`.${CSS.escape(name)}`)].find((node) => node.checkVisibility(SEEN));
}

function insteadOf(place, block) {
  if (place.node === place.block) return block;
  const same = place.key && block.querySelector(`.${CSS.escape(place.key)} button`);
  return same ? !same.disabled && same : block.querySelector("button[kind^=primary]:not(:disabled)");
}

const body = () => document.querySelector("[data-testid=stPopoverBody]");

function enterPopover() {
  const shown = body();
  if (!shown) leftPopover();
  else if (!opener && document.activeElement?.matches("[data-testid=stPopoverButton]:focus-visible")) {
    if (!shown.querySelector(FOCUSABLE)) return; // not drawn yet
    opener = document.activeElement;
    goIn(shown, Date.now() + PATIENCE);
  }
}

// At once, or as soon as it has been put into its place: what is hidden until then takes no focus.
function goIn(shown, until) {
  if (document.activeElement !== opener) return;
  shown.querySelector(FOCUSABLE)?.focus();
  if (Date.now() < until) requestAnimationFrame(() => goIn(shown, until));
}

const labelOf = ({ textContent }) => textContent.replace(/expand_(more|less)$/, ""); // the icon's name is text, too

// Where what a popover does has drawn the page anew, its button may be another one.
function toOpener() {
  const buttons = [...document.querySelectorAll("[data-testid=stPopoverButton]")].filter((node) => node.checkVisibility(SEEN));
  buttons.find((button) => labelOf(button) === labelOf(opener))?.focus();
}

function leftPopover() {
  if (opener && !here()) toOpener();
  opener = null;
}

function leavePopover(event) {
  if (event.key !== "Tab" || !opener || !body()?.contains(event.target)) return;
  const all = [...body().querySelectorAll(FOCUSABLE)].filter((node) => node.checkVisibility());
  if (event.target !== all.at(event.shiftKey ? 0 : -1)) return;
  event.preventDefault();
  toOpener();
}

const fold = () => document.querySelector(PAIR[1]);

// Whether the open sidebar lies over the page, also while it slides in: beside it the page begins further right.
function covers() {
  const main = document.querySelector("[data-testid=stMain]");
  return Boolean(document.querySelector("[data-testid=stSidebar][data-collapsed=false]") && fold()) && main.getBoundingClientRect().left < 1;
}

function foldByEscape({ key, target }) {
  const takesIt = target.closest("[role=combobox][aria-expanded=true], [role=dialog]") || document.querySelector(".tour-card");
  if (key !== "Escape" || takesIt || !(target === document.body || target.closest("[data-testid=stSidebar]")) || !covers()) return;
  fold().focus(); // from where the focus goes to the button that unfolds it
  fold().click();
}
