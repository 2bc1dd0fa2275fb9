"""A gallery in JupyterLab: scores and pictures of a real network, an item in the full widget, the keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab import Notebook
from playwright.sync_api import Locator, expect
from view import OUTSIDE

CELL = """
from camwidget import CamGallery, demo
PAIRS = [("star", "moon"), ("heart", "fish"), ("house", "boat"), ("key", "spiral"), ("tree", "ring")]
pairs = [PAIRS[i % 5] for i in range(30)]
scenes = [demo.scene(40 + i, pair, 224) for i, pair in enumerate(pairs)]
g = CamGallery(demo.model(), [scene.image for scene in scenes], truth=[pair[i % 2] for i, pair in enumerate(pairs)])
g"""

ORDER = "[int(i) for i in g.frame.sort_values('loss', ascending=False, kind='stable')['index']]"


def test_from_the_worst_item_to_the_full_widget(notebook: Notebook, shots: Path, light_again: None) -> None:
    notebook.show(CELL)
    page = notebook.page
    root: Locator = page.locator(".gallery")
    root.wait_for(timeout=30_000)
    expect(root.locator(".g-progress")).to_be_hidden(timeout=60_000)
    order: list[int] = notebook.value(ORDER)
    grid = root.locator(".g-grid")
    first = root.locator(f'[data-item="{order[0]}"]')
    notebook.until(lambda: not is_empty(first), "its picture", 60)
    wrong = notebook.value("int((g.frame.truth != g.frame.predicted).sum())")
    expect(root.locator(".g-tally")).to_contain_text(f"{wrong} of 30 wrong")
    root.locator(".g-mistakes input").check()
    expect(root.locator(".g-count")).to_have_text(f"{wrong} of 30")
    notebook.until_value("g.filter['mistakes']", True)
    root.locator(".g-mistakes input").uncheck()
    expect(root.locator(".g-count")).to_have_text("30 items")

    root.screenshot(path=shots / "gallery-light.png")

    grid.focus()
    before = page.evaluate("window.panel.content.model.cells.length")
    for key in ("d", "d", "x", "a", "b", "m", "y", "z", "0", "0", " "):
        page.keyboard.press(key)
    assert page.evaluate("window.panel.content.model.cells.length") == before
    notebook.until_value("g.selection", [order[0]])

    page.keyboard.press("Enter")
    inner = page.locator(".g-child .camwidget")
    expect(inner.locator(".heat")).to_be_visible(timeout=30_000)
    notebook.until_value("g.widget.index", order[0])
    called: str = notebook.value(f"g.frame.predicted[{order[0]}]")
    expect(inner.locator('.row[aria-selected="true"] .name-text')).to_have_text(called)
    page.keyboard.press("ArrowRight")
    notebook.until_value("g.widget.index", order[1])
    assert root.evaluate(OUTSIDE) == []
    notebook.theme("JupyterLab Dark")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(inner).to_have_attribute("data-theme", "dark")
    root.screenshot(path=shots / "gallery-opened-dark.png")
    grid.focus()
    page.keyboard.press("Escape")
    expect(root.locator(".g-opened")).to_be_hidden()
    notebook.until_value("g.opened", None)
    notebook.execute(f"g.opened = {order[3]}")
    expect(root.locator(".g-which")).to_contain_text("4 of 30")


def is_empty(tile: Any) -> bool:
    """Whether its picture has not come."""
    return "empty" in (tile.get_attribute("class") or "")
