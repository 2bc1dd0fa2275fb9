/** Is the surface light or dark? Measured from the host's colours, never from `prefers-color-scheme`. */

/** From this relative luminance on, black text reads better than white. */
const LIGHT_FROM = 0.179;

/**
 * Red, green, blue and alpha, each 0 to 1; null for what a computed style never says (a name, a gradient).
 * @param {string} css
 * @returns {[number, number, number, number] | null}
 */
function parse(css) {
  const text = css.trim().toLowerCase();
  const hex = /^#([\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/.exec(text)?.[1];
  if (hex) {
    const pairs = hex.length < 6 ? [...hex].map((c) => c + c) : hex.match(/../g) ?? [];
    const [r, g, b, a = 1] = pairs.map((pair) => Number.parseInt(pair, 16) / 255);
    return [r, g, b, a];
  }
  const call = /^(rgba?|color)\(\s*(srgb\s+)?([^)]*)\)$/.exec(text);
  if (!call || (call[1] === "color") !== Boolean(call[2])) return null;
  const unit = call[1] === "color" ? 1 : 255;
  const parts = call[3].split(/[\s,/]+/).filter(Boolean);
  const [r, g, b, a = 1] = parts.map((part, i) => {
    if (part === "none") return 0;
    return part.endsWith("%") ? Number.parseFloat(part) / 100 : Number(part) / (i < 3 ? unit : 1);
  });
  return [r, g, b, a].every(Number.isFinite) ? [r, g, b, a] : null;
}

/**
 * Relative luminance (WCAG), 0 black to 1 white. Null where the colour says nothing: it is unknown, or more than half
 * transparent, and the caller should look at what lies behind.
 * @param {string} css
 * @returns {number | null}
 */
export function luminance(css) {
  const rgba = parse(css);
  if (!rgba || rgba[3] < 0.5) return null;
  const [r, g, b] = rgba.slice(0, 3).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * The theme that the first telling colour gives, nearest surface first.
 * @param {string | readonly string[]} css
 * @returns {"light" | "dark"}  light where none tells
 */
export function theme(css) {
  for (const colour of typeof css === "string" ? [css] : css) {
    const l = luminance(colour);
    if (l !== null) return l >= LIGHT_FROM ? "light" : "dark";
  }
  return "light";
}
