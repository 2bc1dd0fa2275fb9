/** The table of keys in README.md, from the one that the widget reads: `node keys_table.js` writes it, a test compares. */

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { cap, SHORTCUTS } from "./src/lib/keys.js";

const README = fileURLToPath(new URL("../README.md", import.meta.url));
const BETWEEN = /(<!-- keys from here[^\n]*-->\n)[^]*?(<!-- and to here -->)/;

/** What each part of the table is called where it has no focus of its own to be seen in. @type {Record<string, string>} */
const PLACES = { widget: "anywhere", picture: "on the picture", signal: "on a signal", volume: "on a volume", matrix: "in the matrix" };

/** One line a place: Markdown. */
export function keysTable() {
  const places = [...new Set(SHORTCUTS.map(({ where }) => where))];
  const lines = places.map((place) => {
    const keys = SHORTCUTS.filter(({ where }) => where === place).map(({ keys: names, label }) =>
      `${names.map((name) => `\`${cap(name)}\``).join(" ")} ${label.toLowerCase()}`);
    return `| ${PLACES[place] ?? `in the ${place}`} | ${keys.join(" · ")} |`;
  });
  return ["| | |", "|---|---|", ...lines, ""].join("\n");
}

/** The table as README has it. */
export const written = () => BETWEEN.exec(readFileSync(README, "utf8"))?.[0];

/** @param {string} text  with both marks */
const renewed = (text) => text.replace(BETWEEN, (_, from, to) => from + keysTable() + to);

/** The table as README should have it. */
export const due = () => renewed(written() ?? "");

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(README, renewed(readFileSync(README, "utf8")));
