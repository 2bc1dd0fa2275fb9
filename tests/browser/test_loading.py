"""Hosts load the text of a front end anew for each widget, and a page never lets go of a module."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

STATIC = Path(__file__).resolve().parents[2] / "camwidget" / "static"

SHOW = """async (texts) => {
    const unpacks = DecompressionStream;
    let unpacked = 0;
    const show = async (text) => {
        const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
        const { default: widget } = await import(url);
        return widget.render({}).catch((error) => error.name);  // of no model
    };
    globalThis.DecompressionStream = class { constructor() { throw new RangeError("full"); } };
    const first = await show(texts[0]);
    globalThis.DecompressionStream = class extends unpacks { constructor(how) { super(how); unpacked += 1; } };
    const counts = [];
    for (const text of texts) {
        await Promise.all([show(text), show(text)]);
        counts.push(unpacked);
    }
    return [first, counts];
}"""


def test_a_front_end_is_unpacked_once_a_page(browser: Browser) -> None:
    """The gallery has its own; and one that could not be unpacked is tried again with the next widget."""
    page = browser.new_page()
    texts = [(STATIC / name).read_text(encoding="utf-8") for name in ("widget.js", "gallery.js")]
    assert page.evaluate(SHOW, texts) == ["RangeError", [1, 2]]
    page.close()
