"""A page that is used for long, in JupyterLab: 100 re-runs of the cell, 1,000 clicks, 10,000 hovers, 200 pictures, and
fifty widgets in one notebook. Memory of the kernel is flat, threads and comms are as many as at the start, and nothing
is on the console.

CAMWIDGET_SOAK, a share such as 0.1, does less of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from desk import BEACONS, show
from lab import Notebook
from test_lifetime import run_cell
from view import View, difference

SHARE = float(os.environ.get("CAMWIDGET_SOAK", "1"))
RERUNS, CLICKS, HOVERS, PICTURES, WIDGETS = (
    max(least, round(SHARE * count)) for count, least in ((100, 20), (1000, 40), (10_000, 400), (200, 20), (50, 10))
)
POINTS = 20
"""Looks at memory on the way."""

MOST = 16.0
"""MiB that the kernel may grow by, from a quarter of the way on."""

FILM = (
    "import beacons, expected\nfrom camwidget import CamWidget",
    "w = CamWidget(beacons.Beacons(), [beacons.picture().rotate(i) for i in range(40)], beacons.LABELS,"
    " preprocess=beacons.read)\nw",
)

STATE = """(lambda kernel, threads: [
    __import__('psutil').Process().memory_info().rss / 2**20, len(kernel.comm_manager.comms),
    sum(t.name == 'camwidget' for t in threads.enumerate()), threads.active_count(),
])(get_ipython().kernel, __import__('threading'))"""

# thousands of moves, each a frame of its own
HOVER = """async ([root, count]) => {
    const fit = root.querySelector(".fit"), rows = [...root.querySelectorAll(".row")];
    const box = fit.getBoundingClientRect();
    for (let i = 0; i < count; i += 1) {
        const place = { clientX: box.x + ((i * 37) % 97) / 97 * box.width, clientY: box.y + ((i * 53) % 89) / 89 * box.height };
        const at = i % 4 ? fit : rows[i % rows.length];
        const kind = i % 4 ? "pointermove" : "pointerenter";
        at.dispatchEvent(new PointerEvent(kind, { ...place, bubbles: true, composed: true, pointerType: "mouse" }));
        await new Promise(requestAnimationFrame);
    }
}"""


def used(notebook: Notebook, count: int, step: Callable[[int], Any]) -> list[list[float]]:
    """Take so many steps, and look at the kernel now and then, when it is at rest."""
    found = []
    every = max(1, count // POINTS)
    for i in range(count):
        step(i)
        if i % every == every - 1:
            notebook.until(lambda: notebook.value(STATE)[2] == 0, "the worker to rest", timeout=60)
            notebook.execute("import gc; gc.collect()")
            found.append(notebook.value(STATE))
    return found


def flat(what: str, found: list[list[float]], start: list[float]) -> None:
    """Memory from a quarter of the way on, comms and threads."""
    rss = [look[0] for look in found]
    warm = len(rss) // 4
    rise = float(np.polyfit(np.arange(warm, len(rss)), rss[warm:], 1)[0]) * (len(rss) - warm)
    print(f"\n{what}: RSS {rss[0]:.0f}, {rss[warm]:.0f}, {rss[-1]:.0f} MiB, {rise:+.1f} by the line that fits best; "
          f"comms {start[1]} to {found[-1][1]}, threads {start[3]} to {found[-1][3]}")  # fmt: skip
    assert rise < MOST, rss
    assert found[-1][1] == start[1] and found[-1][2] == 0
    # a thread of ipykernel's own may begin late, and stays
    assert found[-1][3] <= start[3] + 1


@pytest.fixture
def view(notebook: Notebook) -> View:
    notebook.errors.clear()
    return show(notebook, *BEACONS)


def test_the_cell_runs_again_and_again(notebook: Notebook, view: View) -> None:
    start = notebook.value(STATE)

    def again(i: int) -> None:
        run_cell(notebook, 1)
        notebook.until(lambda: view.root.count() == 1, "the new widget alone")
        view.until_painted()

    flat(f"{RERUNS} re-runs", used(notebook, RERUNS, again), start)
    assert notebook.errors == []


def test_a_thousand_clicks(notebook: Notebook, view: View) -> None:
    start, layers = notebook.value(STATE), ("early", "middle", "late")

    def click(i: int) -> None:
        if i % 3:
            view.row(i % 6).click()
        else:
            view.layer(layers[i // 3 % 3]).click()

    flat(f"{CLICKS} clicks", used(notebook, CLICKS, click), start)
    notebook.until(lambda: difference(view) == "", "the map of the last click")
    assert notebook.errors == []


def test_ten_thousand_hovers(notebook: Notebook, view: View) -> None:
    start = notebook.value(STATE)
    notebook.sent.clear()
    portion = HOVERS // POINTS
    root = view.root.element_handle()
    found = used(notebook, POINTS, lambda _: notebook.page.evaluate(HOVER, [root, portion]))
    asked = [frame for frame in notebook.sent if '"request"' in frame and '"method":"custom"' in frame.replace(" ", "")]
    assert asked == [], "a hover asked the kernel"
    flat(f"{portion * POINTS} hovers", found, start)
    assert notebook.errors == []


def test_two_hundred_pictures(notebook: Notebook) -> None:
    notebook.errors.clear()
    view = show(notebook, *FILM)
    notebook.until(lambda: notebook.value("w.reel['called'].count(None)") == 0, "all to be called", 120)
    start = notebook.value(STATE)

    def turn(i: int) -> None:
        wanted = (i + 1) % 40
        view.root.press("Shift+ArrowRight") if wanted else notebook.execute("w.index = 0")
        notebook.until_value("w.meta['index']", wanted)

    flat(f"{PICTURES} pictures", used(notebook, PICTURES, turn), start)
    notebook.until(lambda: difference(view) == "", "the map of the last picture")
    assert notebook.errors == []


def test_fifty_widgets_in_one_notebook(notebook: Notebook) -> None:
    notebook.errors.clear()
    new = "CamWidget(beacons.Beacons(), beacons.picture(), beacons.LABELS, preprocess=beacons.read)"
    notebook.show(BEACONS[0], *[f"w{i} = {new}\nw{i}" for i in range(WIDGETS)])
    # cells out of sight are drawn when they come into sight
    assert notebook.value(f"sum(isinstance(globals().get(f'w{{i}}'), CamWidget) for i in range({WIDGETS}))") == WIDGETS
    for index in (WIDGETS - 1, WIDGETS // 2, 0):
        notebook.page.evaluate("(i) => window.panel.content.scrollToItem(i)", index + 1)
        cell = notebook.page.locator(f'.jp-Cell[data-windowed-list-index="{index + 1}"]')
        cell.locator(".camwidget .heat").wait_for(timeout=60_000)
        cell.locator('.camwidget [data-layer="middle"]').click()
        notebook.until_value(f"w{index}.layer", "middle")
    others = [notebook.value(f"w{i}.layer") for i in (1, WIDGETS - 2)]
    assert others == ["late", "late"]
    notebook.until(lambda: notebook.value(STATE)[2] == 0, "all workers to rest", timeout=120)
    print(f"\n{WIDGETS} widgets: {notebook.value(STATE)[0]:.0f} MiB")
    assert notebook.errors == []
