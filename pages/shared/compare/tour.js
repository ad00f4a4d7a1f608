// The tour: a card at the edge of the window that covers nothing which has to be pressed, and a frame around what it tells of.

const PLACE = "dapo-lab-tour";

function seen() {
  try {
    return localStorage.getItem(PLACE) !== null;
  } catch {
    return true; // a browser that remembers nothing would show it on every visit
  }
}

// Not what is folded away at the side, as the settings are on a phone.
const inSight = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().right > 0;

export function render({ data, parentElement }) {
  const root = parentElement.querySelector(".tour");
  if (root.begun || seen()) return;
  root.begun = true;
  begin(root, data.steps);
}

function begin(root, steps) {
  root.innerHTML = `<section class="tour-card" role="region" aria-label="A short tour"><p class="tour-count"></p>
    <p class="tour-text" aria-live="polite"><strong></strong> <span></span></p>
    <div><button type="button" class="tour-skip">Skip the tour</button><button type="button" class="tour-next"></button></div></section>`;
  const [count, title, text, skip, next] = ["count", "text strong", "text span", "skip", "next"].map((name) => root.querySelector(`.tour-${name}`));
  let step = -1;
  let framed = null;
  const frame = (node) => {
    framed?.classList.remove("tour-here");
    framed = node ?? null;
    framed?.classList.add("tour-here");
  };
  const end = () => {
    localStorage.setItem(PLACE, "seen");
    frame(null);
    root.replaceChildren();
    removeEventListener("keydown", escape);
  };
  const escape = (event) => event.key === "Escape" && end();
  const go = () => {
    step += 1;
    if (step === steps.length) return end();
    localStorage.setItem(PLACE, "begun"); // whoever leaves in the middle has seen it, too
    count.textContent = `${step + 1} of ${steps.length}`;
    title.textContent = `${steps[step].title}.`;
    text.textContent = steps[step].text;
    next.textContent = step === steps.length - 1 ? "Done" : "Next";
    frame([...document.querySelectorAll(steps[step].at)].find(inSight));
    if (step > 0) framed?.scrollIntoView({ block: "nearest" });
  };
  skip.addEventListener("click", end);
  next.addEventListener("click", go);
  addEventListener("keydown", escape);
  go();
}
