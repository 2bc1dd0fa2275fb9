"""What is set in Python shows on the page, and what is set on the page is set in Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from beacons import LABELS
from lab import Notebook
from playwright.sync_api import expect
from view import View, difference


@pytest.mark.parametrize(
    ("code", "part", "text"),
    [
        ("w.target = 'cyan'", ".question", "Why cyan?"),
        ("w.target = 'dusk'", ".question", "Why dusk?"),
        ("w.layer = 'middle'", ".status", "middle 24×36"),
        ("w.layer = 'middle.1'", ".status", "middle.1 48×72"),
        ("w.variant = 'hirescam'", ".variant-button", "HiResCAM"),
        ("w.opacity = 0.3", ".slider.opacity output", "30 %"),
        ("w.sign = 'signed'", ".colorbar", "−0.13"),
        ("w.threshold = 0.5", ".colorbar", "logits"),
        ("w.interpolation = 'bilinear'", ".colorbar", "logits"),
        ("w.colormap = 'magma'", ".colorbar", "logits"),
        ("w.colormap = 'plasma'", ".colorbar", "logits"),
    ],
)
def test_set_in_python(view: View, notebook: Notebook, code: str, part: str, text: str) -> None:
    before = view.pixels()
    notebook.execute(code)
    if "hirescam" not in code:  # under a pooled linear head it is the same map
        view.until_changed(before, code)
    expect(view.part(part)).to_contain_text(text)
    notebook.until(lambda: difference(view) == "", f"the overlay of {code}")


def test_several_at_once_in_python(view: View, notebook: Notebook) -> None:
    notebook.execute("w.target = 'blue'; w.layer = 'middle'; w.variant = 'guided_relu'; w.sign = 'absolute'; w.target = 'green'")
    expect(view.part(".question")).to_have_text("Why green?")
    expect(view.part(".status")).to_contain_text("middle 24×36")
    notebook.until(lambda: difference(view) == "", "the overlay of the last values")
    assert view.selected == ["green"]
    assert view.role("radio", "Absolute").is_checked()


def drag_opacity(view: View) -> None:
    slider = view.role("slider", "Opacity")
    slider.focus()
    for _ in range(12):
        slider.press("ArrowLeft")


def choose(*names: str) -> Callable[[View], None]:
    """Press the radio buttons of these names; with more than one, the display menu is opened first."""

    def press(view: View) -> None:
        if len(names) > 1:
            view.role("button", "Display").click()
        view.part(f'.{names[0]} .segment:has-text("{names[-1]}"), .{names[0]} .colour:has-text("{names[-1]}")').click()

    return press


def threshold(view: View) -> None:
    slider = view.role("slider", "Threshold")
    slider.focus()
    for _ in range(4):
        slider.press("PageUp")
    expect(slider).to_have_attribute("aria-valuenow", "40")


@pytest.mark.parametrize(
    ("act", "expression", "value"),
    [
        (drag_opacity, "round(w.opacity, 2)", 0.5),
        (threshold, "round(w.threshold, 2)", 0.4),
        (choose("sign", "Signed"), "w.sign", "signed"),
        (choose("sign", "Absolute"), "w.sign", "absolute"),
        (choose("interpolation", "Display", "Bilinear"), "w.interpolation", "bilinear"),
        (choose("colours", "Display", "cividis"), "w.colormap", "cividis"),
    ],
    ids=["opacity", "threshold", "signed", "absolute", "bilinear", "cividis"],
)
def test_set_on_the_page(
    view: View, notebook: Notebook, act: Callable[[View], None], expression: str, value: object
) -> None:
    # a class of which signed, absolute and positive are three pictures
    view.row(LABELS.index("blue")).click()
    notebook.until_value("w.target", 2)
    view.leave()
    before = view.pixels()
    act(view)
    view.until_changed(before, expression)
    notebook.until_value(expression, value)
    assert difference(view) == ""


def test_shading_on_the_page(view: View, notebook: Notebook) -> None:
    smooth = view.pixels()
    view.role("button", "Display").click()
    expect(view.role("dialog", "Display")).to_be_visible()
    view.part('.segment:has-text("Cells")').click()
    cells = view.until_changed(smooth, "cells")
    notebook.until_value("w.shading", "cells")
    # one flat colour a cell: take the middle of each of its quarters
    height, width, _ = cells.shape
    rows = (np.arange(24) + 0.5) * height / 24
    columns = (np.arange(36) + 0.5) * width / 36
    quarters = cells[rows.astype(int)][:, columns.astype(int)].reshape(12, 2, 18, 2, 4)
    assert (quarters == quarters[:, :1, :, :1]).all()
    view.part('.segment:has-text("Contours")').click()
    rings = view.until_changed(cells, "contours")
    notebook.until_value("w.shading", "contours")
    painted = (rings[..., 3] > 0).mean()
    assert 0.001 < painted < (smooth[..., 3] > 0).mean() / 2
    view.part('.segment:has-text("Smooth")').click()
    view.until_same(smooth, "smooth again")
    notebook.page.keyboard.press("Escape")
    expect(view.role("dialog", "Display")).to_be_hidden()


def test_one_scale_for_all_classes(view: View, notebook: Notebook) -> None:
    view.row(LABELS.index("bright")).click()
    notebook.until_value("w.target", LABELS.index("bright"))
    view.leave()
    before, own = view.pixels(), view.part(".colorbar .limit").inner_text()
    view.role("button", "Display").click()
    view.part('.segment:has-text("All listed classes")').click()
    view.until_changed(before, "one scale")
    notebook.until_value("w.scale", "listed")
    notebook.execute("top = max(float(w._session.atlas.map('late', 'gradcam', t).max()) for t in w.listed)")
    shared = view.part(".colorbar .limit").inner_text()
    assert shared == f"{notebook.value('top'):.2f}" != own


def test_a_drag_is_one_message(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    box = view.role("slider", "Opacity").bounding_box()
    assert box
    notebook.sent.clear()
    y = box["y"] + box["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(box["x"] + 0.62 * box["width"], y)
    mouse.down()
    for i in range(20):
        mouse.move(box["x"] + (0.6 - 0.02 * i) * box["width"], y)
    view.until_changed(before, "the drag")
    assert notebook.sent == [], "a drag speaks to the kernel before it ends"
    mouse.up()
    notebook.until(lambda: notebook.value("w.opacity") < 0.4, "the opacity in Python")
    assert len(notebook.sent) == 1
