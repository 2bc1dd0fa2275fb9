"""The panel that looks inside: what each channel adds, by hand on the picture and against the engine's numbers."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import beacons
import expected
import numpy as np
import pytest
import waves
from alone import Alone
from playwright.sync_api import Browser
from playwright.sync_api import expect as eventually
from test_access import AXE, violations
from view import Pixels, View, differing, peak

from camwidget import CamWidget
from camwidget.unfolding import trait, unfold

RED, CYAN = 0, 5
"""Channel i answers to colour i alone; class "red" is for the red one and against the cyan one."""

Open = Callable[..., tuple[View, CamWidget]]


@pytest.fixture
def show(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """``show(width, dark=, kernel=, of=, **keywords)``: this widget, or one of the beacons that explains "red"."""
    made: list[tuple[Any, CamWidget, Alone]] = []

    def new(
        width: int = 960, dark: bool = False, kernel: bool = True, of: CamWidget | None = None, **keywords: Any
    ) -> tuple[View, CamWidget]:
        options = {"target": "red", "preprocess": beacons.read} | keywords
        w = of or CamWidget(beacons.Beacons().eval(), beacons.picture(), beacons.LABELS, **options)
        if not kernel:
            view = w._view()
            w.channels = trait(w.meta["image"], [(view, unfold(w._session.atlas, view))])
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


def look_inside(view: View) -> None:
    view.root.focus()
    view.notebook.page.keyboard.press("i")
    view.part(".channel").first.wait_for()


def channel(view: View, number: int) -> Any:
    return view.part(f'.channel[data-channel="{number}"]')


def overlay(w: CamWidget, cam: np.ndarray, sign: str, like: Pixels, hi: float | None = None) -> Pixels:
    """The overlay of a map; ``hi``: the colour limit, if not the map's own."""
    told = SimpleNamespace(
        cam=cam, sign=sign, colormap=w.colormap, opacity=w.opacity, threshold=0, layers=w.layers, layer=w.layer,
        meta=w.meta, interpolation=w.interpolation,
    )  # fmt: skip
    height, width, _ = like.shape
    return np.frombuffer(base64.b64decode(expected.overlay(told, height, width, hi=hi or 0)), np.uint8).reshape(
        like.shape
    )


def agree(found: Pixels, wanted: Pixels) -> bool:
    return differing(found, wanted) <= 0.001 * found[..., 0].size


def test_the_numbers_are_the_engines(show: Open) -> None:
    view, w = show()
    look_inside(view)
    found = w.inside()
    rows = view.part(".channel")
    assert rows.count() == 8
    numbers = [int(text) for text in view.part(".channel-number").all_inner_texts()]
    assert numbers == found.strongest.tolist()
    for k in (RED, CYAN):
        adds = channel(view, k).locator(".channel-sum").inner_text().replace("−", "-")
        assert float(adds) == pytest.approx(float(found.sums[k]), abs=0.06)
        share = channel(view, k).locator(".channel-share").inner_text().replace("−", "-")
        assert float(share.removesuffix(" %")) == pytest.approx(100 * float(found.shares[k]), abs=0.6)
    assert channel(view, RED).locator(".bar.for").count() == channel(view, CYAN).locator(".bar.against").count() == 1
    assert "All 8 channels add up to the map" in view.part(".inside-foot").inner_text()
    assert view.part("math").count() == 2
    assert f"Z = {beacons.GRID[0] * beacons.GRID[1]} cells" in view.part(".inside-note").inner_text()


def test_hover_shows_the_channel_alone(show: Open) -> None:
    view, w = show()
    look_inside(view)
    before, boxes = view.pixels(), view.boxes
    strip = view.pixels(".stage .thumb")
    found = w.inside()
    place = boxes()["root"], view.part(".picture").bounding_box()
    channel(view, RED).hover()
    now = view.until_changed(before, "the red channel")
    at = found.strongest.tolist().index(RED)
    assert agree(now, overlay(w, found.contributions[at].numpy(), "signed", now))
    assert view.part(".chip").inner_text() == "channel 0 alone"
    assert "channel 0" in view.readout and "click switches it off" in view.readout
    # the strip does not follow
    assert differing(view.pixels(".stage .thumb"), strip) == 0
    assert (boxes()["root"], view.part(".picture").bounding_box()) == place
    view.leave()
    view.until_same(before, "leaving")


def test_switched_off_it_is_missing_from_the_map(show: Open) -> None:
    view, w = show()
    w.sign = "signed"
    eventually(view.role("radio", "Signed")).to_be_checked()
    look_inside(view)
    before, found = view.pixels(), w.inside()
    channel(view, CYAN).click()
    now = view.until_changed(before, "without cyan")
    # what is seen is what the click has done, though the pointer is still there
    assert view.part(".chip").inner_text() == "without channel 5"
    left = found.without([CYAN]).numpy()
    # more is left where cyan spoke against the class, and the colours go as far
    assert np.abs(left).max() > found.signed.abs().max()
    assert agree(now, overlay(w, left, "signed", now))
    assert "without channel 5" in view.readout and "Esc" in view.readout
    assert channel(view, CYAN).get_attribute("aria-checked") == "false"
    channel(view, RED).click()
    eventually(view.part(".chip")).to_have_text("without 2 of 8 channels")
    # little is left, on the scale of the whole map
    left, whole = found.without([CYAN, RED]).numpy(), float(found.signed.abs().max())
    assert np.abs(left).max() < 0.9 * whole
    assert agree(view.pixels(), overlay(w, left, "signed", now, whole))
    # the other tab shows the whole map, and this one remembers
    view.part(
        ".tab",
    ).first.click()
    view.until_same(before, "Classes")
    view.root.focus()
    view.notebook.page.keyboard.press("i")
    eventually(view.part(".chip")).to_have_text("without 2 of 8 channels")
    view.notebook.page.keyboard.press("Escape")
    view.until_same(before, "Escape")
    channel(view, RED).click()
    eventually(view.part(".chip")).to_be_visible()
    channel(view, RED).click()
    view.until_same(before, "switched on again")


def test_another_class_has_its_own_channels(show: Open) -> None:
    view, w = show()
    look_inside(view)
    channel(view, RED).click()
    view.root.focus()
    view.notebook.page.keyboard.press("ArrowDown")
    view.notebook.until(lambda: w.target == 1, "the next class")
    eventually(view.part(".channel").first).to_have_attribute("data-channel", "1")
    eventually(view.part(".chip")).to_be_hidden()
    green = pytest.approx((8.5 / 18, 3.5 / 12), abs=0.03)
    view.notebook.until(lambda: peak(view.pixels()) == green, "the heat on the green disc")


def test_the_keyboard_walks_the_channels(show: Open) -> None:
    view, w = show()
    look_inside(view)
    first = view.part(".channel").first
    view.part('.tab input[value="inside"]').focus()
    for _ in ("undo", "redo", "code", "save", "full screen", "picture", "threshold", "lock", "channels"):
        view.notebook.page.keyboard.press("Tab")
    eventually(first).to_be_focused()
    eventually(view.part(".chip")).to_have_text("channel 0 alone")
    view.notebook.page.keyboard.press("ArrowDown")
    eventually(view.part(".channel").nth(1)).to_be_focused()
    view.notebook.page.keyboard.press("Enter")
    eventually(view.part(".channel").nth(1)).to_have_attribute("aria-checked", "false")
    assert w.target == RED
    view.notebook.page.keyboard.press("i")
    eventually(view.part(".classes")).to_be_visible()


def test_what_other_methods_do(show: Open) -> None:
    view, w = show(variant="layercam")
    look_inside(view)
    assert view.part(".weight canvas:visible").count() == 8
    assert "each cell has its own weight" in view.part(".inside-note").inner_text()
    w.layer, w.variant = "early", "guided_relu"
    eventually(view.part(".inside-note")).to_contain_text("the 2 rectifiers above pass only positive gradients")
    assert view.part(".plain:visible").count() == 8 and view.part(".weight canvas:visible").count() == 0
    w.layer = "late"
    eventually(view.part(".inside-note")).to_contain_text("No rectifier lies above this layer")
    w.variant = "eigencam"
    eventually(view.part(".instead p")).to_contain_text("strongest pattern that the channels share")
    view.part(".instead button").click()
    view.notebook.until(lambda: w.variant == "gradcam", "the way out")
    eventually(view.part(".channel").first).to_be_visible()


@pytest.mark.parametrize("width", [960, 700, 420])
def test_nothing_moves_and_nothing_sticks_out(show: Open, width: int) -> None:
    view, _ = show(width)
    before = view.boxes()
    look_inside(view)
    after = view.boxes()
    for band in (".head", ".picture", ".colorbar", ".strip", ".readout", ".status"):
        assert after[band] == before[band], band
    assert after["root"] == before["root"]
    assert view.outside() == []


def test_it_works_without_a_kernel(show: Open) -> None:
    view, _ = show(kernel=False)
    look_inside(view)
    before = view.pixels()
    channel(view, RED).click()
    view.until_changed(before, "without red, and no kernel")
    view.notebook.page.keyboard.press("Escape")
    view.until_same(before, "Escape")


def test_a_signal_can_be_looked_into(show: Open) -> None:
    view, w = show(of=CamWidget(waves.Tones().eval(), waves.tones(), waves.NOTES, rate=waves.RATE))
    look_inside(view)
    before, found = view.pixels(), w.inside()
    assert view.part(".channel").count() == len(found.strongest)
    first = int(found.strongest[0])
    channel(view, first).click()
    view.until_changed(before, "without the strongest")
    assert f"without channel {first}" in view.readout
    assert view.outside() == []
    view.notebook.page.keyboard.press("Escape")
    view.until_same(before, "Escape")


def test_a_volume_offers_no_such_tab(show: Open) -> None:
    view, _ = show(of=CamWidget(waves.Lights().eval(), waves.lights(), waves.PLACES))
    assert view.part(".tab:visible").all_inner_texts() == ["Classes", "Matrix"]
    view.root.focus()
    view.notebook.page.keyboard.press("i")
    view.notebook.page.wait_for_timeout(100)
    assert view.part(".inside").count() == 0 and view.part(".classes").is_visible()


def test_axe_finds_nothing_serious_inside(show: Open) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in js/")
    for dark in (False, True):
        view, w = show(dark=dark)
        view.notebook.page.evaluate(AXE.read_text(encoding="utf-8"))
        look_inside(view)
        assert violations(view) == [], dark
        channel(view, RED).hover()
        assert violations(view) == [], dark
        channel(view, RED).click()
        view.leave()
        assert violations(view) == [], dark
        w.variant = "eigencam"
        view.part("div.instead").wait_for()
        assert violations(view) == [], dark


def test_pictures(show: Open, shots: Path) -> None:
    for width, dark in ((960, False), (420, True)):
        view, _ = show(width, dark=dark)
        look_inside(view)
        channel(view, CYAN).click()
        view.leave()
        view.root.screenshot(path=shots / f"inside-{width}-{'dark' if dark else 'light'}.png")
        assert view.part(".chip").inner_text() == "without channel 5"
