/**
 * Bundles src/index.js into the one file that notebooks load. Its first line carries a hash of what it was made from,
 * so that a test can tell a stale bundle: over every .js and .css file of src and this script, sorted by path, each as
 * path, NUL, contents, NUL. `hatch_build.py` computes the same.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUNDLE = join(HERE, "..", "camwidget", "static", "widget.js");

export function sourceHash() {
  const found = readdirSync(join(HERE, "src"), { recursive: true, encoding: "utf8" });
  const names = found.filter((name) => /\.(js|css)$/.test(name)).map((name) => `src/${name.replaceAll("\\", "/")}`);
  const hash = createHash("sha256");
  for (const name of ["build.mjs", ...names].sort()) {
    hash.update(name).update("\0").update(readFileSync(join(HERE, name))).update("\0");
  }
  return hash.digest("hex");
}

/** esbuild leaves the values of custom properties as they are written. @param {string} css */
const tighten = (css) => css.trim().replace(/(--[\w-]+): /g, "$1:").replaceAll(", ", ",");

/** Styles are inlined as text, which esbuild would leave as written. */
const styles = {
  name: "styles",
  /** @param {import("esbuild").PluginBuild} plugin */
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: tighten(code), loader: "text" };
    });
  },
};

/** See src/shorthand.js. */
const SHORTHAND = {
  "Math.abs": "$abs", "Math.floor": "$floor", "Math.max": "$max", "Math.min": "$min", "Math.round": "$round",
  "Object.freeze": "$freeze", "Number.isFinite": "$isFinite", "Number.isInteger": "$isInteger",
  "Array.isArray": "$isArray",
};

const result = await build({
  entryPoints: [join(HERE, "src", "index.js")],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  define: SHORTHAND,
  inject: [join(HERE, "src", "shorthand.js")],
  legalComments: "none",
  charset: "utf8",
  plugins: [styles],
  banner: { js: `// camwidget js sha256:${sourceHash()}` },
  write: false,
  logLevel: "warning",
});
const text = result.outputFiles[0].contents;
mkdirSync(dirname(BUNDLE), { recursive: true });
writeFileSync(BUNDLE, text);
console.log(`camwidget/static/widget.js: ${text.byteLength} bytes`);
