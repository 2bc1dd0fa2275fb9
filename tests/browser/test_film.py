"""A film strip on the page: from picture to picture, mistakes, and why the network said that."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import show
from lab import Notebook
from playwright.sync_api import expect
from test_access import AXE, violations
from test_layout import frames, moved, resize
from view import View, difference, peak

# scenes of two stickers each, of which the second label is that of the sticker that was not called
FILM = """
from camwidget import CamWidget, demo
import expected
PAIRS = [("star", "moon"), ("heart", "fish"), ("house", "boat"), ("key", "spiral"), ("tree", "ring")]
net = demo.model()
scenes = [demo.scene(20 + i, pair, 384 if i != 2 else 300) for i, pair in enumerate(PAIRS)]
with CamWidget(net, [scene.image for scene in scenes]) as plain:
    called = [row["called"] for row in plain.film]
other = [pair[1 - pair.index(name)] for pair, name in zip(PAIRS, called)]
truth = [name if i % 2 == 0 else other[i] for i, name in enumerate(called)]
w = CamWidget(net, [scene.image.crop((0, 0, 300, 200)) if i == 2 else scene.image for i, scene in enumerate(scenes)],
    truth=truth[:2] + [None] + truth[3:])
w"""

MANY = """
import beacons
from camwidget import CamWidget
w = CamWidget(beacons.Beacons(), [beacons.picture()] * 500, beacons.LABELS, preprocess=beacons.read)
w"""


@pytest.fixture
def film(notebook: Notebook) -> View:
    view = show(notebook, FILM)
    notebook.until(lambda: notebook.value("w.reel['called'].count(None)") == 0, "all to be called", 60)
    notebook.until(lambda: notebook.value("w.heats.get('maps', [None]).count(None)") == 0, "the small maps", 60)
    return view


def cell(view: View, index: int) -> str:
    return " ".join(view.part(f'[data-picture="{index}"]').inner_text().split())


def chosen(view: View) -> list[str]:
    found: list[str] = view.part('.film-cell[aria-selected="true"]').evaluate_all(
        "(cells) => cells.map((cell) => cell.dataset.picture)"
    )
    return found


def until_right(view: View, index: int) -> None:
    """Wait until this picture is on screen, with the kernel's map of the kernel's class."""
    view.notebook.until_value("w.meta['index']", index)
    view.notebook.until(lambda: difference(view) == "", f"the map of picture {index}")
    assert chosen(view) == [str(index)]
    expect(view.part('.row[aria-selected="true"] .name-text')).to_have_text(view.notebook.value("w.labels[w.target]"))


def test_from_picture_to_picture(film: View, notebook: Notebook) -> None:
    view = film
    called, truth = notebook.value("called"), notebook.value("truth")
    expect(view.part(".film-count")).to_have_text("2 of 4 wrong")
    expect(view.part(".cross:visible")).to_have_count(2)
    assert cell(view, 0) == called[0]
    assert cell(view, 1) == f"{called[1]} is {truth[1]}"
    for i in range(5):
        still = f'[data-picture="{i}"] .still'
        notebook.until(lambda still=still: view.pixels(still)[..., 3].any(), f"the still of picture {i}")
    before = view.boxes()
    view.root.focus()
    notebook.page.keyboard.press("Shift+ArrowRight")
    until_right(view, 1)
    assert notebook.value("[w.index, w.labels[w.target]]") == [1, called[1]]
    expect(view.part(".slot-picture")).to_have_text("picture 2 of 5")
    expect(view.part(".slot-label")).to_have_text(f"label {truth[1]}")
    expect(view.part(".slot-called")).to_contain_text(f"called {called[1]}")
    view.part('[data-picture="2"]').click()  # of another shape
    until_right(view, 2)
    assert moved(before, view.boxes()) == []
    view.leave()
    for key, index in (("n", 3), ("n", 1), ("Shift+ArrowLeft", 0)):
        notebook.page.keyboard.press(key)
        until_right(view, index)
    view.role("listbox", "Pictures").focus()
    for key, index in (("ArrowRight", 1), ("End", 4), ("ArrowRight", 4), ("Home", 0)):
        notebook.page.keyboard.press(key)
        notebook.until_value("w.index", index)
    view.part(".film-first").click()
    assert [cell.split()[0] for cell in in_order(view)] == [called[i] for i in (1, 3, 0, 2, 4)]
    view.root.focus()
    notebook.page.keyboard.press("Shift+ArrowRight")
    until_right(view, 2)
    notebook.execute("w.index = 4")
    until_right(view, 4)
    assert moved(before, view.boxes()) == []


def in_order(view: View) -> list[str]:
    found: list[str] = view.part(".film-cell").evaluate_all(
        "(cells) => cells.sort((a, b) => a.offsetLeft - b.offsetLeft).map((cell) => cell.innerText)"
    )
    return found


def test_why_a_mistake_was_called_so_and_why_not(
    film: View, notebook: Notebook, light_again: None, shots: Path
) -> None:
    """The heat is on the sticker that was called, then on the one of the label."""
    view = film
    called, truth = notebook.value("called"), notebook.value("truth")
    things = notebook.value("[{t.name: [int(v) for v in t.box] for t in s.objects} for s in scenes]")
    expect(view.part(".mistake")).to_be_hidden()
    view.root.focus()
    notebook.page.keyboard.press("n")
    until_right(view, 1)
    expect(view.part(".mistake")).to_be_visible()
    check_looks(view, shots)
    for name in (called[1], truth[1]):
        notebook.until_value("w.labels[w.target]", name)
        notebook.until(lambda: difference(view) == "", f"the map of {name}")
        x, y = (384 * at for at in peak(view.pixels()))
        x0, y0, x1, y1 = things[1][name]
        assert x0 <= x < x1 and y0 <= y < y1, f"{name}: ({x:.0f}, {y:.0f}) is not in {things[1][name]}"
        notebook.page.keyboard.press("t")
    notebook.until_value("w.labels[w.target]", called[1])
    view.role("radio", f"is {truth[1]}").check(force=True)
    notebook.until_value("w.labels[w.target]", truth[1])
    notebook.page.keyboard.press("Shift+ArrowRight")
    until_right(view, 2)
    assert notebook.value("w.labels[w.target]") == called[2] or notebook.value("w.target == w.reel['called'][2]")
    expect(view.part(".mistake")).to_be_hidden()


def check_looks(view: View, shots: Path) -> None:
    """At three widths in light and dark all is in its place; axe finds nothing serious."""
    if AXE.is_file():
        view.notebook.page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("Dark", "Light"):
        view.notebook.theme(f"JupyterLab {theme}")
        expect(view.root).to_have_attribute("data-theme", theme.lower())
        for width in (420, 700, 960):
            resize(view, width)
            assert view.outside() == [], f"{theme} {width}"
            view.root.screenshot(path=shots / f"film-{theme.lower()}-{width}.png")
            view.root.press("?")
            expect(view.part(".help")).to_contain_text("Next mistake")
            assert view.outside() == [], f"{theme} {width}, help"
            view.root.press("Escape")
        if AXE.is_file():
            assert violations(view) == [], theme
    view.root.focus()


def test_of_many_pictures_only_those_in_sight_are_drawn(notebook: Notebook) -> None:
    view = show(notebook, MANY)
    expect(view.part(".film-count")).to_have_text("500 pictures")
    expect(view.part(".film-first")).to_be_hidden()
    assert view.part(".film-cell").count() < 40
    view.role("listbox", "Pictures").focus()
    notebook.page.keyboard.press("End")
    notebook.until_value("w.meta['index']", 499)
    expect(view.part('[data-picture="499"]')).to_be_in_viewport()
    view.part(".film-list").evaluate("(list) => void (list.scrollLeft = 200 * 64)")
    expect(view.part('[data-picture="205"]')).to_be_in_viewport()
    frames(view)
    assert view.part(".film-cell").count() < 40
    assert chosen(view) == ["499"]
