/** Another widget of the same kernel, shown inside this one. */

const PREFIX = "anywidget:";

/**
 * What hosts hand to a widget's front end, as far as it is needed here: newer ones find other widgets themselves.
 * @typedef {{getWidget: (ref: string) => Promise<{render: (view: {el: HTMLElement, signal: AbortSignal}) => unknown}>}} Finder
 * @typedef {(ref: string, el: HTMLElement, signal: AbortSignal) => Promise<unknown>} Summon  fails where it cannot be shown
 */

/**
 * @param {any} model
 * @param {Finder | undefined} host
 * @returns {Summon}
 */
export function createSummon(model, host) {
  return async (ref, el, signal) => {
    if (typeof host?.getWidget === "function") {
      const found = await host.getWidget(ref);
      return found.render({ el, signal });
    }
    const child = await model.widget_manager.get_model(ref.slice(PREFIX.length));
    const url = URL.createObjectURL(new Blob([child.get("_esm")], { type: "text/javascript" }));
    const { default: widget } = await import(url);
    URL.revokeObjectURL(url);
    const close = await widget.render({ model: child, el, signal });
    signal.addEventListener("abort", () => close?.());
  };
}
