"""Two classes against each other, in the embedded scene of which it is known where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from desk import show
from lab import Notebook
from playwright.sync_api import expect
from test_cells import number
from test_signals import TONES
from test_volumes import LIGHTS
from view import View, difference

SCENE = (
    "from camwidget import CamWidget, demo\nimport expected\nscene = demo.example('table')",
    "w = CamWidget(demo.model(), scene.image)\nw",
)
STAR, RING = 9, 7


@pytest.fixture
def scene(notebook: Notebook) -> View:
    """The star is class A, the ring class B, and the divider is in the middle."""
    view = show(notebook, *SCENE)
    view.row(STAR).click()
    view.root.press("s")
    view.row(RING).click(modifiers=["Shift"])
    view.leave()
    expect(view.part(".tag-b")).to_contain_text("ring")
    return view


def middle(view: View, name: str) -> tuple[float, float]:
    """The middle of an object, as shares (x, y) of the picture."""
    boxes = view.notebook.value("{o.name: [v / scene.image.width for v in o.box] for o in scene.objects}")
    x0, y0, x1, y1 = boxes[name]
    return (x0 + x1) / 2, (y0 + y1) / 2


def read(view: View, name: str, slot: str) -> float:
    view.hover(*middle(view, name))
    return number(view.part(f".readout .slot-{slot}").inner_text().split()[0])


def test_star_against_ring_is_positive_on_the_star_and_negative_on_the_ring(scene: View, notebook: Notebook) -> None:
    view = scene
    notebook.until_value("[w.contrast, w.target, w.rival, w.gamma]", ["swipe", STAR, RING, 1.0])
    assert view.part(".rank.letter").all_inner_texts() in (["A", "B"], ["B", "A"])
    assert view.question == "Why star and not ring?"
    view.part('.segment:has-text("Difference")').click()
    notebook.until_value("w.contrast", "difference")
    assert read(view, "star", "value") > 0.3
    assert read(view, "ring", "value") < -0.3
    view.leave()
    expect(view.part(".readout")).to_contain_text("star − 1.00 × ring")
    # its numbers: the picture, and the colour limit in full as the lock gives it
    what = "w.contrast_map(), True"
    notebook.until(lambda: difference(view, what=what) == "", "the engine's own difference")
    view.role("button", "Lock the scale").click()
    notebook.until(lambda: notebook.value("w.limit") is not None, "the limit")
    limit, due = notebook.value("[w.limit, float(abs(w.contrast_map()).max())]")
    assert limit == pytest.approx(due, rel=1e-3)


def test_the_divider_shows_either_side_on_one_scale(scene: View, notebook: Notebook) -> None:
    view = scene
    notebook.execute("l, r = w.contrast_map(), w._session.contrast(w._view(), __import__('camwidget').contrasting."
                     f"Contrast({RING}, 1.0))[1]; top = max(float(l.max()), float(r.max()))")  # fmt: skip
    for canvas, side in ((".heat", "l"), (".heat-right", "r")):
        assert difference(view, canvas, f"{side}, False, top") == ""
    assert number(view.part(".colorbar .limit").inner_text()) == pytest.approx(notebook.value("top"), abs=0.006)
    assert read(view, "star", "value") == -read(view, "star", "value-right") > 0.3
    divider = view.role("slider", "Divider")
    assert divider.get_attribute("aria-valuenow") == "50"
    fit = view.part(".fit").bounding_box()
    assert fit
    mouse = notebook.page.mouse
    mouse.move(fit["x"] + 0.5 * fit["width"], fit["y"] + 0.2 * fit["height"])
    mouse.down()
    mouse.move(fit["x"] + 0.8 * fit["width"], fit["y"] + 0.3 * fit["height"], steps=3)
    mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "80")
    expect(view.part(".cell-pinned")).to_be_hidden()
    for key, at in (("ArrowLeft", "78"), ("Shift+ArrowRight", "88"), ("Home", "0"), ("End", "100")):
        divider.press(key)
        expect(divider).to_have_attribute("aria-valuenow", at)
    assert notebook.value("w.layer") == "stage3", "the arrows are the divider's"


def test_with_the_kernel_busy_gamma_and_both_classes_still_answer(scene: View, notebook: Notebook) -> None:
    view = scene
    before = view.pixels()
    with notebook.busy():
        gamma = view.role("slider", "Gamma")
        gamma.press("Home")
        plain = view.until_changed(before, "gamma 0: the map itself")
        expect(view.part(".readout")).to_contain_text("left star")
        gamma.press("End")
        view.until_changed(plain, "gamma 2")
        view.part(".picture").press("x")
        expect(view.part(".tag-a")).to_contain_text("ring")
        view.root.press("Shift+ArrowDown")
        expect(view.part(".readout")).to_contain_text("left ring − 2.00 × fish")
        assert view.part(".status").get_attribute("data-kind") != "busy"
    notebook.until_value("[w.target, w.rival, w.gamma]", [RING, 1, 2.0])
    assert difference(view, what="w.contrast_map(), False, float(max(w.contrast_map().max(), "
                      "(w.cam * 0 + w._session.contrast(w._view(), __import__('camwidget').contrasting."
                      "Contrast(1, 2.0))[1]).max()))") == ""  # fmt: skip


def test_a_variant_that_is_not_linear_is_asked_for(scene: View, notebook: Notebook) -> None:
    view = scene
    notebook.execute("w.variant = 'layercam'; w.gamma = 0.5; w.contrast = 'difference'")
    expect(view.part(".readout")).to_contain_text("star − 0.50 × ring")
    notebook.until(lambda: difference(view, what="w.contrast_map(), True") == "", "the kernel's answer")
    notebook.execute("a, b = (w._session.atlas.map(w.layer, w.variant, t) for t in (w.target, w.rival))")
    apart = notebook.value("float(abs(w.contrast_map() - (a - 0.5 * b)).max() / abs(a).max())")
    assert apart > 1e-2, "and could not have been worked out from both maps"


def test_the_tool_and_the_trait_are_one(scene: View, notebook: Notebook) -> None:
    view = scene
    tool = view.role("radio", "Contrast", exact=True).first
    expect(tool).to_be_checked()
    view.root.press("Escape")
    notebook.until_value("w.contrast", "off")
    expect(view.part(".tag-a")).to_be_hidden()
    before = view.pixels()
    notebook.execute("w.contrast = 'difference'")
    expect(tool).to_be_checked()
    view.until_changed(before, "the difference")
    view.row(RING).click()
    notebook.until_value("[w.target, w.rival]", [RING, STAR])


def test_a_volume_has_both_sides_on_every_slice(notebook: Notebook, shots: Path) -> None:
    view = show(notebook, *LIGHTS)
    view.root.press("s")
    expect(view.part(".divider")).to_be_visible()
    for index in ("2", "9"):
        before = view.pixels(), view.pixels(".heat-right")
        view.role("slider", "Slice").fill(index)
        expect(view.part(".slice-number b")).to_have_text(index)
        notebook.until(lambda old=before: not np.array_equal(view.pixels(), old[0]), "A's side of another slice")
        assert not np.array_equal(view.pixels(".heat-right"), before[1])
    view.hover(0.3, 0.5)
    left, right = (
        number(view.part(f".readout .slot-{side}").inner_text().split()[0]) for side in ("value", "value-right")
    )
    assert left == -right
    view.root.screenshot(path=shots / "contrast-volume.png")


def test_a_signal_has_the_difference(notebook: Notebook, shots: Path) -> None:
    view = show(notebook, *TONES)
    before = view.pixels()
    view.root.press("s")
    view.until_changed(before, "the difference")
    notebook.until_value("w.contrast", "difference")
    expect(view.part(".segments.contrast")).to_be_hidden()
    made = notebook.value("w.contrast_map().tolist()")
    most = int(np.argmax(made))
    view.part(".picture").focus()
    view.hover((most + 0.5) / len(made), 0.5)
    text = view.part(".readout .slot-value").inner_text()
    step = int(view.part(".readout .slot-cell").inner_text().split()[1])
    assert number(text.split()[0]) == pytest.approx(made[step], abs=0.0051)
    view.root.screenshot(path=shots / "contrast-signal.png")
