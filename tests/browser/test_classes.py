"""The class list: click, search, names of all kinds."""

from __future__ import annotations

import json

from beacons import DISCS, GRID, LABELS
from desk import BEACONS, show
from lab import Notebook
from playwright.sync_api import expect
from view import View, difference, peak

CELLS = {name: cell for name, (_, cell) in DISCS.items()}
HOSTILE = '<img src=x onerror="window.pwned = 1"><script>window.pwned = 1</script>'
LONG = "a very long name of a class, with commas, that goes on and on for eighty characters"


def cell_of(view: View) -> tuple[int, int]:
    """The cell of the last grid under the hottest pixel."""
    x, y = peak(view.pixels())
    return int(y * GRID[0]), int(x * GRID[1])


def test_click_shows_the_class(view: View, notebook: Notebook) -> None:
    assert difference(view) == ""
    assert cell_of(view) == CELLS["red"]
    bar = view.part(".colorbar .limit").inner_text()
    before = view.pixels()
    for name in ("blue", "yellow"):
        view.row(LABELS.index(name)).click()
        before = view.until_changed(before, f"a click on {name}")
        assert view.selected == [name]
        assert view.question == f"Why {name}?"
        assert name in view.readout
        assert view.part(".picture").get_attribute("aria-label") == f"Grad-CAM of {name} at late"
        notebook.until_value("w.target", LABELS.index(name))
        view.leave()
        assert cell_of(view) == CELLS[name]
        top = notebook.value("divmod(int(w.heatmap.argmax()), w.heatmap.shape[1])")
        assert (top[0] * GRID[0] // 96, top[1] * GRID[1] // 144) == CELLS[name]
        assert difference(view) == ""
    assert view.part(".colorbar .limit").inner_text() != bar


def test_hover_previews_and_moves_nothing(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    notebook.sent.clear()
    view.row(LABELS.index("cyan")).hover()
    view.until_changed(before, "the preview of a class")
    assert cell_of(view) == CELLS["cyan"]
    expect(view.part(".chip")).to_have_text("preview: cyan")
    assert view.selected == ["red"]
    assert view.question == "Why red?"
    view.leave()
    view.until_same(before, "after the preview")
    expect(view.part(".chip")).to_be_hidden()
    assert notebook.sent == []
    assert notebook.value("w.target") == 0


def test_arrow_keys_step_through_the_list(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    view.part(".list").focus()
    notebook.page.keyboard.press("ArrowDown")
    before = view.until_changed(before, "arrow down")
    assert view.selected == ["green"]
    notebook.until_value("w.target", 1)
    notebook.page.keyboard.press("ArrowUp")
    view.until_changed(before, "arrow up")
    assert view.selected == ["red"]
    notebook.until_value("w.target", 0)


def test_a_listed_class_answers_while_the_kernel_is_busy(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    with notebook.busy():
        view.row(LABELS.index("magenta")).click()
        view.until_changed(before, "a click while the kernel is busy")
        assert cell_of(view) == CELLS["magenta"]
        assert view.selected == ["magenta"]
    notebook.until_value("w.target", LABELS.index("magenta"))


def test_search_selects_a_class_that_is_not_listed(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    view.part(".question").click()
    notebook.page.keyboard.press("/")
    search = view.role("searchbox", "Search 14 classes")
    expect(search).to_be_focused()
    notebook.page.keyboard.type("zeb")
    expect(view.part(".list .row")).to_have_count(1)
    expect(view.part(".list .name-text").first).to_have_text("zebra crossing")
    notebook.page.keyboard.press("Enter")
    view.until_changed(before, "the class that was searched for")
    target = LABELS.index("zebra crossing")
    notebook.until_value("w.target", target)
    assert target in notebook.value("w.listed")
    expect(search).to_have_value("")
    expect(view.row(target)).to_be_visible()
    notebook.until(lambda: view.selected == ["zebra crossing"], "the row to be marked")
    assert view.question == "Why zebra crossing?"
    assert difference(view) == ""
    assert view.part(".list .name-text").all_inner_texts()[:9] == list(LABELS[:9])


def test_search_by_pointer_and_in_vain(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    search = view.role("searchbox", "Search 14 classes")
    search.fill("xyzzy")
    expect(view.part(".note")).to_have_text("No class has this name")
    assert view.part(".list .row").count() == 0
    assert view.same(before)
    search.fill("AMB")
    view.row(LABELS.index("amber")).click()
    notebook.until_value("w.target", LABELS.index("amber"))
    expect(search).to_have_value("")
    # the pointer rests where the result was, now on another class: no move, no preview
    notebook.until(lambda: difference(view) == "", "the class that was clicked")
    expect(view.part(".chip")).to_be_hidden()


def test_scrolling_reaches_every_class(view: View, notebook: Notebook) -> None:
    view.part(".list").hover()
    notebook.page.mouse.wheel(0, 2000)
    expect(view.row(len(LABELS) - 1)).to_be_visible()
    expect(view.part(".note")).to_contain_text(f"of {len(LABELS)}")


def test_names_are_text(notebook: Notebook) -> None:
    names = json.dumps([HOSTILE, LONG, *(f"{LONG} {i}" for i in range(len(LABELS) - 2))])
    view = show(notebook, BEACONS[0], BEACONS[1].replace("beacons.LABELS", names))
    row = view.row(0)
    assert row.locator(".name-text").inner_text() == HOSTILE
    assert HOSTILE in view.question
    row.hover()
    view.hover(0.5, 0.5)
    assert HOSTILE in view.readout or LONG in view.readout
    view.row(1).click()
    expect(view.part(".question")).to_have_attribute("title", f"Why {LONG}?")
    assert view.row(1).locator(".name").get_attribute("title") == LONG
    view.row(0).hover()
    assert HOSTILE in view.part(".chip").inner_text()
    assert view.outside() == []
    assert view.part(".camwidget img, .row script, .question img, .readout img").count() == 0
    assert notebook.page.evaluate("window.pwned") is None


def test_true_label_is_marked(notebook: Notebook) -> None:
    view = show(notebook, BEACONS[0], BEACONS[1].replace("preprocess=", "truth='green', preprocess="))
    expect(view.part(".truth")).to_have_count(1)
    expect(view.row(1).locator(".truth")).to_have_text("✓ label")
