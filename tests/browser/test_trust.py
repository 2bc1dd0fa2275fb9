"""The panel that puts the map to the test: its numbers against Python's, the slider on the picture, giving up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import beacons
import pytest
import waves
from alone import Alone
from playwright.sync_api import Browser
from playwright.sync_api import expect as eventually
from test_access import AXE, violations
from view import View

from camwidget import CamWidget
from camwidget.engine import CamEngine

PATIENCE = 60_000
"""Milliseconds: on a busy machine the tests of a map take their time."""

Open = Callable[..., tuple[View, CamWidget]]


@pytest.fixture
def show(browser: Browser) -> Iterator[Open]:
    """``show(width, dark=, kernel=, of=, **keywords)``: this widget, or one of the beacons that explains "red"."""
    made: list[tuple[Any, CamWidget, Alone]] = []

    def new(
        width: int = 960, dark: bool = False, kernel: bool = True, of: CamWidget | None = None, **keywords: Any
    ) -> tuple[View, CamWidget]:
        options = {"target": "red", "preprocess": beacons.read} | keywords
        w = of or CamWidget(beacons.Beacons().eval(), beacons.picture(), beacons.LABELS, **options)
        context = browser.new_context(viewport={"width": width, "height": 1000}, reduced_motion="reduce")
        made.append((context, w, Alone(context.new_page(), w, dark=dark, kernel=kernel)))
        view = View(made[-1][2])
        view.until_painted()
        return view, w

    yield new
    for context, w, alone in made:
        assert alone.errors == []
        context.close()
        w.close()


def put_to_the_test(view: View, done: bool = True) -> None:
    view.root.focus()
    view.notebook.page.keyboard.press("q")
    eventually(view.part(".line-own").first).to_have_attribute("points", re.compile(" "), timeout=PATIENCE)
    if done:
        eventually(view.part(".test-state")).to_have_text("", timeout=PATIENCE)


def numbers(view: View) -> list[float]:
    return [float(text.replace("−", "-")) for text in view.part(".test-number").all_inner_texts()]


def slide(view: View, step: int) -> None:
    view.part(".test input").evaluate(
        "(input, step) => { input.value = step; input.dispatchEvent(new Event('input', { bubbles: true })); }", step
    )


def test_the_numbers_are_python_s_and_the_slider_shows_each_step(show: Open) -> None:
    view, w = show()
    boxes = view.boxes()["root"], view.part(".picture").bounding_box()
    put_to_the_test(view)
    found, layers = w.faithfulness(), w.sanity()
    falls, comes = found.areas["gradcam"]
    assert numbers(view) == pytest.approx([falls, comes, float(layers.similarity[-1])], abs=0.006)
    others = [low for name, (low, _) in found.areas.items() if name not in ("gradcam", "random", "uniform")]
    place = sum(low < falls - 0.0005 for low in others) + 1
    assert (
        f"{place}{'th' if place > 3 else ['st', 'nd', 'rd'][place - 1]} of" in view.part(".test p").nth(1).inner_text()
    )
    before = view.pixels()
    slide(view, 1)
    view.until_changed(before, "the map after the first step")
    eventually(view.part(".chip")).to_have_text(f"{layers.modules[0]} at random")
    assert numbers(view)[2] == pytest.approx(float(layers.similarity[0]), abs=0.006)
    assert (view.boxes()["root"], view.part(".picture").bounding_box()) == boxes
    view.notebook.page.keyboard.press("Escape")
    view.until_same(before, "the trained network again")
    slide(view, 2)
    view.until_changed(before, "the second step")
    view.part('.tab input[value="classes"]').check(force=True)
    view.until_same(before, "another panel")


class Pace:
    """How long each run of the network takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.seconds, self.runs = seconds, 0
        run = CamEngine.run

        def slowly(engine: CamEngine, *given: Any) -> object:
            self.runs += 1
            time.sleep(self.seconds)
            return run(engine, *given)

        monkeypatch.setattr(CamEngine, "run", slowly)


def test_clicks_and_hovers_go_first_and_cancel_ends_it(show: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    view, w = show()
    pace = Pace(monkeypatch, 0.1)
    put_to_the_test(view, done=False)
    page, before = view.notebook.page, view.pixels()
    view.hover(0.5, 0.3)
    eventually(view.part(".readout .slot-value")).to_be_visible()
    view.leave()
    view.root.focus()
    page.keyboard.press("ArrowDown")
    view.until_changed(before, "another class, while curves run")
    view.notebook.until(lambda: w.target == 1, "the next class")
    eventually(view.part(".test-state")).to_contain_text("curves", timeout=PATIENCE)
    button = view.part(".trust .text-button")
    button.click()
    eventually(view.part(".test-state")).to_contain_text("Stopped at curves")
    view.notebook.until(lambda: w._session._mailbox._thread is None, "the worker to rest")
    runs = pace.runs
    page.wait_for_timeout(300)
    assert pace.runs == runs, "it does not go on by itself"
    assert w.status["state"] == "ready"
    pace.seconds = 0
    eventually(button).to_have_text("Go on")
    button.click()
    eventually(view.part(".test-state")).to_have_text("", timeout=PATIENCE)
    eventually(button).to_be_hidden()


def test_what_fails_is_said_and_can_be_tried_again(show: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    view, _ = show()
    before, run = view.pixels(), CamEngine.run
    monkeypatch.setattr(CamEngine, "run", lambda *_: (_ for _ in ()).throw(RuntimeError("no <b>memory</b>")))
    view.root.focus()
    view.notebook.page.keyboard.press("q")
    eventually(view.part(".test p").first).to_contain_text("no <b>memory</b>", timeout=PATIENCE)
    view.until_same(before, "the picture stays")
    monkeypatch.setattr(CamEngine, "run", run)
    button = view.part(".trust .text-button")
    eventually(button).to_have_text("Run again")
    button.click()
    eventually(view.part(".test p").first).to_contain_text("Area below", timeout=PATIENCE)
    eventually(button).to_be_hidden(timeout=PATIENCE)


@pytest.mark.parametrize("width", [960, 700, 420])
def test_nothing_moves_and_nothing_sticks_out(show: Open, width: int) -> None:
    view, _ = show(width)
    before = view.boxes()
    put_to_the_test(view)
    after = view.boxes()
    for band in (".head", ".picture", ".colorbar", ".strip", ".readout", ".status"):
        assert after[band] == before[band], band
    assert after["root"] == before["root"]
    assert view.outside() == []


def test_a_page_without_a_kernel_shows_what_was_found(show: Open) -> None:
    view, w = show()
    put_to_the_test(view)
    still, _ = show(kernel=False, of=w)
    still.root.focus()
    still.notebook.page.keyboard.press("q")
    eventually(still.part(".test-number").first).to_have_text(view.part(".test-number").first.inner_text())
    assert still.part(".trust .text-button").is_hidden()
    before = still.pixels()
    slide(still, 1)
    still.until_changed(before, "a step, and no kernel")
    bare, _ = show(kernel=False)
    assert "Trust" not in bare.part(".tab:visible").all_inner_texts()


def test_a_signal_can_be_tested(show: Open) -> None:
    view, w = show(of=CamWidget(waves.Tones().eval(), waves.tones(), waves.NOTES, rate=waves.RATE))
    put_to_the_test(view)
    falls, comes = w.faithfulness([w.variant]).areas[w.variant]
    assert numbers(view)[:2] == pytest.approx([falls, comes], abs=0.006)
    before = view.pixels()
    slide(view, 1)
    view.until_changed(before, "a step")
    assert view.outside() == []


def test_axe_finds_nothing_serious(show: Open) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in js/")
    for dark in (False, True):
        view, _ = show(dark=dark)
        view.notebook.page.evaluate(AXE.read_text(encoding="utf-8"))
        put_to_the_test(view)
        assert violations(view) == [], dark
        slide(view, 1)
        assert violations(view) == [], dark


def test_pictures(show: Open, shots: Path) -> None:
    for width, dark in ((960, False), (420, True)):
        view, _ = show(width, dark=dark)
        put_to_the_test(view)
        slide(view, 1)
        view.root.screenshot(path=shots / f"trust-{width}-{'dark' if dark else 'light'}.png")
        assert "at random" in view.part(".chip").inner_text()
