/**
 * Shows the widgets of a page that has no kernel: unpacks what `payload.py` made and hands each widget a model that can
 * only be read. `holder` has a place for each view and, as JSON, their data. This file is put into the page as it is.
 */
async (/** @type {HTMLElement} */ holder) => {
  const views = /** @type {NodeListOf<HTMLElement>} */ (holder.querySelectorAll("[data-view]"));
  holder.dataset.shown = "";

  /** @param {string} text  base64 of the deflated block */
  const unpack = async (text) => {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const block = await new Response(stream).arrayBuffer();
    const length = new DataView(block).getUint32(0, true);
    const json = new TextDecoder().decode(new Uint8Array(block, 4, length));
    return JSON.parse(json, (_name, value) => {
      const [offset, size] = value?.$bytes ?? [];
      return offset === undefined ? value : new Uint8Array(block, 4 + length + offset, size);
    });
  };

  /** @param {string} text  of a front end */
  const load = async (text) => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const { default: widget } = await import(url);
    URL.revokeObjectURL(url);
    return widget;
  };

  /** @param {string} text  see `unpack` */
  const modelOf = async (text) => {
    const state = await unpack(text);
    return { get: (/** @type {string} */ name) => state[name], on() {}, off() {} };
  };

  // A frame that was made for this page is as tall as the page.
  const fitFrame = () => {
    try {
      const frame = /** @type {HTMLElement | null} */ (window.frameElement);
      if (!frame?.hasAttribute("data-camwidget")) return;
      const fit = () => frame.style.setProperty("height", `${document.documentElement.offsetHeight}px`);
      new ResizeObserver(fit).observe(document.body);
    } catch {
      // The frame is another site's, and has the height that it was given.
    }
  };

  // Other hosts say by attributes that their theme has changed; on a page of our own the reader's system does.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = () => document.body.setAttribute("data-theme", dark.matches ? "dark" : "light");
  if (holder.parentElement?.matches("main[data-camwidget]")) dark.addEventListener("change", tell);

  try {
    const data = /** @type {HTMLElement} */ (holder.querySelector("script[type='application/json']"));
    const { bundle, widgets, inner } = JSON.parse(data.textContent ?? "");
    const widget = await load(bundle);
    // what a widget shows within it; hosts hand it out by its name
    const within = inner && { widget: await load(inner.bundle), model: await modelOf(inner.widget) };
    const getWidget = async () => ({
      render: (/** @type {object} */ place) => within.widget.render({ ...place, model: within.model }),
    });
    for (const [i, el] of views.entries()) {
      await widget.render({ model: await modelOf(widgets[i]), el, host: within && { getWidget } });
      el.style.minHeight = "";
    }
    fitFrame();
  } catch (error) {
    for (const el of views) el.textContent = `This page needs a newer browser: ${error}`;
  }
}
