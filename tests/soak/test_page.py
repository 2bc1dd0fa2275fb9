"""A page that is used for long, in JupyterLab: 100 re-runs of the cell, 1,000 clicks, 10,000 hovers, 200 pictures, and
fifty widgets in one notebook. Memory of the kernel and of the page is flat, threads and comms, nodes and canvases are
as many as at the start, and nothing is on the console.

CAMWIDGET_SOAK, a share such as 0.1, does less of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from desk import BEACONS, show
from lab import Notebook
from test_lifetime import run_cell
from view import View, difference

from camwidget import kept
from tests.soak.page import Held, Probe

SHARE = float(os.environ.get("CAMWIDGET_SOAK", "1"))
RERUNS, CLICKS, HOVERS, PICTURES, WIDGETS = (
    max(least, round(SHARE * count)) for count, least in ((100, 20), (1000, 40), (10_000, 400), (200, 60), (50, 10))
)
POINTS = 20
"""Looks at memory on the way."""

WARM = 0.25
"""Share of the way after which memory is compared with its end: before, what is needed once is still being made."""

MOST = 16.0
"""MiB that the kernel may grow by, from there on."""

FILM_MOST = 48.0
"""The same of a film: it keeps nine recordings, each with as much made ahead as there was time for, up to 15 MiB."""

PAGE_MOST = 4.0
"""MiB that the page may grow by meanwhile."""

RECORDINGS = "sum(type(o).__name__ == 'Recording' for o in __import__('gc').get_objects())"

LEFT = {"heap": 0.25, "nodes": 4}
"""What each widget that was closed may leave on the page: JupyterLab keeps its model, with the text of the front end
and the state that it had at last."""

FILM = (
    "pictures = [beacons.picture().rotate(i) for i in range(40)]\n"
    "w = CamWidget(beacons.Beacons(), pictures, beacons.LABELS, preprocess=beacons.read)\nw"
)

STATE = """(lambda kernel, threads: [
    __import__('psutil').Process().memory_info().rss / 2**20, len(kernel.comm_manager.comms),
    sum(t.name == 'camwidget' for t in threads.enumerate()), threads.active_count(), *__import__('pools').lent(),
])(get_ipython().kernel, __import__('threading'))"""

# thousands of moves, each a frame of its own
HOVER = """async ([root, count]) => {
    const fit = root.querySelector(".fit"), rows = [...root.querySelectorAll(".row")];
    const box = fit.getBoundingClientRect();
    for (let i = 0; i < count; i += 1) {
        const [x, y] = [((i * 37) % 97) / 97, ((i * 53) % 89) / 89];
        const place = { clientX: box.x + x * box.width, clientY: box.y + y * box.height };
        const at = i % 4 ? fit : rows[i % rows.length];
        const kind = i % 4 ? "pointermove" : "pointerenter";
        at.dispatchEvent(new PointerEvent(kind, { ...place, bubbles: true, composed: true, pointerType: "mouse" }));
        await new Promise(requestAnimationFrame);
    }
}"""


@dataclass(frozen=True)
class Use:
    """What the kernel held at each look, and the page where it is WARM and at the end."""

    kernel: list[list[float]]
    page: tuple[Held, Held]


def used(notebook: Notebook, count: int, step: Callable[[int], Any]) -> Use:
    """Take so many steps, and look at what is held now and then, when the kernel is at rest."""
    kernel, page, probe = [], [], Probe(notebook.page)
    every = max(1, count // POINTS)
    looks = count // every
    for i in range(count):
        step(i)
        if i % every == every - 1:
            notebook.until(lambda: notebook.value(STATE)[2] == 0, "the worker to rest", timeout=60)
            notebook.execute("import gc; gc.collect()")
            kernel.append(notebook.value(STATE))
            if len(kernel) in (int(looks * WARM) + 1, looks):
                page.append(probe.look())
    return Use(kernel, (page[0], page[-1]))


def rising(curve: list[float]) -> float:
    """By how much it rises once it is WARM, by the straight line that fits best."""
    rest = curve[int(len(curve) * WARM) :]
    return float(np.polyfit(np.arange(len(rest)), rest, 1)[0]) * len(rest)


def along(curve: list[float]) -> str:
    """The start of a curve, where it is WARM, and its end."""
    points = (curve[0], curve[int(len(curve) * WARM)], curve[-1])
    return f"{', '.join(f'{point:.0f}' for point in points)} MiB ({rising(curve):+.1f} by the line that fits best)"


def flat(what: str, use: Use, start: list[float], most: float = MOST, closed: int = 0) -> None:
    """Memory once it is WARM, comms and threads. ``closed``: so many widgets were, on the whole way."""
    compared = closed * (1 - WARM)
    rss, *others = ([look[i] for look in use.kernel] for i in (0, *range(4, len(start))))
    last = use.kernel[-1]
    print(f"\n{what}: RSS {along(rss)}; comms {start[1]} to {last[1]}, threads {start[3]} to {last[3]}")
    if others:
        print(f"  lent by the C library: {along(others[0])}; freed, and kept by it: {along(others[1])}")
    print("  the page:", *use.page, sep="\n    ")
    assert all(rising(curve) < most for curve in (rss, *others[:1])), (rss, *others)
    assert last[1] == start[1] and last[2] == 0
    # a thread of ipykernel's own may begin late, and stays
    assert last[3] <= start[3] + 1
    before, after = use.page
    assert after.heap + after.buffers < before.heap + before.buffers + PAGE_MOST + compared * LEFT["heap"]
    # pictures on the strip are drawn as they come into sight, and what is gone may wait for the next collection
    assert after.nodes < before.nodes + 200 + compared * LEFT["nodes"]
    assert after.listeners < before.listeners + 100
    assert all(count <= before.objects[kind] + 8 for kind, count in after.objects.items())


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

    flat(f"{RERUNS} re-runs", used(notebook, RERUNS, again), start, closed=RERUNS)
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
    view = show(notebook, BEACONS[0], FILM)
    notebook.until(lambda: notebook.value("w.reel['called'].count(None)") == 0, "all to be called", 120)
    start, recordings = notebook.value(STATE), notebook.value(RECORDINGS)

    def turn(i: int) -> None:
        wanted = (i + 1) % 40
        view.root.press("Shift+ArrowRight") if wanted else notebook.execute("w.index = 0")
        notebook.until_value("w.meta['index']", wanted)

    flat(f"{PICTURES} pictures", used(notebook, PICTURES, turn), start, FILM_MOST)
    assert notebook.value(RECORDINGS) <= recordings + kept.MOST
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
