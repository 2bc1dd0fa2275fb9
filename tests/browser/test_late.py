"""A page that is slower to load the front end than anywidget waits for (two seconds): the widget works all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import BEACONS, show
from lab import Notebook
from playwright.sync_api import expect
from test_gallery_lab import CELLS
from view import difference

# the two seconds are over at once
HURRY = """() => {
    window.patient = AbortSignal.timeout;
    AbortSignal.timeout = (ms) => window.patient.call(AbortSignal, ms === 2000 ? 0 : ms);
}"""
REST = "() => { AbortSignal.timeout = window.patient; }"


@pytest.fixture
def hurried(notebook: Notebook) -> Iterator[Notebook]:
    notebook.page.evaluate(HURRY)
    yield notebook
    notebook.page.evaluate(REST)
    # what the host says of it
    notebook.errors[:] = [error for error in notebook.errors if "Failed to initialize model" not in error]


def asked_again(notebook: Notebook) -> int:
    """How many models had heard nothing, or the test would prove nothing."""
    return sum('"request_state"' in frame for frame in notebook.sent)


def test_a_widget_that_loads_late_hears_its_kernel(hurried: Notebook) -> None:
    view = show(hurried, *BEACONS)
    assert asked_again(hurried) == 1
    before = view.pixels()
    view.layer("middle").click()
    view.until_changed(before, "a click")
    view.leave()
    assert difference(view) == ""
    hurried.until_value("w.layer", "middle")
    hurried.execute("w.target = 'green'")
    expect(view.part(".question")).to_have_text("Why green?")
    assert asked_again(hurried) == 1


def test_a_gallery_that_loads_late_hears_its_kernel(hurried: Notebook) -> None:
    hurried.show(*CELLS)
    root = hurried.page.locator(".gallery")
    root.locator(".g-map:visible").first.wait_for()
    assert asked_again(hurried) == 1
    root.locator(".g-tile").first.click()
    full = root.locator(".g-child .camwidget")
    expect(full.locator('[role="listbox"]').first).to_be_visible()
