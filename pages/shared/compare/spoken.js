// Tells a screen reader what has changed of what is foreseen. A slider that is moved changes it many times: it is told once it has rested.

const REST = 1200; // ms without a change

const regions = new WeakMap(); // node -> {told, now, timer}

export default function render({ data, parentElement }) {
  const node = parentElement.querySelector("[role=status]");
  const now = data.foreseen;
  const region = regions.get(node);
  // What a page begins with is read where it stands.
  if (!region) return void regions.set(node, { told: now, now, timer: 0 });
  if (JSON.stringify(region.now) === JSON.stringify(now)) return;
  region.now = now;
  node.textContent = ""; // it holds no longer
  clearTimeout(region.timer);
  region.timer = setTimeout(tell, REST, node, region);
}

function tell(node, region) {
  const parts = Object.entries(region.now).filter(([name, text]) => region.told[name] !== text);
  if (!parts.length) return;
  region.told = region.now;
  node.textContent = `With these settings: ${parts.map(([, text]) => text).join(", ")}.`;
}
