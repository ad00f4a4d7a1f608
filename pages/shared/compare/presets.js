// Presets: a field to save the present settings by name, and the saved ones. They are kept in this browser alone.

const PLACE = "dapo-lab-presets";
const KEPT = 50;

function read() {
  try {
    return Object.entries(JSON.parse(localStorage.getItem(PLACE) ?? "{}")).filter(([, query]) => typeof query === "string");
  } catch {
    return [];
  }
}

function write(entries) {
  localStorage.setItem(PLACE, JSON.stringify(Object.fromEntries(entries.slice(-KEPT))));
}

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export function render({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".presets");
  root.query = data.query;
  root.load = (name, query) => setTriggerValue("load", { name, query, time: Date.now() });
  if (!root.firstChild) build(root);
  root.querySelector("[type=submit]").disabled = !data.query;
}

function build(root) {
  const name = make("input", { type: "text", maxlength: "60", required: "", placeholder: "a name for these settings", "aria-label": "Name of the preset" });
  const save = make("button", { type: "submit" }, "Save");
  const list = make("ul", { "aria-label": "Saved presets" });
  const note = make("p", { role: "status" });
  const form = make("form", {}, name, save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const called = name.value.trim();
    if (!called || !root.query) return;
    write([...read().filter(([other]) => other !== called), [called, root.query]]);
    name.value = "";
    show();
    note.textContent = `Saved as ${called}.`;
  });
  const show = () => {
    const entries = read();
    list.replaceChildren(
      ...entries.map(([called, query]) =>
        make(
          "li",
          {},
          make("button", { type: "button", onclick: () => root.load(called, query) }, called),
          make("button", {
            type: "button",
            "aria-label": `Delete ${called}`,
            onclick: () => {
              write(read().filter(([other]) => other !== called));
              show();
              name.focus();
            },
          }, "×"),
        ),
      ),
    );
    note.textContent = entries.length ? "" : "Nothing is saved yet. Presets stay in this browser.";
  };
  root.replaceChildren(form, list, note);
  show();
}
