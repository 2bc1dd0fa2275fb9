"""At every width: all in its place, nothing sticks out, and nothing moves, whatever the widget shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from beacons import DISCS, GRID
from desk import DEMO, FAIL_ONCE, HOLD, LET_GO, show
from lab import Notebook
from playwright.sync_api import expect
from view import SLOW, Box, View

SURFACE = "(root) => getComputedStyle(root).backgroundColor"
GROUND = """() => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--jp-layout-color1)";
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
}"""

# widths of the widget: two columns, two narrow columns, one column; each near the limits of its layout too
WIDTHS = (1200, 900, 880, 879, 700, 640, 639, 420, 400)
RED = DISCS["red"][1]


def resize(view: View, width: int) -> None:
    """Make the window so wide that the widget has this width."""
    page = view.notebook.page

    def fits() -> bool:
        size, box = page.viewport_size, view.root.bounding_box()
        assert size and box
        missing = width - round(box["width"])
        # what the notebook needs beside the widget depends on the window's width, so this may take more than one step
        if missing:
            page.set_viewport_size({"width": size["width"] + missing, "height": 1100})
            frames(view)
        return not missing

    view.notebook.until(fits, f"width {width}")
    frames(view)


def frames(view: View) -> None:
    """Let the page lay itself out and paint."""
    view.notebook.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def moved(before: dict[str, Box], after: dict[str, Box]) -> list[str]:
    return [
        f"{name}.{side}: {box[side]:.1f} -> {after[name][side]:.1f}"
        for name, box in before.items()
        for side in box
        if abs(box[side] - after[name][side]) > 0.5
    ]


def signed(view: View) -> None:
    view.role("radio", "Signed").check(force=True)


def positive(view: View) -> None:
    view.role("radio", "Positive").check(force=True)


def hover_cell(view: View) -> None:
    view.hover((RED[1] + 0.5) / GRID[1], (RED[0] + 0.5) / GRID[0])
    expect(view.part(".readout")).to_contain_text("cell (3, 3)")


def box(view: View) -> None:
    view.part(".picture").focus()
    view.notebook.page.keyboard.press("b")
    view.notebook.page.keyboard.press("Enter")
    expect(view.part(".region-handle").first).to_be_visible()


def no_box(view: View) -> None:
    view.notebook.page.keyboard.press("Escape")
    view.notebook.page.keyboard.press("Escape")
    expect(view.part(".region-shade")).to_be_hidden()


def pin(view: View) -> None:
    view.click(0.9, 0.9)
    expect(view.part(".cell-pinned")).to_be_visible()
    view.leave()


def unpin(view: View) -> None:
    view.part(".picture").press("Escape")
    expect(view.part(".cell-pinned")).to_be_hidden()


def preview(view: View) -> None:
    view.row(3).hover()
    expect(view.part(".chip")).to_contain_text("preview")


def variants(view: View) -> None:
    view.role("combobox", "Variant").click()
    expect(view.part(".variant.unknown")).to_have_count(SLOW)


def display(view: View) -> None:
    view.role("button", "Display").click()
    expect(view.role("dialog", "Display")).to_be_visible()


def help_(view: View) -> None:
    view.part(".status").press("?")
    expect(view.role("dialog", "Keys")).to_be_visible()


def close_menu(view: View) -> None:
    view.notebook.page.keyboard.press("Escape")
    expect(view.part(".menu:visible")).to_have_count(0)


def search(view: View) -> None:
    view.role("searchbox", "Search 14 classes").fill("re")


def end_search(view: View) -> None:
    view.role("searchbox", "Search 14 classes").fill("")


def wait(view: View) -> None:
    view.notebook.execute(HOLD)
    view.layer("middle").click()
    expect(view.part(".status")).to_have_attribute("data-kind", "busy")


def stop_waiting(view: View) -> None:
    view.part(".status").get_by_role("button", name="Cancel").click()
    view.notebook.execute(LET_GO)
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")


def fail(view: View) -> None:
    view.notebook.execute(FAIL_ONCE)
    view.layer("early.1").click()
    expect(view.part(".status")).to_have_attribute("data-kind", "error")


def recover(view: View) -> None:
    view.row(1).click()
    view.layer("late").click()
    view.layer("middle").click()
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")
    view.layer("late").click()
    # else the click may reach the kernel after what Python sets next, and take it back
    view.notebook.until(lambda: view.notebook.value("w.layer") == "late", "the click in the kernel")


def blank(view: View) -> None:
    view.notebook.execute("w.target = 'absence'")
    expect(view.part(".status")).to_contain_text("Blank map")


def not_blank(view: View) -> None:
    view.notebook.execute("w.target = 'red'")
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")


def contrast(view: View) -> None:
    view.root.press("s")
    expect(view.part(".divider")).to_be_visible()


def no_contrast(view: View) -> None:
    view.root.press("e")
    expect(view.part(".divider")).to_be_hidden()


def poke(view: View) -> None:
    view.part(".picture").press("p")
    view.click(0.3, 0.6)
    expect(view.part(".columns")).to_contain_text("was")
    expect(view.part(".cover")).to_be_hidden()


def no_poke(view: View) -> None:
    view.part(".picture").press("Escape")
    expect(view.part(".columns")).not_to_contain_text("was")
    view.part(".picture").press("Escape")
    expect(view.part(".brush-row")).to_be_hidden()


STATES: dict[str, tuple[Callable[[View], None], Callable[[View], None]]] = {
    "cell": (hover_cell, View.leave),
    "preview": (preview, View.leave),
    "pinned": (pin, unpin),
    "signed": (signed, positive),
    "contrast": (contrast, no_contrast),
    "poke": (poke, no_poke),
    "variants": (variants, close_menu),
    "display": (display, close_menu),
    "help": (help_, close_menu),
    "search": (search, end_search),
    "waiting": (wait, stop_waiting),
    "region": (box, no_box),
    "error": (fail, recover),
    "blank": (blank, not_blank),
}


@pytest.mark.parametrize("width", [1200, 900, 700, 420])
def test_nothing_moves(asking_view: View, width: int, shots: Path) -> None:
    view = asking_view
    resize(view, width)
    before = view.boxes()
    view.root.screenshot(path=shots / f"{width}-first.png")
    for name, (enter, leave) in STATES.items():
        enter(view)
        frames(view)
        assert moved(before, view.boxes()) == [], f"{name} at {width}"
        assert view.outside() == [], f"{name} at {width}"
        view.root.screenshot(path=shots / f"{width}-{name}.png")
        leave(view)
        view.leave()
    assert moved(before, view.boxes()) == []


def test_fits_at_every_width(view: View) -> None:
    for width in WIDTHS:
        resize(view, width)
        assert view.outside() == [], width
        boxes = view.boxes()
        wide = width >= 640
        assert (boxes[".classes"]["x"] > boxes[".picture"]["x"] + 200) == wide, width
        tall = 77 if width < 640 else 38  # in one column a second row for the panels and the buttons
        assert boxes[".head"]["height"] == pytest.approx(tall, abs=1), width
        assert boxes[".status"]["height"] == pytest.approx(26, abs=1), width
        assert boxes[".picture"]["width"] >= 264, width
        page = view.notebook.page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
        assert page[0] <= page[1], width
        row = view.row(0).bounding_box()
        assert row and row["height"] == pytest.approx(29, abs=0.5), width


def test_follows_the_theme(notebook: Notebook, light_again: None, shots: Path) -> None:
    view = show(notebook, *DEMO)
    before = view.pixels()
    seen = set()
    for theme, kind in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.theme(theme)
        expect(view.root).to_have_attribute("data-theme", kind)
        notebook.until(lambda: view.root.evaluate(SURFACE) == view.root.evaluate(GROUND), f"the surface in {kind}")
        seen.add(view.root.evaluate(SURFACE))
        view.until_same(before, f"the heat in {kind}")
        for width in (1200, 700, 420):
            resize(view, width)
            assert view.outside() == []
            view.root.screenshot(path=shots / f"demo-{kind}-{width}.png")
        resize(view, 1200)
    assert len(seen) == 2
