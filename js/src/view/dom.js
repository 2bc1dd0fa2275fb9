/** Building elements: text only, never markup, so that a class called `<b>` stays a class called `<b>`. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number | boolean | null | undefined>} Props  `text`, and attributes */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T | `${T}.${string}`} what  a tag with its classes, as in CSS: "div.row"
 * @param {Props} [props]
 * @param {Array<Node | string | null>} [children]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(what, props = {}, children = []) {
  const [tag, ...classes] = what.split(".");
  const element = /** @type {HTMLElementTagNameMap[T]} */ (document.createElement(tag));
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (name === "text") element.textContent = String(value);
    else setAttr(element, name, value);
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value  false, null and undefined take the attribute away
 */
export function setAttr(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** @param {Element} element @param {boolean} hidden */
export const hide = (element, hidden) => setAttr(element, "hidden", hidden);

/** @param {Element} element @param {string} name @param {boolean} on */
export const mark = (element, name, on) => element.classList.toggle(name, on);

/**
 * Writes only what differs, so that an unchanged frame costs no layout.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {HTMLElement | SVGElement} element
 * @param {string} name  a property or a custom property
 * @param {string} value
 */
export function setStyle(element, name, value) {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/**
 * A key that was understood goes no further: the notebook has shortcuts of its own.
 * @param {Event} event
 */
export function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Props} props
 */
export function svgOf(tag, props) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) setAttr(element, name, value);
  return element;
}

/**
 * A stroke icon on a 16 px field.
 * @param {string} d  the path
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function svg(d, name) {
  const element = svgOf("svg", { class: name, viewBox: "0 0 16 16", "aria-hidden": "true" });
  element.append(svgOf("path", { d }));
  return element;
}
