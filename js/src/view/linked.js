/**
 * Widgets of one group on one page share the pointer: what is read, pinned or previewed in one is in all of them, and no
 * kernel is asked. Which widgets belong together, the kernel says (`meta.group`).
 */

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Ui} Ui
 * @typedef {Pick<Ui, "hover" | "pinned" | "slice">} Shared
 * @typedef {{group: string, from: object, part: Partial<Shared>, preview?: string | null}} Told  preview: of a class, by name
 */

const EVENT = "camwidget:pointer";
const SHARED = /** @type {const} */ (["hover", "pinned", "slice"]);

/** @param {Context} context */
export function linkPointer(context) {
  const { store, patch } = context;
  const { group } = store.meta;
  if (!group) return;
  const from = {};
  context.patch = (part) => {
    patch(part);
    const told = tellingOf(part, store.classes.names);
    if (told) document.dispatchEvent(new CustomEvent(EVENT, { detail: { ...told, group, from } }));
  };
  context.listen(document, EVENT, (event) => {
    const { detail } = /** @type {CustomEvent<Told>} */ (event);
    if (detail.group !== group || detail.from === from) return;
    patch({ ...detail.part, ...previewOf(detail.preview, store.classes.names) });
  });
}

/**
 * What others hear of a change; null where it does not concern them.
 * @param {Partial<Ui>} part
 * @param {readonly string[]} names
 * @returns {Pick<Told, "part" | "preview"> | null}
 */
function tellingOf(part, names) {
  const shared = Object.fromEntries(SHARED.filter((name) => name in part).map((name) => [name, part[name]]));
  const target = part.preview?.target;
  const preview = "preview" in part ? { preview: target === undefined ? null : names[target] } : {};
  return Object.keys(shared).length || "preview" in part ? { part: shared, ...preview } : null;
}

/**
 * @param {string | null | undefined} name  null: nothing is previewed any more; undefined: nothing is said of it
 * @param {readonly string[]} names
 * @returns {Partial<Ui>}
 */
function previewOf(name, names) {
  if (name === undefined) return {};
  const target = name === null ? -1 : names.indexOf(name);
  return { preview: target < 0 ? null : { target } };
}
