// The texts that are shown and whose contrast with what is behind them is below 4.5, or 3 for large
// ones (WCAG 2.2, 1.4.3), each with its figure.
const channel = (value) => {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};
const parts = (colour) => {
  const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
  return { red, green, blue, alpha };
};
const luminance = ({ red, green, blue }) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
const over = (front, back) => {
  const mix = (a, b) => a * front.alpha + b * (1 - front.alpha);
  return { red: mix(front.red, back.red), green: mix(front.green, back.green), blue: mix(front.blue, back.blue), alpha: 1 };
};
const ground = (element) => {
  const layers = [];
  for (let it = element; it; it = it.parentElement) layers.push(parts(getComputedStyle(it).backgroundColor));
  let colour = { red: 255, green: 255, blue: 255, alpha: 1 };
  for (const layer of layers.reverse()) colour = over(layer, colour);
  return colour;
};
const weak = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  const isText = node.textContent.trim() && !element.closest("script, style, title, desc, .unseen, .skip");
  if (!isText || !element.checkVisibility()) continue;
  const style = getComputedStyle(element);
  const back = ground(element);
  const front = over(parts(element.closest("svg") ? style.fill : style.color), back);
  const [dark, light] = [luminance(front), luminance(back)].sort((a, b) => a - b);
  const contrast = (light + 0.05) / (dark + 0.05);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (contrast < (isLarge ? 3 : 4.5)) weak.push(`${contrast.toFixed(2)} ${node.textContent.trim().slice(0, 40)}`);
}
return weak;
