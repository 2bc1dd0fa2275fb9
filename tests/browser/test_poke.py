"""The poke test: what is painted is covered, the network answers again, and what it said before stays beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from desk import DEMO, HOLD_LOOK, LET_LOOK, show
from lab import Notebook
from playwright.sync_api import expect
from view import View

from camwidget import demo

STAR = next(thing.box for thing in demo.example(0).objects if thing.name == "star")
SIDE = demo.image().width
AMONG = [demo.labels().index(name) for name in demo.example(0).names]

Point = tuple[float, float]


@pytest.fixture
def scene(notebook: Notebook) -> View:
    """The first picture of the demo, and the tool that pokes it."""
    view = show(notebook, *DEMO)
    view.part(".picture").press("p")
    expect(view.role("radio", "Poke")).to_be_checked()
    return view


def over(box: Sequence[int]) -> list[Point]:
    """A stroke to and fro over a box, in shares of the picture."""
    x0, y0, x1, y1 = (side / SIDE for side in box)
    rows = [y0 + (y1 - y0) * share for share in (0.2, 0.5, 0.8)]
    return [(x, y) for i, y in enumerate(rows) for x in ((x0, x1) if i % 2 == 0 else (x1, x0))]


def drag(view: View, points: Sequence[Point], *, hold: bool = False) -> None:
    """Paint along these places, shares of the picture."""
    fit, mouse = view.part(".fit").bounding_box(), view.notebook.page.mouse
    assert fit
    places = [(fit["x"] + x * fit["width"], fit["y"] + y * fit["height"]) for x, y in points]
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=6)
    if not hold:
        mouse.up()


def percent(view: View, target: int, part: str = ".probability") -> float:
    """A class's number in the list."""
    text = view.row(target).locator(part).inner_text()
    return float(re.sub("[<> %]", "", text)) / 100


def settled(view: View) -> None:
    """All strokes are answered, also one that is painted with the next frame."""
    view.notebook.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(view.part(".cover")).to_be_hidden()


def test_poking_the_star_away_leaves_the_others(scene: View, notebook: Notebook) -> None:
    view = scene
    star = demo.labels().index("star")
    before = dict(zip(AMONG, notebook.value(f"[float(w.probabilities[t]) for t in {AMONG}]"), strict=True))
    plain = view.pixels(".photo")
    drag(view, over(STAR))
    settled(view)
    now = dict(zip(AMONG, notebook.value(f"[float(w.probabilities[t]) for t in {AMONG}]"), strict=True))
    assert now[star] < before[star] / 2
    assert all(now[target] > 0.8 * before[target] for target in AMONG if target != star)
    # the list may come a message after the picture
    notebook.until(lambda: all(abs(percent(view, t) - now[t]) < 0.001 for t in AMONG), "the engine's numbers")
    for target in AMONG:
        assert percent(view, target, ".value") == pytest.approx(before[target], abs=0.001)
    # what the browser shows is what the network saw
    covered = notebook.value("float((w.picture_edited != w._easel.pixels(())).any(2).mean())")
    assert 0.02 < covered < 0.3
    share = notebook.value("w.edited['covered']")
    assert share == pytest.approx(covered, abs=0.01)
    assert f"covered {100 * share:.{2 if share < 0.09995 else 1}f} % of the picture" in view.readout

    def shown() -> float:
        return float((view.pixels(".photo") != plain).any(2).mean())

    notebook.until(lambda: 0.5 * covered < shown() < 1.2 * covered, "the cover on the picture")
    assert view.part(".list .name-text").all_inner_texts()[:9].count("star") == 1
    view.part(".picture").press("Escape")
    notebook.until_value("w.edits", [])
    settled(view)
    assert notebook.value(f"[float(w.probabilities[t]) for t in {AMONG}]") == list(before.values())
    notebook.until(lambda: np.array_equal(view.pixels(".photo"), plain), "the untouched picture")
    expect(view.part(".columns")).not_to_contain_text("was")


def test_bars_move_while_painting_and_the_list_ranks_on_release(scene: View, notebook: Notebook) -> None:
    view = scene
    names = view.part(".list .name-text").all_inner_texts()
    bars = [percent(view, target) for target in AMONG]
    drag(view, over(STAR), hold=True)
    notebook.until(lambda: [percent(view, target) for target in AMONG] != bars, "live bars")
    star = demo.labels().index("star")
    notebook.until(lambda: percent(view, star) < 0.5, "the star to fall")
    assert view.part(".list .name-text").all_inner_texts() == names
    notebook.page.mouse.up()
    settled(view)
    notebook.until(lambda: view.part(".list .name-text").all_inner_texts() != names, "the new order")


def test_what_is_painted_shows_before_the_kernel_answers(scene: View, notebook: Notebook) -> None:
    view = scene
    notebook.execute(HOLD_LOOK)
    notebook.sent.clear()
    for i in range(4):
        drag(view, [(0.1 + 0.2 * i, 0.2), (0.1 + 0.2 * i, 0.8)])
    cover = view.pixels(".cover")
    assert 0.2 < (cover[..., 3] > 0).mean() < 0.9
    expect(view.part(".status")).to_contain_text("Kernel is busy. The newest stroke is answered when it is free")
    assert len(notebook.sent) == 1, "one request is out, the newest waits"
    notebook.execute(LET_LOOK)
    settled(view)
    assert len(notebook.sent) == 2
    assert notebook.value("len(w.edits)") == 4
    assert notebook.value("looked") == 2, "strokes between are left out"
    drag(view, [(0.1, 0.1)])
    settled(view)
    before = notebook.value("w.edited['covered']")
    notebook.page.keyboard.down("Alt")
    drag(view, [(0.1, 0.2), (0.1, 0.8)])
    notebook.page.keyboard.up("Alt")
    settled(view)
    assert notebook.value("w.edits[-1]['mode']") == "uncover"
    assert notebook.value("w.edited['covered']") < before - 0.05


def test_boxes_keys_fills_and_what_is_kept(scene: View, notebook: Notebook) -> None:
    view = scene
    keys = notebook.page.keyboard
    view.role("combobox", "Covered with").select_option("blur")
    keys.down("Shift")
    drag(view, [(0.25, 0.25), (0.5, 0.5)])
    keys.up("Shift")
    settled(view)
    (box,) = notebook.value("w.edits")
    assert (box["tool"], box["fill"]) == ("box", "blur")
    assert box["points"] == pytest.approx([48, 48, 96, 96], abs=1)
    expect(view.part(".columns")).to_contain_text("After blurring a part")
    view.role("button", "Clear").click()
    notebook.until_value("w.edits", [])
    view.leave()
    view.part(".picture").focus()
    size = view.role("slider", "Brush").input_value()
    keys.press("]")
    notebook.until(lambda: int(view.role("slider", "Brush").input_value()) > int(size), "a larger brush")
    keys.press("ArrowRight")
    expect(view.part(".brush")).to_be_visible()
    view.role("radio", "Keep").check(force=True)
    view.part(".picture").focus()
    keys.press("Enter")
    settled(view)
    (dot,) = notebook.value("w.edits")
    assert (dot["tool"], dot["mode"], len(dot["points"])) == ("stroke", "keep", 1)
    assert dot["points"][0][0] > 96 and dot["points"][0][1] == 96
    assert notebook.value("w.edited['covered']") > 0.8
    expect(view.part(".columns")).to_contain_text("After keeping a part only")
    assert notebook.value("(w.target, w.layer)") == notebook.value("(w._view().target, w._view().layer)")


def test_python_paints_too(scene: View, notebook: Notebook) -> None:
    view = scene
    stroke = {"tool": "stroke", "points": [[60, 60], [120, 60]], "radius": 20}
    printed = notebook.execute(f"w.edits = [{stroke}]")
    assert printed == ""
    expect(view.part(".columns")).to_contain_text("After covering a part")
    printed = notebook.execute("w.edits = [{'tool': 'strok'}]")
    assert "did you mean 'stroke'" in printed
    assert notebook.value("len(w.edits)") == 1
