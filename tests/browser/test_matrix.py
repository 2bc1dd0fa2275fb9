"""The matrix: classes or variants over the layers, and where the variants disagree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from beacons import DISCS, GRID, LABELS
from desk import DEMO, show
from lab import Notebook
from playwright.sync_api import expect
from test_access import AXE, violations
from test_layout import frames, moved, resize
from view import SLOW, View, difference, peak

from camwidget import VARIANTS

STEADY = (".head", ".picture", ".colorbar", ".strip", ".readout", ".status")

# how opaque each thumbnail is: an empty one is the picture at 35 %
OPACITY = """(canvases) => canvases.map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let most = 0;
    for (let i = 3; i < data.length; i += 4) most = Math.max(most, data[i]);
    return most;
})"""


def open_matrix(view: View, choice: str = "Classes") -> None:
    view.root.focus()
    if not view.part(".matrix").is_visible():
        view.notebook.page.keyboard.press("m")
    view.part(".matrix-choice").get_by_text(choice, exact=True).click()
    view.leave()


def cell(view: View, name: str, layer: str) -> Any:
    return view.role("gridcell", f"{name} at {layer}")


def until_all_here(view: View) -> None:
    thumbs = view.part(".matrix-cell .thumb")
    view.notebook.until(lambda: min(thumbs.evaluate_all(OPACITY)) == 255, "all thumbnails")


def asked(notebook: Notebook, rows: str | None) -> int:
    """How many requests asked for these rows."""
    return sum(f'"rows":{json.dumps(rows)}' in sent for sent in notebook.sent)


def test_classes_over_layers_preview_and_choose(asking_view: View, notebook: Notebook) -> None:
    view = asking_view
    before = view.pixels()
    assert asked(notebook, "classes") == 0, "nothing is asked while it is not shown"
    open_matrix(view)
    assert view.part(".matrix-cell").count() == 9 * view.part(".stage").count()
    until_all_here(view)
    assert asked(notebook, "classes") == 1
    expect(cell(view, "red", "late")).to_have_attribute("aria-selected", "true")
    expect(view.part('.matrix-cell[aria-selected="true"]')).to_have_count(1)
    # the map itself is not here, and nobody is asked: the thumbnail is shown large
    count = len(notebook.sent)
    cell(view, "blue", "middle").hover()
    preview = view.until_changed(before, "a preview")
    row, col = DISCS["blue"][1]
    at = ((col + 0.5) / GRID[1], (row + 0.5) / GRID[0])
    assert peak(preview) == pytest.approx(at, abs=0.06)
    expect(view.part(".chip")).to_have_text("preview: blue at middle")
    assert len(notebook.sent) == count and notebook.value("[w.target, w.layer]") == [0, "late"]
    view.leave()
    view.until_same(before, "after the preview")
    cell(view, "blue", "middle").click()
    notebook.until_value("[w.target, w.layer]", [LABELS.index("blue"), "middle"])
    view.leave()
    expect(cell(view, "blue", "middle")).to_have_attribute("aria-selected", "true")
    notebook.until(lambda: difference(view) == "", "the map itself")
    expect(view.part(".question")).to_have_text("Why blue?")


def test_the_keyboard_walks_previews_and_chooses(view: View, notebook: Notebook) -> None:
    open_matrix(view)
    until_all_here(view)
    before, press = view.pixels(), notebook.page.keyboard.press
    view.role("checkbox", "Same scale").focus()
    press("Tab")
    expect(cell(view, "red", "late")).to_be_focused()
    press("ArrowDown")
    press("ArrowLeft")
    expect(cell(view, "green", "middle")).to_be_focused()
    before = view.until_changed(before, "a preview by keys")
    assert notebook.value("w.target") == 0, "to go there is not to choose"
    press("Enter")
    notebook.until_value("[w.target, w.layer]", [1, "middle"])
    expect(cell(view, "green", "middle")).to_be_focused()
    press("PageDown")
    press("End")
    expect(cell(view, "warm", "late")).to_be_focused()

    def in_sight() -> bool:
        box, focused = view.part(".matrix-body").bounding_box(), cell(view, "warm", "late").bounding_box()
        return bool(box and focused and focused["y"] + focused["height"] <= box["y"] + box["height"] + 1)

    notebook.until(in_sight, "the cell to be scrolled into sight")
    press("Escape")
    press("m")
    expect(view.part(".classes")).to_be_visible()
    assert view.root.evaluate("(root) => root.getRootNode().activeElement === root"), "the focus stays in the widget"


def test_one_scale_a_layer(view: View, notebook: Notebook) -> None:
    notebook.execute("w.layer = 'middle'")
    open_matrix(view)
    until_all_here(view)
    expect(view.part(".matrix")).to_contain_text(
        "own scale each" if view.part(".tight").count() else "each on its own scale"
    )
    strong = [view.pixels(f'[aria-label="{name} at late"] .thumb') for name in ("red", "bright")]
    view.role("checkbox", "Same scale").check()
    expect(view.part(".matrix")).to_contain_text("one scale a layer")
    scaled = [view.pixels(f'[aria-label="{name} at late"] .thumb') for name in ("red", "bright")]
    # red has the largest value of all there, and keeps its colours; what is weaker pales
    assert np.array_equal(strong[0], scaled[0]) and not np.array_equal(strong[1], scaled[1])


def test_variants_over_layers(asking_view: View, notebook: Notebook) -> None:
    view = asking_view
    open_matrix(view, "Variants")
    assert view.part(".matrix-row").count() == len(VARIANTS) - SLOW, "slow variants have no row"
    until_all_here(view)
    assert asked(notebook, "variants") == 1
    cell(view, "LayerCAM", "early").click()
    notebook.until_value("[w.variant, w.layer]", ["layercam", "early"])
    view.leave()
    notebook.until(lambda: difference(view) == "", "the map itself")
    # a slow one has a row once a map of it is here
    notebook.execute("w.variant = 'ablationcam'")
    expect(view.part(".matrix-row")).to_have_count(len(VARIANTS) - SLOW + 1)


def test_disagreement_says_what_python_says(view: View, notebook: Notebook) -> None:
    notebook.execute("w.layer = 'middle'; w.target = 'warm'")
    open_matrix(view, "Disagreement")
    expect(view.part(".chip")).to_have_text("where 10 variants differ")
    found = view.part(".agreement-number").evaluate_all("(cells) => cells.map((cell) => Number(cell.dataset.value))")
    notebook.execute("a = w.agreement()")
    due = notebook.value("[a.correlations[i][j] for i in range(10) for j in range(i)]")
    # a thousandth of the scale from -1 to 1: some maps came in float16, and ranks of nearly equal cells change places
    assert found == pytest.approx(due, abs=2e-3)
    names = [VARIANTS[v].name for v in notebook.value("[*a.least_alike[:2]]")]
    expect(view.part(".agreement-ends")).to_contain_text(f"Least: {names[0]} and {names[1]}")
    row, col = notebook.value("[int(i) for i in divmod(a.spread.argmax(), a.spread.shape[1])]")
    assert f"cell ({col}, {row})" in view.readout
    assert f"{notebook.value('float(a.spread.max())'):.2f} spread" in view.readout
    rows, columns = notebook.value("a.spread.shape")
    view.hover(5.5 / columns, 7.5 / rows)
    expect(view.part(".readout")).to_contain_text(f"{notebook.value('float(a.spread[7, 5])'):.2f} spread")
    # another layer is previewed as it is: the table stays
    view.layer("late").hover()
    expect(view.part(".chip")).to_have_text("preview: late")
    expect(view.part(".agreement-number")).to_have_count(45)
    view.leave()
    view.part(".matrix-choice").get_by_text("Classes", exact=True).click()
    view.leave()
    notebook.until(lambda: difference(view) == "", "the map again")


def test_nothing_moves_and_nothing_sticks_out(view: View, shots: Path) -> None:
    for width in (1200, 640, 420):
        resize(view, width)
        before = {name: box for name, box in view.boxes().items() if name in ("root", *STEADY)}
        for choice in ("Classes", "Variants", "Disagreement"):
            open_matrix(view, choice)
            frames(view)
            assert view.outside() == [], f"{choice} at {width}"
            now = view.boxes()
            assert moved(before, {name: now[name] for name in before}) == [], f"{choice} at {width}"
            view.root.screenshot(path=shots / f"matrix-{choice.lower()}-{width}.png")
        view.notebook.page.keyboard.press("m")


def test_axe_finds_nothing_serious(notebook: Notebook, light_again: None, shots: Path) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in js/")
    view = show(notebook, *DEMO)
    notebook.page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("Light", "Dark"):
        notebook.theme(f"JupyterLab {theme}")
        expect(view.root).to_have_attribute("data-theme", theme.lower())
        for choice in ("Classes", "Variants", "Disagreement"):
            open_matrix(view, choice)
            if choice != "Disagreement":
                until_all_here(view)
            frames(view)
            assert violations(view) == [], f"{theme}, {choice}"
            view.root.screenshot(path=shots / f"matrix-{choice.lower()}-{theme.lower()}.png")
