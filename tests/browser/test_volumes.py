"""A volume slice by slice, as a reader sees and uses it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import waves
from desk import show
from lab import Notebook
from playwright.sync_api import expect
from test_access import AXE, violations
from test_layout import frames, moved, resize
from view import View, peak

LIGHTS = (
    "import waves\nfrom camwidget import CamWidget",
    "w = CamWidget(waves.Lights(), waves.lights(), waves.PLACES)\nw",
)


@pytest.fixture
def view(notebook: Notebook) -> View:
    return show(notebook, *LIGHTS)


def at_slice(view: View) -> int:
    return int(view.role("slider", "Slice").input_value())


def move_to(view: View, index: int) -> None:
    view.role("slider", "Slice").fill(str(index))
    expect(view.part(".slice-number b")).to_have_text(str(index))
    frames(view)


def test_opens_at_the_slice_with_the_strongest_evidence_and_the_peak_is_where_the_light_is(view: View) -> None:
    assert abs(at_slice(view) - waves.NEAR[0]) <= 2
    x, y = peak(view.pixels())
    assert x * waves.WIDTH == pytest.approx(waves.NEAR[2], abs=3)
    assert y * waves.HEIGHT == pytest.approx(waves.NEAR[1], abs=3)


def test_the_slider_moves_heat_and_picture_without_asking_the_kernel(view: View, notebook: Notebook) -> None:
    heat, photo = view.pixels(), view.pixels(".photo")
    notebook.sent.clear()
    move_to(view, 0)
    assert not np.array_equal(view.pixels(".photo"), photo)
    faint = view.pixels()
    assert faint[..., 3].max() < heat[..., 3].max()
    assert notebook.sent == []


def test_the_picture_is_the_volumes_own_slice(view: View, notebook: Notebook) -> None:
    for index in (waves.NEAR[0], waves.FAR[0]):
        move_to(view, index)
        photo = view.pixels(".photo")[..., 0].astype(float)
        brightest = np.unravel_index(photo.argmax(), photo.shape)
        middle = waves.NEAR if index == waves.NEAR[0] else waves.FAR
        assert brightest[0] / photo.shape[0] == pytest.approx((middle[1] + 0.5) / waves.HEIGHT, abs=0.03)
        assert brightest[1] / photo.shape[1] == pytest.approx((middle[2] + 0.5) / waves.WIDTH, abs=0.03)


def test_hover_reads_the_voxel_and_its_cell(view: View, notebook: Notebook) -> None:
    move_to(view, 9)
    view.hover((waves.NEAR[2] + 0.5) / waves.WIDTH, (waves.NEAR[1] + 0.5) / waves.HEIGHT)
    expect(view.part(".readout")).to_contain_text("x 45 y 14 slice 9")
    expect(view.part(".readout")).to_contain_text("cell (11, 3, 2)")
    value = float(notebook.execute("print(w.cam[2, 3, 11])"))
    assert f"+{value:.3f} near" in view.readout
    assert "sees 10×10×10 voxels" in view.readout
    box, fit = view.part(".cell:not(.cell-pinned)").bounding_box(), view.part(".fit").bounding_box()
    assert box and fit
    assert box["width"] / fit["width"] == pytest.approx(1 / 16, abs=0.01)


def test_a_pinned_cell_is_outlined_on_the_slices_at_its_depth(view: View) -> None:
    move_to(view, 9)
    view.click(0.7, 0.3)
    view.leave()
    pinned = view.part(".cell-pinned")
    for index, seen in ((8, True), (11, True), (12, False), (7, False), (10, True)):
        move_to(view, index)
        (expect(pinned).to_be_visible if seen else expect(pinned).to_be_hidden)()
    # and is still read: its depth is its own
    expect(view.part(".readout")).to_contain_text(", 2)")


def test_keys_move_through_the_slices_and_over_the_cells(view: View, notebook: Notebook) -> None:
    start = at_slice(view)
    view.part(".picture").focus()
    notebook.page.keyboard.press("PageDown")
    expect(view.part(".slice-number b")).to_have_text(str(start + 1))
    notebook.page.keyboard.press("ArrowRight")
    expect(view.part(".readout")).to_contain_text(f"slice {start + 1}")
    notebook.page.keyboard.press("PageUp")
    expect(view.part(".readout")).to_contain_text(f"slice {start}")
    view.role("slider", "Slice").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(view.part(".slice-number b")).to_have_text(str(start + 1))
    notebook.page.keyboard.press("End")
    expect(view.part(".slice-number b")).to_have_text(str(waves.DEPTH - 1))
    assert view.selected == ["near"], "arrows on the slider choose no class"


def test_the_slider_says_where_it_is_and_how_strong_the_evidence_is_there(view: View) -> None:
    text = view.role("slider", "Slice").get_attribute("aria-valuetext")
    assert text and text.startswith(f"Slice {at_slice(view)}, of 0 to 15; strongest +0.04") and text.endswith("logits")
    expect(view.part(".picture")).to_have_attribute("aria-label", f"Grad-CAM of near at late, slice {at_slice(view)}")


def test_another_class_leaves_the_slice_where_it_is(view: View) -> None:
    """The picture never moves; the curve over the slider says where to go."""
    start, curve = at_slice(view), view.pixels(".slices")
    view.row(1).click()
    view.notebook.until(lambda: not np.array_equal(view.pixels(".slices"), curve), "the other class's curve")
    assert at_slice(view) == start
    columns = view.pixels(".slices")[..., 3].astype(int).sum(0)
    assert columns.argmax() / len(columns) == pytest.approx(waves.FAR[0] / (waves.DEPTH - 1), abs=0.12)


def test_cells_contours_and_signs_work_on_a_slice(view: View, notebook: Notebook) -> None:
    pixels = view.pixels()
    for change in ("w.shading = 'cells'", "w.shading = 'contours'", "w.shading = 'smooth'", "w.sign = 'signed'",
                   "w.layer = w.layers[0]['name']", "w.variant = 'layercam'"):  # fmt: skip
        notebook.execute(change)
        pixels = view.until_changed(pixels, change)


def test_thumbnails_lie_over_the_slice_that_was_opened(view: View) -> None:
    thumb = view.pixels(".stage[aria-checked='true'] .thumb")
    assert thumb[..., 3].any()
    x, y = peak(thumb)
    assert (x, y) == pytest.approx((0.7, 0.36), abs=0.12)


@pytest.mark.parametrize("width", [1200, 900, 700, 420])
def test_nothing_moves_and_nothing_sticks_out(view: View, width: int) -> None:
    resize(view, width)
    before = view.boxes()
    assert view.outside() == []
    move_to(view, 3)
    view.hover(0.3, 0.5)
    frames(view)
    assert moved(before, view.boxes()) == []
    assert view.outside() == []


def test_axe_finds_nothing_serious_in_light_and_dark(
    view: View,
    notebook: Notebook,
    light_again: None,
    shots: Path,
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in js/")
    notebook.page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        kind = theme.split()[1].lower()
        expect(view.root).to_have_attribute("data-theme", kind)
        assert violations(view) == [], theme
        view.hover(0.5, 0.5)
        assert violations(view) == [], f"{theme}, a cell"
        view.root.screenshot(path=shots / f"volume-{kind}.png")
        view.leave()
