"""Hover, pin and walk over the cells: all of it without the kernel."""

from __future__ import annotations

import re

import numpy as np
import pytest
from beacons import DISCS, GRID, HEIGHT, LABELS, WIDTH
from lab import Notebook
from playwright.sync_api import expect
from view import View

RED, CYAN = DISCS["red"][1], DISCS["cyan"][1]


def middle(cell: tuple[int, int]) -> tuple[float, float]:
    """The middle of a cell, as shares (x, y) of the picture."""
    return (cell[1] + 0.5) / GRID[1], (cell[0] + 0.5) / GRID[0]


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


def slot(view: View, kind: str) -> str:
    return view.part(f".readout .slot-{kind}").inner_text()


@pytest.mark.parametrize("cell", [RED, CYAN, (0, 17), (11, 0)])
def test_readout_tells_the_cell(view: View, notebook: Notebook, cell: tuple[int, int]) -> None:
    row, col = cell
    fx, fy = middle(cell)
    view.hover(fx, fy)
    expect(view.part(".readout")).to_contain_text(f"cell ({col}, {row})")
    x, y = map(int, re.findall(r"\d+", slot(view, "place")))
    assert abs(x - fx * WIDTH) <= 1 and abs(y - fy * HEIGHT) <= 1
    notebook.execute("w.sign = 'signed'; values = w.cam; w.sign = 'positive'")
    value = notebook.value(f"float(values[{row}, {col}])")
    text = slot(view, "value").split()[0]
    assert number(text) == pytest.approx(value, abs=0.0051)
    assert text[0] in "+−" or abs(value) < 0.005
    assert slot(view, "value").split()[1] == "red"
    share = notebook.value(f"float((values > values[{row}, {col}]).mean())")
    rank = slot(view, "rank")
    if cell == RED:
        assert share == 0 and rank == "strongest"
        assert slot(view, "here").split()[1] == "red"
    if cell == CYAN:
        assert value < 0 and rank == "below zero"
        assert slot(view, "here").split()[1] == "cyan"


def test_cell_is_outlined_and_bars_become_evidence(view: View, notebook: Notebook) -> None:
    before, note = view.part(".classes").inner_text(), view.part(".note").inner_text()
    view.hover(*middle(CYAN))
    fit, cell = view.part(".fit").bounding_box(), view.part(".cell:not(.cell-pinned)").bounding_box()
    assert fit and cell
    assert cell["x"] - fit["x"] == pytest.approx(CYAN[1] * fit["width"] / GRID[1], abs=1)
    assert cell["y"] - fit["y"] == pytest.approx(CYAN[0] * fit["height"] / GRID[0], abs=1)
    assert cell["width"] == pytest.approx(fit["width"] / GRID[1], abs=1)
    assert cell["height"] == pytest.approx(fit["height"] / GRID[0], abs=1)
    expect(view.part(".columns")).to_contain_text(f"Evidence at cell ({CYAN[1]}, {CYAN[0]})")
    notebook.execute("maps = {t: w._session.atlas.map('late', 'gradcam', t) for t in w.listed}")
    values = notebook.value(f"[float(maps[t][{CYAN[0]}, {CYAN[1]}]) for t in w.listed]")
    for target, value in enumerate(values):
        assert number(view.row(target).locator(".value").inner_text()) == pytest.approx(value, abs=0.0051)
        bar = view.row(target).locator(".bar").get_attribute("class") or ""
        assert ("against" if value < 0 else "for") in bar.split()
    strongest = sorted(range(9), key=lambda t: -values[t])[:3]
    assert [view.row(t).locator(".rank").inner_text() for t in strongest] == ["1", "2", "3"]
    assert "of all 14 classes" in view.part(".note").inner_text()
    assert view.part(".list .name-text").all_inner_texts()[:9] == list(LABELS[:9])
    view.leave()
    expect(view.part(".columns")).not_to_contain_text("Evidence")
    assert view.part(".classes").inner_text() == before
    assert view.part(".note").inner_text() == note
    expect(view.part(".cell:not(.cell-pinned)")).to_be_hidden()


def test_a_hundred_moves_send_nothing(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    notebook.sent.clear()
    fit = view.part(".fit").bounding_box()
    assert fit
    seen = set()
    for i in range(100):
        notebook.page.mouse.move(
            fit["x"] + fit["width"] * (0.02 + 0.0096 * i), fit["y"] + fit["height"] * (0.5 + 0.4 * np.sin(i / 5))
        )
        seen.add(view.readout)
    assert len(seen) > 50
    view.click(*middle(RED))
    view.leave()
    assert notebook.sent == []
    assert view.same(before)
    # what was counted is what a click sends
    view.row(2).click()
    notebook.until(lambda: notebook.sent, "the message of a click")


def test_pin_stays_until_escape(view: View, notebook: Notebook) -> None:
    view.click(*middle(CYAN))
    pinned = view.part(".cell-pinned")
    expect(pinned).to_be_visible()
    view.leave()
    expect(pinned).to_be_visible()
    assert f"cell ({CYAN[1]}, {CYAN[0]})" in view.readout
    expect(view.part(".columns")).to_contain_text("Evidence at cell")
    view.row(LABELS.index("cyan")).click()
    view.leave()
    expect(view.part(".readout .slot-value")).to_contain_text("cyan")
    assert number(slot(view, "value").split()[0]) > 0
    view.part(".picture").focus()
    notebook.page.keyboard.press("Escape")
    expect(pinned).to_be_hidden()
    expect(view.part(".columns")).not_to_contain_text("Evidence")


def test_keyboard_walks_over_the_cells(view: View, notebook: Notebook) -> None:
    view.part(".picture").focus()
    keys = notebook.page.keyboard
    keys.press("ArrowRight")
    start = tuple(map(int, re.findall(r"\d+", slot(view, "cell"))))
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    expect(view.part(".readout .slot-cell")).to_have_text(f"cell ({start[0] + 1}, {start[1] + 1})")
    keys.press("ArrowUp")
    keys.press("ArrowLeft")
    expect(view.part(".readout .slot-cell")).to_have_text(f"cell ({start[0]}, {start[1]})")
    keys.press("Enter")
    expect(view.part(".cell-pinned")).to_be_visible()
    keys.press("Escape")
    expect(view.part(".cell-pinned")).to_be_hidden()
    assert notebook.value("w.layer") == "late"
    assert notebook.value("w.target") == 0


def test_bare_photo(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    view.part(".picture").focus()
    notebook.page.keyboard.press("0")
    assert not view.until_changed(before, "the bare photo")[..., 3].any()
    notebook.page.keyboard.press("0")
    view.until_same(before, "after the bare photo")
    notebook.page.keyboard.down(" ")
    assert not view.until_changed(before, "the bare photo while Space is held")[..., 3].any()
    notebook.page.keyboard.up(" ")
    view.until_same(before, "after Space")
    assert notebook.value("w.opacity") == 0.62
