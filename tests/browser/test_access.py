"""Keys, roles, contrast."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from alone import Alone
from desk import DEMO, show
from lab import Notebook
from playwright.sync_api import Browser, expect
from torch import nn
from view import View

from camwidget import CamWidget

AXE = Path(__file__).resolve().parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"

RUN = """async (root) => {
    // colours on their way to others have no contrast of their own
    const ends = (animation) => Number.isFinite(animation.effect.getComputedTiming().endTime);
    await Promise.allSettled(root.getRootNode().getAnimations().filter(ends).map((animation) => animation.finished));
    root.getRootNode().host.id = "under-test";
    const found = await axe.run({ include: [{ fromShadowDom: ["#under-test", ".camwidget"] }] });
    const told = ({ html, failureSummary }) => `${html} ${failureSummary}`;
    return found.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(told) }));
}"""


def violations(view: View) -> list[Any]:
    """What axe calls serious or critical."""
    found = view.root.evaluate(RUN)
    return [v for v in found if v["impact"] in ("serious", "critical")]


def test_axe_finds_nothing_serious(notebook: Notebook, light_again: None) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in js/")
    view = show(notebook, *DEMO)
    notebook.page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        expect(view.root).to_have_attribute("data-theme", theme.split()[1].lower())
        assert violations(view) == [], theme
        view.hover(0.5, 0.5)
        assert violations(view) == [], f"{theme}, a cell"
        view.leave()
        view.part('[aria-label="Box"]').check(force=True)
        notebook.execute("w.region = [20, 20, 90, 90]")
        expect(view.part(".region-handle").first).to_be_visible()
        assert violations(view) == [], f"{theme}, a region"
        notebook.execute("w.region = None")
        for name in ("Variant", "Display"):
            view.part(f'[aria-label="{name}"][aria-expanded]').click()
            assert violations(view) == [], f"{theme}, {name}"
            notebook.page.keyboard.press("Escape")
        view.part(".picture").press("p")
        view.click(0.6, 0.6)
        expect(view.part(".cover")).to_be_hidden()
        expect(view.part(".columns")).to_contain_text("was")
        assert violations(view) == [], f"{theme}, poked"
        view.part(".picture").press("Escape")
        view.part(".picture").press("Escape")
        expect(view.role("radio", "Explore")).to_be_checked()
        for mode in ("swipe", "difference"):
            notebook.execute(f"w.contrast = {mode!r}")
            expect(view.part(".tag-a")).to_be_visible()
            assert violations(view) == [], f"{theme}, {mode}"
        notebook.execute("w.contrast = 'off'")


def test_everything_is_reached_by_tab(view: View, notebook: Notebook) -> None:
    focused = """(root) => {
        const node = root.getRootNode().activeElement;
        return node && (node.ariaLabel ?? node.dataset.layer ?? node.name ?? node.className);
    }"""
    view.root.focus()
    reached = []
    for _ in range(20):
        notebook.page.keyboard.press("Tab")
        reached.append(view.root.evaluate(focused))
        if reached[-1] is None:
            break
    # one stop a group
    assert reached == [
        "Explore", "Variant", "cw-tab", "Undo", "Redo", "Copy as Python", "Save the picture", "Full screen",
        "Grad-CAM of red at late", "Threshold", "Lock the scale", "Search 14 classes", "Classes", "Opacity", "Positive",
        "Display", "late", "Help", None,
    ]  # fmt: skip


def test_keys_do_not_reach_the_notebook(view: View, notebook: Notebook) -> None:
    """In command mode the notebook would delete, cut, insert or run cells at these keys."""
    cells = notebook.page.evaluate("window.panel.content.model.cells.length")
    count = notebook.page.evaluate("[...window.panel.content.model.cells].map((cell) => cell.executionCount)")
    view.root.focus()
    for key in (
        "d",
        "d",
        "x",
        "a",
        "b",
        "m",
        "y",
        "z",
        "0",
        "0",
        "v",
        "Escape",
        "?",
        "Escape",
        "Enter",
        "ArrowDown",
        "ArrowUp",
    ):
        notebook.page.keyboard.press(key)
    assert notebook.page.evaluate("window.panel.content.model.cells.length") == cells
    assert notebook.page.evaluate("[...window.panel.content.model.cells].map((cell) => cell.type)") == ["code"] * cells
    assert notebook.page.evaluate("[...window.panel.content.model.cells].map((cell) => cell.executionCount)") == count
    assert view.root.is_visible()


def test_help_lists_the_keys(view: View, notebook: Notebook) -> None:
    view.role("button", "Help").click()
    expect(view.role("dialog", "Keys")).to_be_visible()
    for words in ("Search classes", "Bare photo", "Pin the cell"):
        expect(view.part(".help")).to_contain_text(words)
    notebook.page.keyboard.press("Escape")
    expect(view.role("dialog", "Keys")).to_be_hidden()


def test_focus_can_be_seen(view: View, notebook: Notebook) -> None:
    view.root.focus()
    notebook.page.keyboard.press("Tab")
    outline = "(root) => getComputedStyle(root.getRootNode().activeElement).outline"
    assert "solid 2px" in view.root.evaluate(outline)


def test_full_screen(view: View, notebook: Notebook) -> None:
    before = view.part(".picture").bounding_box()
    view.role("button", "Full screen").click()
    notebook.page.wait_for_function("document.fullscreenElement !== null")
    notebook.until(
        lambda: (view.part(".picture").bounding_box() or before)["width"] > before["width"] + 50, "a larger picture"
    )
    assert view.outside() == []
    notebook.page.keyboard.press("f")
    notebook.page.wait_for_function("document.fullscreenElement === null")
    notebook.until(lambda: view.part(".picture").bounding_box()["width"] == before["width"], "the old size")


def test_where_the_page_chooses_the_colours_those_with_a_meaning_stay(browser: Browser, cnn: nn.Module) -> None:
    """Windows' high contrast: the colour bar, the bars of the classes and what is chosen would be gone."""
    context = browser.new_context(forced_colors="active")
    with closing(context), CamWidget(cnn, torch.randn(3, 28, 28)) as w:
        page = Alone(context.new_page(), w)
        page.page.locator(".ramp").wait_for()
        page.until(lambda: "gradient" in _style(page, ".ramp", "backgroundImage"), "the colour bar")
        ground = _style(page, ".camwidget", "backgroundColor")
        for part in (".row .bar", ".row[aria-selected=true]", ".segment:has(input:checked)"):
            assert _style(page, part, "backgroundColor") not in (ground, "rgba(0, 0, 0, 0)"), part


def _style(page: Alone, part: str, name: str) -> str:
    style: str = page.page.locator(part).first.evaluate("(element, name) => getComputedStyle(element)[name]", name)
    return style
