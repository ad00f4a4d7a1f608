// What is too long for the field *Paste text* is sent as a file: a browser lays a text out in a field for minutes where it sends it at once.
// Words say under the field what became of it. The field keeps what it has.

const AREA = ".st-key-your_run_paste", FILES = ".st-key-your_run_drop";

export function render({ data, parentElement }) {
  const root = parentElement.querySelector(".long_paste");
  if (root.about?.given !== data.given) say(root, "");
  root.about = data;
  if (root.listening) return;
  root.listening = true;
  root.setAttribute("role", "status");
  const area = root.closest(AREA);
  area.addEventListener("beforeinput", (event) => inserted(root, event), true);
  area.addEventListener("paste", (event) => brought(root, event, event.clipboardData), true);
  area.addEventListener("drop", (event) => brought(root, event, event.dataTransfer), true);
  area.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault(), true);
}

// A text that is pasted, or dragged from elsewhere.
function inserted(root, event) {
  const { target: field, data: text, inputType } = event;
  if (!text || !inputType.startsWith("insertFrom")) return;
  const [before, after] = [field.value.slice(0, field.selectionStart), field.value.slice(field.selectionEnd)];
  if (before.length + text.length + after.length <= root.about.characters) return;
  event.preventDefault();
  const file = new File([before, text, after], root.about.name, { type: "text/plain" });
  const megabytes = (file.size / 1e6).toFixed(1);
  if (file.size > root.about.bytes) say(root, root.about.words.too_large.replace("{size}", megabytes), true);
  else send(root, [file], root.about.words.sent.replace("{size}", megabytes));
}

// Files that are pasted, or dropped on the field: without this the browser would leave the page for one of them.
function brought(root, event, { files }) {
  if (!files.length) return;
  event.preventDefault();
  send(root, files, root.about.words.files);
}

function send(root, files, words) {
  const uploader = document.querySelector(FILES);
  const input = uploader.querySelector("input[type=file]");
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  say(root, words);
  root.watching?.disconnect();
  root.watching = new MutationObserver(() => {
    const failed = uploader.querySelector("[role=alert]")?.textContent;
    if (failed) say(root, root.about.words.failed.replace("{why}", failed), true);
  });
  root.watching.observe(uploader, { childList: true, subtree: true, characterData: true });
}

function say(root, words, wrong = false) {
  root.textContent = words;
  root.style.cssText = `font: 0.875rem var(--st-font); color: var(${wrong ? "--st-red-text-color" : "--st-text-color"})`;
}
