"""The notebooks that tests work in, and the cells that they run."""

from __future__ import annotations

from dataclasses import dataclass

from lab import Notebook, Server
from playwright.sync_api import Browser
from view import View

BEACONS = (
    "import beacons, expected\nfrom camwidget import CamWidget",
    "w = CamWidget(beacons.Beacons(), beacons.picture(), beacons.LABELS, preprocess=beacons.read)\nw",
)
DEMO = ("from camwidget import CamWidget, demo", "w = CamWidget(demo.model(), demo.image())\nw")

# the next map that is asked for fails; what is made ahead must not be what fails
FAIL_ONCE = """
import threading, time
while any(thread.name == 'camwidget' for thread in threading.enumerate()):
    time.sleep(0.01)
atlas = w._session.atlas
good = type(atlas).map
def bad(*_):
    del atlas.map
    raise RuntimeError("out of <b>memory</b> while testing")
atlas.map = bad
"""

# whoever asks for a new map waits until it is let go
HOLD = """
import threading
atlas, gate = w._session.atlas, threading.Event()
good = atlas.map
def slow(layer, variant, target):
    if layer != 'late':
        gate.wait(30)
    return good(layer, variant, target)
atlas.map = slow
"""
LET_GO = "gate.set(); del atlas.map"

# who looks at another scene waits until it is let go
HOLD_LOOK = """
import threading
atlas, gate, looked = w._session.atlas, threading.Event(), 0
see = atlas._recorded
def slow(x):
    global looked
    gate.wait(30)
    looked += 1
    return see(x)
atlas._recorded = slow
"""
LET_LOOK = "gate.set()"

# what is made ahead takes the place of what was sent, a shade coarser, and is worth waiting for only where it is tested
REST = """
import threading
for _thread in threading.enumerate():
    if _thread.name == 'camwidget':
        _thread.join(60)
"""

# pictures are decoded beside the page; a signal has none
DECODED = """(canvases) => canvases.every((canvas) => !canvas.getClientRects().length || (canvas.width > 0 &&
    canvas.getContext("2d").getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data[3] > 0))"""

# no map comes unasked, so that the kernel must answer
UNFORESEEN = "from camwidget import foresight; foresight.NEARBY_BYTES = 0"

# widgets of earlier tests would keep their maps, and go on listening
TIDY = """
from ipywidgets import Widget; Widget.close_all()
from camwidget import foresight; foresight.NEARBY_BYTES = 2**15
"""


@dataclass
class Desk:
    """Opens notebooks, and keeps one for the tests that need none of their own."""

    server: Server
    browser: Browser
    kept: Notebook | None = None
    opened: int = 0

    def open(self, width: int = 1400, height: int = 1000) -> Notebook:
        """A new notebook with a kernel of its own."""
        self.opened += 1
        context = self.browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=1)
        notebook = Notebook(context.new_page())
        notebook.listen()
        notebook.open(self.server.write(f"notebook{self.opened}.ipynb", [""]))
        return notebook

    def borrow(self) -> Notebook:
        """The kept one, as if it were new."""
        if self.kept is None:
            self.kept = self.open()
        notebook = self.kept
        notebook.page.set_viewport_size({"width": 1400, "height": 1000})
        notebook.page.mouse.move(0, 0)
        notebook.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")  # a page that was loaded again shows it
        notebook.execute(TIDY)
        notebook.errors.clear()
        notebook.sent.clear()
        return notebook

    def close(self, notebook: Notebook) -> None:
        notebook.page.evaluate("() => window.panel.sessionContext.shutdown().catch(() => undefined)")
        notebook.page.context.close()

    def drop(self) -> None:
        """After a failure the kept one may be in any state: the next test gets another."""
        if self.kept is not None:
            self.close(self.kept)
            self.kept = None


def show(notebook: Notebook, *cells: str) -> View:
    """Run these cells and wait until the heat of the first widget is painted, and nothing more is on its way to it."""
    notebook.show(*cells)
    view = View(notebook)
    view.part(".heat").wait_for()
    view.root.scroll_into_view_if_needed()  # out of sight nothing is drawn
    view.until_painted()
    notebook.execute(REST)
    notebook.until(lambda: view.part(".photo").evaluate_all(DECODED), "the picture")
    return view
