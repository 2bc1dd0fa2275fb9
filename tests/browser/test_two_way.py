"""What is set in Python shows on the page, and what is set on the page is set in Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from beacons import LABELS
from lab import Notebook
from playwright.sync_api import expect
from view import View, difference

SET_IN_PYTHON = (
    ("w.target = 'cyan'", ".question", "Why cyan?"),
    ("w.layer = 'middle'", ".status", "middle 24×36"),
    ("w.variant = 'guided_relu'", ".variant-button", "Guided"),
    ("w.target = 'dusk'", ".question", "Why dusk?"),
    ("w.layer = 'middle.1'", ".status", "middle.1 48×72"),
    ("w.layer = 'early'", ".status", "early 48×72"),
    ("w.against = 'blue'", ".status", "against blue"),
    ("w.target = 'green'", ".status", "against blue"),
    ("w.score = 'log_softmax'", ".status", "log-softmax, against blue"),
    ("w.against, w.score = None, 'logit'", ".status", "ms"),
    ("w.opacity = 0.3", ".controls", "30 %"),
    ("w.threshold = 0.5", ".colorbar", "0"),
    ("w.interpolation = 'bilinear'", ".colorbar", "0"),
    ("w.colormap = 'magma'", ".colorbar", "0"),
    ("w.colormap = 'plasma'", ".colorbar", "0"),
    ("w.sign = 'signed'", ".colorbar .low", "−"),
    ("w.sign = 'positive'", ".colorbar", "0"),
)


def test_set_in_python(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    for code, part, text in SET_IN_PYTHON:
        notebook.execute(code)
        if "log_softmax" not in code:  # against another class it is the same as for logits: only the words change
            view.until_changed(before, code)
        expect(view.part(part)).to_contain_text(text)
        notebook.until(lambda: difference(view) == "", f"the overlay of {code}")
        before = view.pixels()
    assert notebook.sent == [], "the page answered what it was told"


def test_several_at_once_in_python(view: View, notebook: Notebook) -> None:
    notebook.execute(
        "w.target = 'blue'; w.layer = 'middle'; w.variant = 'guided_relu'; w.sign = 'absolute'; w.target = 'green'"
    )
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


def choose(kind: str, name: str) -> Callable[[View], None]:
    """Press a radio button; what is not in the row of controls is in the display menu."""

    def press(view: View) -> None:
        inside = kind != "sign"
        if inside:
            view.role("button", "Display").click()
        view.part(f".{kind}").get_by_text(name, exact=True).click()
        if inside:
            view.role("button", "Display").click()
            expect(view.role("dialog", "Display")).to_be_hidden()

    return press


def threshold(view: View) -> None:
    slider = view.role("slider", "Threshold")
    slider.focus()
    for _ in range(4):
        slider.press("PageUp")
    expect(slider).to_have_attribute("aria-valuenow", "40")


SET_ON_THE_PAGE: tuple[tuple[Callable[[View], None], str, object], ...] = (
    (drag_opacity, "round(w.opacity, 2)", 0.5),
    (choose("sign", "Signed"), "w.sign", "signed"),
    (choose("sign", "Absolute"), "w.sign", "absolute"),
    (choose("interpolation", "Bilinear"), "w.interpolation", "bilinear"),
    (choose("colours", "cividis"), "w.colormap", "cividis"),
    (threshold, "round(w.threshold, 2)", 0.4),
)


def test_set_on_the_page(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    for act, expression, value in SET_ON_THE_PAGE:
        act(view)
        before = view.until_changed(before, f"{expression} to be {value}")
        notebook.until_value(expression, value)
        assert difference(view) == "", f"{expression} is {value}"


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
    notebook.until(lambda: notebook.sent, "the message")
    assert len(notebook.sent) == 1
