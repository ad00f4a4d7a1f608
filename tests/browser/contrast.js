// All visible text of the page whose contrast with what is behind it is below WCAG 2.1 AA (4.5, or 3 for large text), as sentences.
() => {
  const painter = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    painter.clearRect(0, 0, 1, 1);
    painter.fillStyle = color;
    painter.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = painter.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below, opacity = 1) => below.map((c, i) => (i < 3 ? top[i] * top[3] * opacity + c * (1 - top[3] * opacity) : 1));
  const ancestors = (node) => (node ? [...ancestors(node.parentElement), node] : []);
  const luminance = (color) => {
    const [r, g, b] = color.map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, two) => {
    const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  // Not looked at: what is off, what is not shown, and the number that floats above a slider's thumb without standing on it.
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const node = walker.currentNode.parentElement;
    if (!text || node.closest("script, style, template, [disabled], [aria-disabled=true], [aria-hidden=true], [hidden], noscript, option, title, [data-testid=stSliderThumbValue]")) continue;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    if (!box.width || !box.height || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const line = ancestors(node);
    if (line.some((n) => n.querySelector?.(":scope > [disabled]"))) continue; // the label of a control that is off
    let behind = [255, 255, 255, 1];
    let opacity = 1;
    for (const n of line) {
      const css = getComputedStyle(n);
      if (!(n instanceof SVGElement)) behind = over(rgba(css.backgroundColor), behind);
      opacity *= Number(css.opacity);
    }
    const ink = node instanceof SVGElement ? style.fill : style.color;
    const strength = opacity * (node instanceof SVGElement ? Number(style.fillOpacity) : 1);
    // The numbers of a contour stand on its fill, which is not an ancestor: on whichever they can be read worst.
    const fills = node.closest(".contourlabels") ? [...node.closest(".main-svg").querySelectorAll(".contourfill path")] : [];
    const grounds = fills.length ? fills.map((path) => over(rgba(getComputedStyle(path).fill), behind)) : [behind];
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const values = grounds.map((ground) => ratio(over(rgba(ink), ground, strength), ground));
    const value = Math.min(...values);
    const ground = grounds[values.indexOf(value)];
    if (value < (large ? 3 : 4.5)) found.push(`${value.toFixed(2)}: “${text.slice(0, 50)}” ${ink} on ${ground.slice(0, 3).map(Math.round)}`);
  }
  return [...new Set(found)];
}
