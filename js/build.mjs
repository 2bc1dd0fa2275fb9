/**
 * Bundles each front end, src/index.js and src/gallery/index.js, into the one file that notebooks load. The first line
 * carries a hash of what it was made from, so that a test can tell a stale bundle: over every .js and .css file of src
 * and this script, sorted by path, each as path, NUL, contents, NUL. `hatch_build.py` computes the same.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import zopfli from "@gfx/zopfli";
import { build, transform } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "..", "camwidget", "static");

/** What each bundle is made from. */
const ENTRIES = Object.freeze({ "widget.js": "index.js", "gallery.js": "gallery/index.js" });

export function sourceHash() {
  const found = readdirSync(join(HERE, "src"), { recursive: true, encoding: "utf8" });
  const names = found.filter((name) => /\.(js|css)$/.test(name)).map((name) => `src/${name.replaceAll("\\", "/")}`);
  const hash = createHash("sha256");
  for (const name of ["build.mjs", ...names].sort()) {
    hash.update(name).update("\0").update(readFileSync(join(HERE, name))).update("\0");
  }
  return hash.digest("hex");
}

/** Styles are inlined as text, which esbuild would leave as written. */
const styles = {
  name: "styles",
  /** @param {import("esbuild").PluginBuild} plugin */
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** Printable letters that neither JSON nor a page must escape: two of them hold 13 bits. */
const LETTERS = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((c) => !'"\\<`'.includes(c)).join("");

/**
 * Text for bytes, an eighth shorter than base64.
 * @param {Uint8Array} bytes
 */
function lettered(bytes) {
  const base = LETTERS.length;
  let text = "";
  let bits = 0;
  let count = 0;
  const put = () => {
    const value = bits & 0x1fff;
    text += LETTERS[Math.floor(value / base)] + LETTERS[value % base];
    bits >>>= 13;
    count -= 13;
  };
  for (const byte of bytes) {
    bits |= byte << count;
    count += 8;
    if (count >= 13) put();
  }
  if (count > 0) put();
  return text;
}

/**
 * The bundle travels with every saved widget, so it is packed as tightly as can be: less than half the size, and
 * unpacked within a few milliseconds. It is loaded as hosts load any widget, from a URL of its own text; once a page,
 * since a page never lets go of a module, nor of what its top level holds, and not before a widget is shown: some hosts
 * give little time to load.
 * @param {Uint8Array} source
 * @param {string} name
 * @param {string} hash
 */
async function packed(source, name, hash) {
  const deflated = await zopfli.deflateAsync(source, { numiterations: 15 });
  return `// camwidget js sha256:${hash}
async function open() {
  const letters = "${LETTERS}";
  const packed = "${lettered(deflated)}";
  const bytes = new Uint8Array(${deflated.length});
  const values = new Map([...letters].map((letter, i) => [letter, i]));
  for (let i = 0, at = 0, bits = 0, count = 0; i < packed.length; i += 2) {
    bits |= (values.get(packed[i]) * ${LETTERS.length} + values.get(packed[i + 1])) << count;
    for (count += 13; count > 7; count -= 8, bits >>>= 8) bytes[at++] = bits;
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const text = await new Response(stream).text();
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  URL.revokeObjectURL(url);
  return widget;
}
const shared = Symbol.for("camwidget ${name} ${hash}");
const load = () => globalThis[shared] ??= open().catch((error) => {
  delete globalThis[shared];
  throw error;
});
export default { render: async (shown) => (await load()).render(shown) };
`;
}

mkdirSync(STATIC, { recursive: true });
const hash = sourceHash();
for (const [name, entry] of Object.entries(ENTRIES)) {
  const result = await build({
    entryPoints: [join(HERE, "src", entry)],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    charset: "utf8",
    plugins: [styles],
    write: false,
    logLevel: "warning",
  });
  const source = result.outputFiles[0].contents;
  const text = await packed(source, name, hash);
  writeFileSync(join(STATIC, name), text);
  console.log(`camwidget/static/${name}: ${text.length} bytes, unpacked ${source.byteLength}`);
}
