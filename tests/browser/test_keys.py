"""Whoever has no mouse: the notebook's own shortcuts sleep while the widget has the focus, every control is reached by
keyboard, a tap is a click, and nothing moves for those who want no motion.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import pytest
from desk import BEACONS, show
from lab import Notebook
from playwright.sync_api import Browser, Page, expect
from test_drawing import SITE, serve
from view import View

# all that JupyterLab's command mode has a letter for, and what runs, splits or leaves cells; "f" would fill the screen
LETTERS = [*string.ascii_lowercase.replace("f", ""), *"0123456789", "d", "d", "0", "0", "i", "i"]
CHORDS = [
    "Enter", "Shift+Enter", "Control+Enter", "Alt+Enter", "Escape", "Space", "Shift+Space", "ArrowUp", "ArrowDown",
    "Shift+ArrowUp", "Shift+ArrowDown", "Shift+j", "Shift+k", "Shift+m", "Shift+v", "Shift+l", "Shift+o", "Home",
    "End", "PageUp", "PageDown", "Control+Home", "Control+End", "Control+Shift+-", "Control+a", "Control+z",
    "Control+Shift+c", "Backspace", "Delete", "Escape",
]  # fmt: skip

STATE = """() => {
    const { content, sessionContext } = window.panel;
    const cells = [...content.model.cells];
    return {
        cells: cells.map((cell) => [cell.type, cell.sharedModel.source, cell.executionCount, cell.id]),
        active: content.activeCellIndex, mode: content.mode, clean: content.widgets.every((cell) => !cell.inputHidden),
        selected: content.widgets.map((cell) => content.isSelected(cell)),
        kernel: sessionContext.session.kernel.id, status: sessionContext.session.kernel.status,
        dialogs: document.querySelectorAll(".jp-Dialog").length, tabs: window.jupyterapp.shell.currentWidget?.id,
    };
}"""

# what the pointer can press, and no key can: not even by a group that has one stop and arrows inside
UNREACHABLE = """(root) => {
    const seen = (node) => node.getClientRects().length > 0;
    const roles = "[role=option], [role=radio], [role=gridcell], [role=slider]";
    const pressed = (node) => node.matches(`button, input, select, label, ${roles}`) ||
        /pointer|resize/.test(getComputedStyle(node).cursor);
    const group = (node) => node.closest("[role=radiogroup], [role=grid]");
    const reached = (node) => {
        if (node.disabled) return true;
        if (node.matches("button, input, select, [tabindex='0']")) return node.tabIndex === 0;
        if (node.matches("label")) return node.control?.tabIndex === 0;
        if (node.matches("[role=option]")) return node.closest("[role=listbox]")?.hasAttribute("tabindex") ?? false;
        const stops = [...(group(node)?.querySelectorAll("[tabindex='0']") ?? [])].filter(seen);
        if (node.matches("[role=radio], [role=gridcell]")) return stops.length === 1 && node.hasAttribute("tabindex");
        const holder = node.parentElement.closest("button, label, [role=option], [role=radio], [role=gridcell], " +
            "[tabindex='0']");
        return holder !== null && root.contains(holder) && holder !== root && reached(holder);
    };
    return [...root.querySelectorAll("*")].filter((node) => seen(node) && pressed(node) && !reached(node))
        .map((node) => node.outerHTML.slice(0, 120));
}"""


def test_no_shortcut_of_the_notebook_fires(notebook: Notebook) -> None:
    view = show(notebook, *BEACONS, "after = 1")
    notebook.execute("witness = 41")
    notebook.page.evaluate("() => { window.panel.content.activeCellIndex = 1; window.panel.content.mode = 'command'; }")
    places = {
        "the widget": lambda: view.root,
        "the picture": lambda: view.part(".picture"),
        "the list": lambda: view.part(".list"),
        "a switch": lambda: view.part('.sign input[value="positive"]'),
        "the colour bar": lambda: view.part(".threshold"),
        "the matrix": lambda: view.part('.matrix-cell[tabindex="0"]'),
    }
    view.root.focus()
    before = notebook.page.evaluate(STATE)
    assert before["mode"] == "command", "where a letter is a command"
    for name, place in places.items():
        notebook.until(lambda: back(view), "the first map")
        for key in (*LETTERS, *CHORDS) if name == "the widget" else ("d", "d", "b", "m", "x", "0", "0", *CHORDS):
            if name == "the matrix" and not view.part(".matrix").is_visible():
                view.root.focus()
                notebook.page.keyboard.press("m")
            if name not in ("the matrix", "the widget") and not view.part(".classes").is_visible():
                view.root.focus()
                notebook.page.keyboard.press("m")
            place().evaluate("(node) => node.focus({ preventScroll: true })")
            notebook.page.keyboard.press(key)
        # what the keys have chosen keeps the kernel busy for a moment
        notebook.page.wait_for_function("window.panel.sessionContext.session.kernel.status === 'idle'")
        assert notebook.page.evaluate(STATE) == before, name
    assert notebook.value("witness") == 41, "the kernel is the same"
    assert view.root.is_visible()


def back(view: View) -> bool:
    """Whatever the keys have chosen, and may be on its way still: the first map, which has a threshold."""
    view.root.scroll_into_view_if_needed()  # the page scrolls as pages do, and what is out of sight is not drawn
    view.notebook.execute("w.target, w.layer, w.variant, w.sign = 'red', 'late', 'gradcam', 'positive'")
    return view.part(".threshold").is_visible()


def test_what_can_be_pressed_can_be_reached(view: View, notebook: Notebook) -> None:
    press = notebook.page.keyboard.press
    for state in ("", "v", "d", "?", "m", "variants", "disagreement"):
        if len(state) == 1:
            view.root.focus()
            press(state)
        elif state:
            view.part(f'.matrix-choice input[value="{state}"]').focus()
            press("Space")
            expect(view.part(f'.matrix-choice input[value="{state}"]')).to_be_checked()
        notebook.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert view.root.evaluate(UNREACHABLE) == [], state
        if state in ("v", "d", "?"):
            press("Escape")


def test_the_panel_is_chosen_by_its_select_where_there_is_one_column(page: Page) -> None:
    root = page.locator("#upper .camwidget")
    page.evaluate("() => { document.getElementById('upper').style.width = '420px'; }")
    select = root.locator(".tab-select")
    expect(select).to_be_visible()
    select.focus()
    page.keyboard.press("ArrowDown")
    expect(root.locator(".matrix")).to_be_visible()
    expect(root.locator(".row[aria-selected='true'] .name-text")).to_have_text("house")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The bundle with a stand-in for the kernel, on a screen that is touched, for a reader who wants no motion."""
    size: Any = {"width": 1000, "height": 1600}
    context = browser.new_context(viewport=size, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.route(SITE + "**", serve)
    page.goto(SITE)
    page.wait_for_function("() => window.model && document.getElementById('upper').shadowRoot?.querySelector('.row')")
    yield page
    context.close()


def test_a_tap_is_a_click(page: Page) -> None:
    root = page.locator("#upper .camwidget")
    root.locator(".row").nth(1).tap()
    expect(root.locator(".question")).to_have_text("Why tree?")
    expect(root.locator(".chip")).to_be_hidden()
    root.locator(".fit").tap(position={"x": 100, "y": 100})
    expect(root.locator(".cell-pinned")).to_be_visible()
    root.locator(".tab", has_text="Matrix").tap()
    cell = root.get_by_role("gridcell", name="house at layer4", exact=True)
    cell.tap()
    expect(cell).to_have_attribute("aria-selected", "true")
    expect(root.locator(".question")).to_have_text("Why house?")
    root.get_by_role("combobox", name="Variant").tap()
    expect(root.locator(".menu.variants")).to_be_visible()


def test_a_finger_scrolls_the_page_but_where_something_is_dragged(page: Page) -> None:
    held = page.locator("#upper .camwidget").evaluate(
        """(root) => [...root.querySelectorAll("*")].filter((node) => getComputedStyle(node).touchAction !== "auto")
            .map((node) => node.getAttribute("role") ?? node.className)"""
    )
    assert held == ["slider", "slider"], "the threshold, and the divider of a contrast"


def test_nothing_moves_for_those_who_want_no_motion(page: Page) -> None:
    root = page.locator("#upper .camwidget")
    running = "(root) => root.getRootNode().getAnimations().map((a) => a.effect.target.className)"
    for act in (
        root.locator(".row").nth(2).click,
        root.locator(".row").nth(1).hover,
        root.locator(".tab", has_text="Matrix").click,
        root.locator(".matrix-cell").nth(2).click,
        root.get_by_role("button", name="Full screen").hover,
        root.get_by_text("Disagreement", exact=True).click,
        root.locator(".stage").first.click,
    ):
        act()
        assert root.evaluate(running) == []
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert root.evaluate(running) == []
