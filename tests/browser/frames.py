"""What makes a browser test independent of the machine's speed: a page's drawing can be waited for, and slowed down.

A widget draws with the next frame what a click, a key or a message has changed. ``View`` waits for that frame before
each of its reads, so that a test sees what a reader sees a sixtieth of a second later.
"""

from __future__ import annotations

import os
from typing import Any

from lab import PATIENCE
from playwright.sync_api import Browser, BrowserContext, Frame, Page

SLOWER = float(os.environ.get("CAMWIDGET_SLOWER_PAGE", "1"))
"""So many times slower than it is, the browser's pages run: with 4 to 8, reads that do not wait fail.

On a machine that is busy besides, a test may also wait for its first heat in vain: anywidget 0.11 gives a model two
seconds to load its module, and lets no message of the kernel through to one that took longer.
"""

# Frames that were asked for are known, so that nothing is waited for where nothing is due. What is scrolled or resized
# is noticed by observers, which speak after a frame, and draw with the next.
COUNT = """(() => {
    const ask = window.requestAnimationFrame.bind(window), drop = window.cancelAnimationFrame.bind(window);
    const due = new Set();
    let owed = 0;
    window.requestAnimationFrame = (callback) => {
        const id = ask((time) => {
            due.delete(id);
            callback(time);
        });
        due.add(id);
        return id;
    };
    window.cancelAnimationFrame = (id) => {
        due.delete(id);
        drop(id);
    };
    const owe = (frames) => () => void (owed = Math.max(owed, frames));
    const listen = (frames, ...types) => types.forEach((type) => window.addEventListener(type, owe(frames), true));
    listen(1, "pointermove", "pointerdown", "pointerup", "click", "keydown", "keyup", "input", "change", "focusin",
        "wheel", "touchstart", "touchmove", "touchend", "message");
    listen(2, "scroll", "resize", "fullscreenchange");
    const frame = () => new Promise((done) => ask(() => setTimeout(done)));
    window.drawn = async () => {
        for (let i = 0; i < 5 && (due.size || owed); i += 1) {
            owed = Math.max(0, owed - 1);
            // a page that is hidden has no frames
            await Promise.race([frame(), new Promise((done) => setTimeout(done, 2000))]);
        }
    };
})()"""

WAIT = "() => window.drawn?.()"


def drawn(page: Page | Frame) -> None:
    """Wait until the page has drawn what it had to draw by now."""
    page.evaluate(WAIT)


def prepare(browser: Browser) -> Browser:
    """The same browser; the drawing of the pages that it opens from now on can be waited for."""
    plain = browser.new_context

    def new_context(**settings: Any) -> BrowserContext:
        context = plain(**settings)
        context.add_init_script(COUNT)
        context.set_default_timeout(1000 * PATIENCE)
        if SLOWER != 1:
            context.on("page", _slow_down)
        return context

    browser.new_context = new_context  # type: ignore[method-assign]
    return browser


def _slow_down(page: Page) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
