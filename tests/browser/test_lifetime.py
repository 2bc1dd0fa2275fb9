"""A cell that runs again, two views of one widget, a page that is loaded anew."""

from __future__ import annotations

from beacons import LABELS
from desk import BEACONS, show
from lab import Notebook
from view import View, difference


def click_and_see(view: View, notebook: Notebook, name: str, kernel_name: str = "w") -> None:
    """Click a listed class, and wait for it on the page and in the kernel."""
    before = view.pixels()
    view.row(LABELS.index(name)).click()
    view.until_changed(before, f"a click on {name}")
    notebook.until_value(f"{kernel_name}.target", LABELS.index(name))
    view.leave()


def test_cell_runs_again(view: View, notebook: Notebook) -> None:
    click_and_see(view, notebook, "green")
    notebook.execute("old = w")
    notebook.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    notebook.until(lambda: notebook.value("w is not old"), "the cell to run again")
    notebook.until(lambda: view.root.count() and view.question == "Why red?", "the new widget")
    view.until_painted()
    assert notebook.page.locator(".camwidget").count() == 1
    click_and_see(view, notebook, "blue")
    assert notebook.value("old.target") == LABELS.index("green")
    view.layer("middle").click()
    notebook.until_value("w.layer", "middle")
    view.leave()
    notebook.until(lambda: difference(view) == "", "the new widget's map")


def test_two_views_stay_in_step(notebook: Notebook) -> None:
    first = show(notebook, *BEACONS, "w")
    second = View(notebook, 1)
    second.until_painted()
    before = second.pixels()
    click_and_see(first, notebook, "cyan")
    before = second.until_changed(before, "a click in the other view")
    notebook.until(lambda: second.question == "Why cyan?", "the question in the other view")
    assert second.selected == ["cyan"]
    # each view asks in its own name, and both ask in turn
    for view, other, layer in ((second, first, "middle"), (first, second, "early"), (second, first, "late")):
        view.layer(layer).click()
        notebook.until_value("w.layer", layer)
        view.leave()
        notebook.until(lambda view=view: difference(view) == "", f"the map of {layer}")
        other.root.scroll_into_view_if_needed()  # out of sight it draws nothing
        notebook.until(lambda other=other: difference(other) == "", f"the map of {layer} in the other view")
    assert first.same(second.pixels())
    # what the pointer does is a matter of one view
    notebook.sent.clear()
    first.hover(0.5, 0.5)
    notebook.until(lambda: "cell (" in first.readout, "the read-out")
    assert "cell (" not in second.readout
    assert notebook.sent == []


def test_page_is_loaded_again(notebook: Notebook) -> None:
    view = show(notebook, *BEACONS)
    click_and_see(view, notebook, "green")
    view.layer("middle").click()
    notebook.until_value("w.layer", "middle")
    view.leave()
    notebook.until(lambda: "middle 24×36" in view.status, "the layer")
    before = view.pixels()
    notebook.save()
    notebook.reload()
    view.part(".heat").wait_for()
    view.until_same(before, "after the page was loaded again")
    assert view.question == "Why green?"
    assert view.selected == ["green"]
    # its requests count from one again, in another name. Were the answer to the first the same as before, the kernel
    # would not send it, and nothing more would be asked for 10 seconds
    click_and_see(view, notebook, "magenta")
    view.layer("early").click()
    notebook.until(lambda: "early 48×72" in view.status, "a layer after the page was loaded again", timeout=8)
    view.leave()
    assert difference(view) == ""
    notebook.until_value("w.layer", "early")
    assert notebook.errors == []


RUN_CELL = """(index) => {
    window.panel.content.activeCellIndex = index;
    window.jupyterapp.commands.execute("notebook:run-cell");
}"""


def run_cell(notebook: Notebook, index: int) -> str:
    """Run one cell again, which makes a new ``w``; returns the old one's model id."""
    before: str = notebook.value("w.model_id")
    notebook.page.evaluate(RUN_CELL, index)
    notebook.until(lambda: notebook.value("w.model_id") != before, "the cell to run again")
    return before


def test_predecessor_is_gone_and_its_successor_comes_back(notebook: Notebook) -> None:
    view = show(notebook, *BEACONS)
    notebook.execute("from ipywidgets.widgets.widget import _instances as registry\nimport weakref")
    for _ in range(3):
        notebook.execute("old = weakref.ref(w)")
        click_and_see(view, notebook, "green")
        run_cell(notebook, 1)
        notebook.until(lambda: view.root.count() == 1 and view.question == "Why red?", "the new widget alone")
        view.until_painted()
        notebook.until_value("[old() is None, len(registry)]", [True, 2])  # the new one and its layout
    before = view.pixels()
    notebook.save()
    notebook.reload()
    view.part(".heat").wait_for()
    view.until_same(before, "after the page was loaded again")
    assert notebook.page.locator(".camwidget").count() == 1
    click_and_see(view, notebook, "blue")
    assert notebook.errors == []


def test_predecessor_that_another_cell_shows_works_on(notebook: Notebook) -> None:
    first = show(notebook, *BEACONS, "w")
    second = View(notebook, 1)
    notebook.execute("import weakref; first = weakref.ref(w)")
    run_cell(notebook, 1)
    notebook.until(lambda: notebook.value("first() is not w"), "a new widget")
    for loaded_again in (False, True):
        if loaded_again:
            notebook.save()
            notebook.reload()
            first.part(".heat").wait_for()
        notebook.until(lambda: notebook.page.locator(".camwidget").count() == 2, "both views")
        for view, name, label in ((first, "w", "green"), (second, "first()", "cyan")):
            view.until_painted()
            click_and_see(view, notebook, label, name)
            click_and_see(view, notebook, "blue", name)
    before = second.pixels()
    notebook.page.evaluate(RUN_CELL, 2)
    notebook.until(lambda: notebook.value("first() is None"), "the predecessor to be gone")
    notebook.until(lambda: notebook.page.locator(".camwidget").count() == 2, "both views")
    click_and_see(first, notebook, "cyan")
    notebook.until(lambda: second.selected == ["cyan"], "the other view of the same widget")
    second.until_changed(before, "the other view of the same widget")
    assert notebook.errors == []
