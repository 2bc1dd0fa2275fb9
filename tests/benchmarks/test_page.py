"""What a reader waits for in a real JupyterLab: from the click to the pixels, and while the pointer moves.

The kernel explains a ResNet-50. A bare anywidget, which does nothing but answer, tells what the way there and back
costs in the same browser.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from chrome import chromium
from lab import Notebook, serve
from traffic import RECORD, decode, most_in_flight, unanswered
from view import View

from tests.benchmarks.results import Results

MODEL = "ResNet-50"
FRAME = 1000 / 60
ECHOES = 60

ECHO = '''
import anywidget, traitlets
class Echo(anywidget.AnyWidget):
    _esm = """export default { render({ model, el }) {
        window.echo = () => new Promise((done) => {
            const start = performance.now();
            const heard = () => { model.off("change:answer", heard); done(performance.now() - start); };
            model.on("change:answer", heard);
            model.set("asked", model.get("asked") + 1);
            model.save_changes();
        });
    } };"""
    asked = traitlets.Int().tag(sync=True)
    answer = traitlets.Bytes().tag(sync=True)
    @traitlets.observe("asked")
    def _asked(self, change):
        self.answer = bytes([change["new"] % 256]) * 2000
Echo()
'''

WIDGET = """
import time, torch, torchvision
from camwidget import CamWidget, demo, foresight
foresight.NEARBY_BYTES = 0  # no map comes unasked: the kernel must answer
torch.manual_seed(0)
w = CamWidget(torchvision.models.resnet50(weights=None), demo.image(), topk=5)
came, took, requested = [], [], w._requested
def noted(value):
    came.append(time.perf_counter())
    requested(value)
w._requested = noted
def answered(change):
    if len(took) < len(came):  # the first stack of each answer
        took.append((time.perf_counter() - came[-1]) * 1e3)
w.observe(answered, "stack")
w
"""

SLOW = """
atlas = w._session.atlas
def slow(layer, variant, target, made=atlas.map):
    time.sleep(0.06)
    return made(layer, variant, target)
atlas.map = slow
"""

IDLE = "not any(t.name == 'camwidget' for t in __import__('threading').enumerate())"

# the heat is drawn before the picture is named anew, in the same frame
CLICK = """(element) => new Promise((done) => {
    const picture = element.getRootNode().querySelector(".picture");
    const start = performance.now();
    const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now() - start); });
    watch.observe(picture, { attributeFilter: ["aria-label"] });
    element.click();
})"""

MOVE = """(fit, seconds) => new Promise((done) => {
    const box = fit.getBoundingClientRect();
    const frames = [];
    let moves = 0, last = performance.now();
    const end = last + 1000 * seconds;
    const timer = setInterval(() => {
        const clientX = box.left + box.width * (0.5 + 0.45 * Math.sin(moves / 31));
        const clientY = box.top + box.height * (0.5 + 0.45 * Math.cos(moves / 47));
        fit.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true, composed: true }));
        moves += 1;
    }, 5);
    const tick = () => {
        const now = performance.now();
        frames.push(now - last);
        last = now;
        if (now < end) return requestAnimationFrame(tick);
        clearInterval(timer);
        done({ moves, frames });
    };
    requestAnimationFrame(tick);
})"""

FLOOD = """([[first, second], seconds]) => new Promise((done) => {
    let clicks = 0;
    const end = performance.now() + 1000 * seconds;
    const timer = setInterval(() => {
        (clicks++ % 2 ? first : second).click();
        if (performance.now() > end) { clearInterval(timer); done(clicks); }
    }, 5);
})"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with serve(tmp_path_factory.mktemp("lab"), {}) as server, chromium() as browser:
        page = browser.new_context(viewport={"width": 1400, "height": 1000}, device_scale_factor=1).new_page()
        page.add_init_script(RECORD)
        notebook = Notebook(page)
        notebook.listen()
        notebook.open(server.write("bench.ipynb", [""]))
        notebook.show(ECHO, WIDGET)
        yield notebook
        page.evaluate("() => window.panel.sessionContext.shutdown().catch(() => undefined)")


def dots(view: View) -> list[str]:
    """The layers between the stages."""
    names: list[str] = view.part(".dot").evaluate_all("(all) => all.map((one) => one.dataset.layer)")
    return names


@pytest.fixture
def view(notebook: Notebook) -> View:
    view = View(notebook)
    view.part(".heat").wait_for(timeout=60_000)
    view.until_painted()
    view.root.scroll_into_view_if_needed()
    notebook.until_value(IDLE, True)
    return view


def test_click_to_pixels(notebook: Notebook, view: View, results: Results) -> None:
    ours: list[float] = []
    for variant in ("gradcam", "hirescam", "layercam", "gradcam++", "xgradcam"):
        notebook.execute(f"w.variant = {variant!r}")
        for name in dots(view):  # each with this variant for the first time
            notebook.until_value(IDLE, True)
            ours.append(view.layer(name).evaluate(CLICK))
    echoes = [notebook.page.evaluate("() => window.echo()") for _ in range(ECHOES)]
    kernel = notebook.value("took")
    case = results.case("click to pixels in JupyterLab, answered by the kernel", MODEL)
    case.figures.update(
        {"camwidget": statistics.median(ours), "bare round trip": statistics.median(echoes),
         "kernel": statistics.median(kernel)}
    )  # fmt: skip
    case.notes.append(f"{len(ours)} clicks on layers that were not foreseen; {ECHOES} round trips of a bare anywidget")
    left = case.figures["camwidget"] - case.figures["bare round trip"] - case.figures["kernel"]
    results.assert_bar(case, "ms over round trip and kernel", left, at_most=16)


def test_class_in_the_stack(notebook: Notebook, view: View, results: Results) -> None:
    notebook.sent.clear()
    first, *others = notebook.value("w.listed")
    view.row(first).click()
    times = [view.row(target).evaluate(CLICK) for target in [*others, first] * 4]
    case = results.case("click to pixels in JupyterLab, class in the stack", MODEL)
    case.figures["camwidget"] = statistics.median(times)
    results.assert_bar(case, "ms", case.figures["camwidget"], at_most=FRAME + 4)


def test_hover(notebook: Notebook, view: View, results: Results) -> None:
    notebook.sent.clear()
    found: dict[str, Any] = view.part(".fit").evaluate(MOVE, 10)
    assert found["moves"] > 1000
    case = results.case("hover, 200 moves a second", MODEL)
    case.figures.update({"median frame": statistics.median(found["frames"]), "moves": found["moves"]})
    results.assert_bar(case, "messages to the kernel", len(notebook.sent), at_most=0)
    # the frames of a 60 Hz display, to the coarseness of the browser's clock
    results.assert_bar(case, "ms a frame, median", case.figures["median frame"], at_most=16.8)


def test_flood(notebook: Notebook, view: View, results: Results) -> None:
    notebook.execute(SLOW)
    early, late = (view.layer(name).element_handle() for name in dots(view)[:2])
    notebook.page.evaluate("() => void (window.traffic.length = 0)")
    clicks = notebook.page.evaluate(FLOOD, [[early, late], 5])
    notebook.until_value(IDLE, True)
    notebook.page.wait_for_timeout(300)
    events = decode(notebook.page.evaluate("() => window.traffic"))
    asked = sum(event.kind == "request" for event in events)
    case = results.case("flood: 200 clicks a second, 60 ms of kernel each", MODEL, unit="requests")
    case.figures.update({"clicks": clicks, "requests": asked})
    results.assert_bar(case, "unanswered", len(unanswered(events)), at_most=0)
    results.assert_bar(case, "under way at once", most_in_flight(events), at_most=1)
    notebook.execute("del atlas.map")
