"""Two models on one picture, side by side: the pointer is in both, and what is chosen in one is chosen in both."""

from __future__ import annotations

import pytest
from beacons import DISCS, GRID, LABELS
from desk import show
from lab import Notebook
from playwright.sync_api import expect
from view import View

PAIR = """
import beacons, copy, torch
from camwidget import CamWidget
late = beacons.Beacons()
early = copy.deepcopy(late)
with torch.no_grad():
    early.head.weight.mul_(0.5)
models = {"epoch 1": early, "epoch 20": late}
pair = CamWidget.compare(models, beacons.picture(), labels=beacons.LABELS, preprocess=beacons.read)
pair
"""
RED = DISCS["red"][1]


@pytest.fixture
def views(notebook: Notebook) -> tuple[View, View]:
    first, second = show(notebook, PAIR), View(notebook, 1)
    second.until_painted()
    return first, second


def test_hover_and_clicks_are_in_both(views: tuple[View, View], notebook: Notebook) -> None:
    first, second = views
    assert notebook.page.get_by_text("Each map is on its own colour scale").is_visible()
    for view, name in ((first, "epoch 1"), (second, "epoch 20")):
        assert notebook.page.get_by_text(name, exact=True).first.is_visible()
        expect(view.part(".status")).to_contain_text(name)
    notebook.sent.clear()
    for here, there in ((first, second), (second, first)):
        here.hover((RED[1] + 0.5) / GRID[1], (RED[0] + 0.5) / GRID[0])
        for view in (here, there):
            expect(view.part(".readout")).to_contain_text(f"cell ({RED[1]}, {RED[0]})")
            expect(view.part(".cell:not(.cell-pinned)")).to_be_visible()
        row = LABELS.index("red")
        assert here.row(row).locator(".value").inner_text() != there.row(row).locator(".value").inner_text()
        here.leave()
        expect(there.part(".cell:not(.cell-pinned)")).to_be_hidden()
        here.row(LABELS.index("blue")).hover()
        expect(there.part(".chip")).to_have_text("preview: blue")
        here.leave()
        expect(there.part(".chip")).to_be_hidden()
    assert notebook.sent == [], "no kernel is asked for it"
    first.row(LABELS.index("green")).click()
    second.layer("middle").click()
    for view in (first, second):
        expect(view.part('.row[aria-selected="true"] .name-text')).to_have_text("green")
        expect(view.layer("middle")).to_have_attribute("aria-checked", "true")
    notebook.until_value("[(w.target, w.layer) for w in pair.members.values()]", [[1, "middle"], [1, "middle"]])


def test_after_a_training_step_the_view_follows(views: tuple[View, View], notebook: Notebook) -> None:
    first, second = views
    probability = second.row(1).locator(".probability").inner_text()
    notebook.execute("late.head.bias.data[1] += 9; pair.refresh()")
    expect(second.row(1).locator(".probability")).not_to_have_text(probability)
    expect(second.part(".name-text").first).to_have_text("green")
    assert first.part(".name-text").first.inner_text() == "red"
