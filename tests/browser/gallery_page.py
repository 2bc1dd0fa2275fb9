"""A gallery on a plain page: the bundle, with a stand-in for the kernel (``js/dev/gallery_model.js``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab import PATIENCE
from playwright.sync_api import Browser, Frame, Locator, Page, Route

ROOT = Path(__file__).resolve().parents[2]
SITE = "http://localhost/"

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>gallery</title>
<body style="margin: 0"><div id="cell"></div><script type="module">
import { createGalleryModel, spotsOf } from "./gallery_model.js";
import gallery from "./gallery.js";
const el = document.querySelector("#cell");
window.heard = [];
document.addEventListener("keydown", ({ key }) => window.heard.push(key));
window.start = async (options, width, dark, child, alone) => {
  document.body.style.background = dark ? "#111" : "#fff";
  el.style.width = `${width}px`;
  const model = await createGalleryModel(options);
  const render = ({ el: place }) => { place.textContent = "the full widget"; place.style.height = "300px"; };
  if (child) model.on("change:opened", () => model.push({ child: "anywidget:full" }));
  const host = alone ? undefined : { getWidget: async () => ({ render }) };
  model.widget_manager = alone ? { get_model: async (id) => ({ get: () => alone.replace("$id", id) }) } : undefined;
  Object.assign(window, { model, spotsOf, close: await gallery.render({ model, el, host }) });
};
window.ready = true;
</script>"""


# tiles in sight that still wait for their picture
LACKING = """(grid) => {
    const { top, bottom } = grid.getBoundingClientRect();
    const waits = (tile) => {
        const box = tile.getBoundingClientRect();
        return box.bottom > top && box.top < bottom && tile.querySelector(".g-failure").hidden;
    };
    if (!grid.querySelector(".g-tile")) return -1;
    return [...grid.querySelectorAll(".g-tile.empty:not([hidden])")].filter(waits).length;
}"""


class Gallery:
    """A gallery on a page, or in a frame of one, as a reader of it sees it."""

    def __init__(self, ground: Page | Frame) -> None:
        self.ground = ground

    @property
    def root(self) -> Locator:
        return self.ground.locator(".gallery")

    @property
    def grid(self) -> Locator:
        return self.part(".g-grid")

    def part(self, selector: str) -> Locator:
        return self.root.locator(selector)

    def tile(self, item: int) -> Locator:
        return self.part(f'[data-item="{item}"]')

    @property
    def items(self) -> list[int]:
        """What is in sight or nearly so, as it is read."""
        found: list[int] = self.part(".g-tile:visible").evaluate_all(
            "(all) => all.map((one) => [one.parentElement.ariaRowIndex * 1000 + Number(one.ariaColIndex),"
            " Number(one.dataset.item)]).sort((a, b) => a[0] - b[0]).map(([, item]) => item)"
        )
        return found

    @property
    def top(self) -> float:
        top: float = self.grid.evaluate("(grid) => grid.scrollTop")
        return top

    def until(self, check: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not check():
            assert time.monotonic() < end, f"waited in vain for {what}"
            self.ground.wait_for_timeout(25)

    def painted(self) -> None:
        """Wait until everything in sight has its picture."""
        self.until(lambda: self.grid.evaluate(LACKING) == 0, "pictures")


class Sheet(Gallery):
    """One gallery on the page of a stand-in for the kernel."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.page, self.errors = page, list[str]()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def evaluate(self, script: str, given: Any = None) -> Any:
        return self.page.evaluate(script, given)

    def asked(self) -> list[list[int]]:
        """The items of each request."""
        found: list[list[int]] = self.evaluate(
            "() => model.requests.filter(({ kind }) => kind === 'thumbs').map(({ items }) => items)"
        )
        return found

    def saved(self, name: str) -> Any:
        """What the browser last told the kernel of a trait."""
        return self.evaluate("(name) => model.saved.findLast(([saved]) => saved === name)?.[1]", name)


def serve(route: Route) -> None:
    name = route.request.url.removeprefix(SITE)
    folder = ROOT / "camwidget" / "static" if name == "gallery.js" else ROOT / "js" / "dev"
    if not name:
        route.fulfill(body=PAGE, content_type="text/html")
    elif (folder / name).is_file():
        route.fulfill(path=folder / name, content_type="text/javascript")
    else:
        route.fulfill(status=204)


@contextmanager
def shown(
    browser: Browser, width: int = 1000, dark: bool = False, child: bool = True, alone: str = "", **options: Any
) -> Iterator[Sheet]:
    """A gallery; nothing may go wrong on its page. ``options``: of ``createGalleryModel``; ``alone``: the host does not
    show one widget in another, and this is the full widget's front end.
    """
    context = browser.new_context(viewport={"width": 1100, "height": 1000}, reduced_motion="reduce")
    sheet = Sheet(context.new_page())
    sheet.page.route(SITE + "**", serve)
    sheet.page.goto(SITE)
    sheet.page.wait_for_function("() => window.ready")
    sheet.evaluate("(given) => start(...given)", [options, width, dark, child, alone])
    sheet.root.wait_for()
    yield sheet
    assert sheet.errors == []
    context.close()
