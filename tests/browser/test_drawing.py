"""Nothing is drawn when nothing has changed, and nothing that is out of sight. Canvas calls and DOM writes are counted.

The page is the bundle with a stand-in for the kernel (``js/dev``): two views of one model, one above the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).resolve().parents[2]
SITE = "http://localhost/"

PAGE = """<!doctype html><body>
<div id=upper></div><div id=gap></div><div id=lower></div>
<script type=module>
import { createModel } from "./model.js";
import { syntheticWorld } from "./synthetic.js";
import widget from "./widget.js";
const world = await syntheticWorld();
const model = createModel(world, { selection: { target: 0, layer: "layer4", variant: "gradcam" } });
for (const id of ["upper", "lower"]) widget.render({ model, el: document.getElementById(id) });
window.model = model;
</script>"""

# what each view does: its calls of canvas methods that leave pixels, and its changes of the document
COUNT = """
const work = { upper: { draws: 0, heat: 0, writes: [] }, lower: { draws: 0, heat: 0, writes: [] } };
window.work = work;
for (const name of ["putImageData", "drawImage", "clearRect", "stroke", "fillRect"]) {
  const plain = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    const mine = work[this.canvas.getRootNode().host?.id];
    if (mine) mine.draws += 1;
    if (mine && name === "putImageData" && this.canvas.className === "heat") mine.heat += 1;
    return plain.apply(this, given);
  };
}
window.watch = () => {
  for (const id of Object.keys(work)) {
    new MutationObserver((found) => work[id].writes.push(...found.map(({ target, type, attributeName }) => {
      const element = target.nodeType === 1 ? target : target.parentElement;
      return `${element?.closest("[class]")?.getAttribute("class")} ${type} ${attributeName ?? ""}`;
    }))).observe(document.getElementById(id).shadowRoot, {
      subtree: true, childList: true, attributes: true, characterData: true });
  }
};
window.reset = () => Object.values(work).forEach((mine) => Object.assign(mine, { draws: 0, heat: 0, writes: [] }));
// nothing for so many frames, and for so long, in which a stand-in's answer would have come
window.quiet = async () => {
  for (let still = 0, since = performance.now(); still < 10 || performance.now() - since < 250; still += 1) {
    reset();
    await frames_(1);
    if (Object.values(work).some((mine) => mine.draws || mine.writes.length)) [still, since] = [0, performance.now()];
  }
  reset();
};
window.frames_ = async (n) => {
  for (let i = 0; i < n; i++) await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return work;
};
"""

SAY_AGAIN = """() => {
  const names = ["picture", "meta", "classes", "listed", "layers", "variants", "stack", "strip", "luts", "status",
    "target", "layer", "variant", "opacity", "colormap", "threshold", "sign", "shading", "scale", "interpolation"];
  model.push(structuredClone(Object.fromEntries(names.map((name) => [name, model.get(name)]))));
}"""


def serve(route: Route) -> None:
    name = route.request.url.removeprefix(SITE)
    folder = ROOT / "camwidget" / "static" if name == "widget.js" else ROOT / "js" / "dev"
    if not name:
        route.fulfill(body=PAGE, content_type="text/html")
    elif (folder / name).is_file():
        route.fulfill(path=folder / name, content_type="text/javascript")
    else:
        route.fulfill(status=404)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Both views on the screen, at rest."""
    context = browser.new_context(viewport={"width": 1000, "height": 1600}, reduced_motion="reduce")
    page = context.new_page()
    page.route(SITE + "**", serve)
    page.add_init_script(COUNT)
    page.goto(SITE)
    page.wait_for_function("() => work.upper.heat > 0 && work.lower.heat > 0")
    page.evaluate("() => watch()")
    rest(page)
    yield page
    context.close()


def rest(page: Page) -> None:
    """Let what is under way end, and count from zero."""
    page.evaluate("() => quiet()")


def work(page: Page, frames: int = 4) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(f"() => frames_({frames})")
    return found


IDLE = {"draws": 0, "heat": 0, "writes": []}


def at(page: Page, view: str, fx: float, fy: float) -> tuple[float, float]:
    box = page.locator(f"#{view} .fit").bounding_box()
    assert box is not None
    return box["x"] + fx * box["width"], box["y"] + fy * box["height"]


def test_a_move_inside_a_cell_writes_only_its_place(page: Page) -> None:
    # 7 x 7 cells: one is 54 pixels wide
    x, y = at(page, "upper", 0.5, 0.5)
    page.mouse.move(x, y)
    rest(page)
    for step in range(1, 9):
        page.mouse.move(x + step, y - step)
        page.evaluate("() => frames_(1)")
    found = work(page)
    assert found["upper"]["draws"] == 0
    assert found["upper"]["writes"], "the place of the pointer is said in pixels"
    assert all("line childList" in write for write in found["upper"]["writes"]), found["upper"]["writes"]
    assert page.locator("#upper .slot-place").count() == 1
    assert found["lower"] == IDLE
    page.evaluate("() => reset()")
    page.mouse.move(x + 60, y)
    found = work(page)
    assert found["upper"]["draws"] == 0, "another cell is another number, not another picture"
    assert any("row" in write or "bar" in write for write in found["upper"]["writes"])


def test_a_move_inside_a_pixel_of_the_input_writes_nothing(page: Page) -> None:
    x, y = at(page, "upper", 0.5, 0.5)
    page.mouse.move(x, y)
    rest(page)
    page.mouse.move(x + 0.3, y)
    page.mouse.move(x, y)
    assert work(page)["upper"] == IDLE


def test_a_value_that_is_said_again_draws_nothing(page: Page) -> None:
    page.evaluate(SAY_AGAIN)
    page.wait_for_timeout(100)
    found = work(page, 10)
    assert found == {"upper": IDLE, "lower": IDLE}
    page.evaluate("() => model.push({ opacity: 0.3 })")
    found = work(page)
    assert [found[view]["heat"] for view in ("upper", "lower")] == [1, 1], "the counter counts"


@pytest.mark.parametrize("how", ["scrolled", "hidden"])
def test_out_of_sight_nothing_is_drawn_and_one_frame_catches_up(page: Page, how: str) -> None:
    hide = """() => {
        Object.defineProperty(document, "hidden", { value: true, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    if how == "scrolled":
        page.set_viewport_size({"width": 1000, "height": 700})
        page.evaluate("() => { gap.style.height = '2000px'; scrollTo(0, document.body.scrollHeight); }")
    else:
        page.evaluate(hide)
    rest(page)
    for patch in ({"opacity": 0.3}, {"target": 3}, {"sign": "signed"}, {"listed": [3, 1]}, {"threshold": 0.2}):
        page.evaluate("(patch) => model.push(patch)", patch)
        page.evaluate("() => frames_(2)")
    found = work(page)
    assert found["upper"] == IDLE
    if how == "scrolled":
        assert found["lower"]["heat"] == 4, "the other view is in sight"
        page.evaluate("() => scrollTo(0, 0)")
    else:
        assert found["lower"] == IDLE
        page.evaluate(hide.replace("true, conf", "false, conf"))
    found = work(page, 6)
    assert found["upper"]["heat"] == 1, "all that was missed, at once"
    assert page.locator("#upper .question").inner_text() == "Why chalet?"


def test_each_view_draws_for_itself(page: Page) -> None:
    page.mouse.move(*at(page, "lower", 0.3, 0.3))
    page.mouse.move(*at(page, "lower", 0.8, 0.8))
    found = work(page)
    assert found["upper"] == IDLE
    assert found["lower"]["writes"]
    rest(page)
    row = page.locator('#lower .row[data-target="4"]').bounding_box()
    assert row is not None
    page.mouse.move(row["x"] + 20, row["y"] + 10)
    found = work(page)
    assert found["lower"]["heat"] == 1, "a preview"
    assert found["upper"] == IDLE
    page.evaluate("() => reset()")
    page.evaluate("() => model.push({ sign: 'absolute' })")
    found = work(page)
    assert [found[view]["heat"] for view in ("upper", "lower")] == [1, 1]
