"""Hosts load the text of a front end anew for each widget, and a page never lets go of a module."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

STATIC = Path(__file__).resolve().parents[2] / "camwidget" / "static"

LOAD = """async (texts) => {
    const at = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const load = async (text) => (await import(at(text))).default;
    const unpacks = DecompressionStream;
    delete globalThis.DecompressionStream;
    const failed = await load(texts[0]).catch((error) => error.name);
    globalThis.DecompressionStream = unpacks;
    const twice = await Promise.all(texts.map((text) => Promise.all([load(text), load(text)])));
    return [failed, twice.map(([a, b]) => a === b), twice.map(([a]) => typeof a.render), twice[0][0] === twice[1][0]];
}"""


def test_all_widgets_of_a_page_share_one_front_end(browser: Browser) -> None:
    """The gallery has its own; and one that could not be unpacked is unpacked when it is next asked for."""
    page = browser.new_page()
    texts = [(STATIC / name).read_text(encoding="utf-8") for name in ("widget.js", "gallery.js")]
    assert page.evaluate(LOAD, texts) == ["ReferenceError", [True, True], ["function", "function"], False]
    page.close()
