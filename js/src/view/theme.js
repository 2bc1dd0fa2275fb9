/** The theme, measured from the host and watched: notebooks switch theirs while the widget stands there. */

import { theme } from "../lib/theme.js";
import { setAttr } from "./dom.js";

/**
 * Surfaces of hosts that have names of their own for them. JupyterLab's names are there, too, but come with ipywidgets'
 * style sheet, which is white in any theme, and only some of them are set anew: they must not be mixed.
 */
const OWN = Object.freeze({ vscode: "--vscode-editor-background", colab: "--colab-primary-surface-color" });
const HOST_COLOURS = [...Object.values(OWN), "--jp-layout-color1", "--jp-layout-color0"];
const WATCHED = ["class", "style", "theme", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

/** Hosts announce a theme first and load its style sheet after; this is when it has certainly come. */
const SETTLED = 300;

/**
 * A colour as the browser computes it: hosts may write names or functions.
 * @param {HTMLElement} probe
 * @param {string} css
 */
function computed(probe, css) {
  probe.style.color = "";
  probe.style.color = css;
  return probe.style.color ? getComputedStyle(probe).color : "";
}

/**
 * @param {HTMLElement} el
 * @param {HTMLElement} probe
 * @returns {"light" | "dark"}
 */
function measure(el, probe) {
  const style = getComputedStyle(el);
  const colours = HOST_COLOURS.map((name) => style.getPropertyValue(name).trim()).filter(Boolean);
  const told = colours.map((css) => computed(probe, css));
  if (told.length === 0) {
    const body = document.body;
    if (body.matches(".dark, .dark-theme, [data-theme='dark']")) return "dark";
    if (body.matches(".light, .light-theme, [data-theme='light']")) return "light";
  }
  for (let node = /** @type {Element | null} */ (el); node; node = node.parentElement) {
    told.push(getComputedStyle(node).backgroundColor);
  }
  return theme(told);
}

/** The host whose own colours count, if it is one of those. @param {HTMLElement} el */
function hostOf(el) {
  const style = getComputedStyle(el);
  return Object.entries(OWN).find(([, name]) => style.getPropertyValue(name).trim())?.[0];
}

/**
 * Keeps `root`'s data-theme true, and its data-host.
 * @param {HTMLElement} el  the host element
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 * @param {() => void} changed  colours read by scripts must be read again
 */
export function watchTheme(el, root, signal, changed) {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const apply = () => {
    setAttr(root, "data-host", hostOf(el));
    setAttr(root, "data-theme", measure(el, probe));
    changed();
  };
  let timer = 0;
  const observer = new MutationObserver(() => {
    apply();
    clearTimeout(timer);
    timer = window.setTimeout(apply, SETTLED);
  });
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: WATCHED });
  }
  observer.observe(document.head, { childList: true });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(timer);
  });
  apply();
  return apply;
}
