"""Asking a part of the picture, by mouse, touch and keys; and going back to what was looked at. On the demo's first
picture, whose objects are known.
"""

from __future__ import annotations

from typing import Any

import pytest
from desk import DEMO, show
from lab import Notebook
from playwright.sync_api import expect
from view import View

from camwidget import demo

INPUT = 192


def box_of(name: str) -> list[float]:
    """The box of an object, in pixels of the network's input."""
    scene = demo.example(0)
    thing = next(thing for thing in scene.objects if thing.name == name)
    return [v * INPUT / scene.image.width for v in thing.box]


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", "").replace(" %", ""))


def place(view: View, x: float, y: float) -> tuple[float, float]:
    """A pixel of the network's input, on the page."""
    fit = view.part(".fit").bounding_box()
    assert fit is not None
    return fit["x"] + x / INPUT * fit["width"], fit["y"] + y / INPUT * fit["height"]


def drag(view: View, *points: tuple[float, float]) -> None:
    """Press at the first point, move over the others, and let go."""
    mouse = view.notebook.page.mouse
    mouse.move(*place(view, *points[0]))
    mouse.down()
    for point in points[1:]:
        mouse.move(*place(view, *point), steps=3)
    mouse.up()


def take_box(view: View) -> None:
    view.role("radio", "Box").check(force=True)


def names(view: View) -> list[str]:
    """The classes in sight, as listed."""
    return view.part(".list .name-text").all_inner_texts()[:9]


def table(view: View) -> dict[str, float]:
    """What the list says of each class."""
    rows = view.part(".row").all()
    return {row.locator(".name-text").inner_text(): number(row.locator(".value").inner_text()) for row in rows}


def region(notebook: Notebook) -> Any:
    return notebook.value("w.region")


@pytest.fixture
def scene(notebook: Notebook) -> View:
    return show(notebook, *DEMO)


def test_a_box_around_the_star_ranks_it_first(scene: View, notebook: Notebook) -> None:
    view = scene
    take_box(view)
    x0, y0, x1, y1 = box_of("star")
    order = names(view)
    notebook.sent.clear()
    mouse = notebook.page.mouse
    mouse.move(*place(view, x0, y0))
    mouse.down()
    mouse.move(*place(view, x1, y1), steps=20)
    expect(view.part(".readout")).to_contain_text("of the picture")
    assert names(view) == order and notebook.sent == []  # it is ranked, and kept, when it is let go
    mouse.up()
    expect(view.part(".columns")).to_contain_text("Ranked by evidence in the box")
    notebook.until(lambda: region(notebook) is not None, "the region in the kernel")
    kept = region(notebook)
    assert kept == pytest.approx(box_of("star"), abs=1)
    due = notebook.value("[[row.name, row.evidence, row.share] for row in w.region_scores()]")
    assert names(view) == [name for name, _, _ in due][:9] and names(view)[0] == "star"
    full = max(abs(evidence) for _, evidence, _ in due)
    found = table(view)
    for name, evidence, _ in due[: len(found)]:
        assert found[name] == pytest.approx(evidence, abs=max(1e-3 * full, 0.0051))
    expect(view.part(".readout .slot-sum")).to_have_text("exact")
    assert notebook.value("w.region_scores().exact")
    area = (kept[2] - kept[0]) * (kept[3] - kept[1]) / INPUT**2
    assert number(view.part(".slot-area b").inner_text()) == pytest.approx(100 * area, abs=0.51)
    view.row(notebook.value("w.labels.index('star')")).click()
    share = {name: share for name, _, share in due}["star"]
    expect(view.part(".readout .slot-share")).to_contain_text("star")
    assert number(view.part(".slot-share b").inner_text()) == pytest.approx(100 * share, abs=0.51)
    assert names(view)[0] == "star"  # another class is no other ranking
    notebook.page.keyboard.press("Escape")
    notebook.until_value("w.region", None)
    expect(view.part(".columns")).to_contain_text("Class")
    assert names(view) == order


def test_the_box_is_moved_sized_and_outlined_by_the_mouse(scene: View, notebook: Notebook) -> None:
    view = scene
    take_box(view)
    drag(view, (20, 30), (80, 100))
    notebook.until_value("w.region", [20, 30, 80, 100])
    drag(view, (50, 60), (60, 50))  # inside
    notebook.until_value("w.region", [30, 20, 90, 90])
    drag(view, (90, 90), (120, 110))  # a corner
    notebook.until_value("w.region", [30, 20, 120, 110])
    drag(view, (150, 150), (-50, 500))  # outside, and out of the picture
    notebook.until_value("w.region", [0, 150, 150, 192])
    notebook.page.keyboard.down("Shift")
    drag(view, (100, 100), (170, 100), (170, 175), (100, 175))
    notebook.page.keyboard.up("Shift")
    notebook.until(lambda: len(region(notebook)) > 4, "an outline")
    expect(view.part(".columns")).to_contain_text("Ranked by evidence in the outline")
    assert names(view)[0] == "star"
    due = notebook.value("{row.name: row.evidence for row in w.region_scores()}")
    for name, evidence in table(view).items():
        assert evidence == pytest.approx(due[name], abs=0.051)  # as many digits as are shown
    drag(view, (130, 130), (100, 130))
    notebook.until(lambda: abs(min(x for x, _ in region(notebook)) - 70) < 2, "the outline to be moved")
    view.click(0.05, 0.05)  # beside it
    notebook.until_value("w.region", None)
    view.click(0.05, 0.05)
    expect(view.part(".cell-pinned")).to_be_visible()  # with no region the tool reads cells


def test_the_keyboard_alone_asks_a_box(scene: View, notebook: Notebook) -> None:
    view, keys = scene, notebook.page.keyboard
    view.part(".picture").focus()
    keys.press("b")
    expect(view.role("radio", "Box")).to_be_checked()
    keys.press("Enter")
    notebook.until(lambda: region(notebook) is not None, "a box around the strongest cell")
    x0, y0, x1, y1 = box_of("ring")
    a0, b0, a1, b1 = region(notebook)
    assert x0 <= (a0 + a1) / 2 <= x1 and y0 <= (b0 + b1) / 2 <= y1
    notebook.sent.clear()
    for _ in range(4):
        keys.press("ArrowRight")
    keys.press("Shift+ArrowDown")
    notebook.until(lambda: region(notebook) == [a0 + 12, b0, a1 + 12, b1 + 3], "four steps to the right, one longer")
    assert len([text for text in notebook.sent if "region" in text]) == 1  # a run of keys is one change
    keys.press("z")
    notebook.until(lambda: region(notebook) == [a0, b0, a1, b1], "the box before")
    keys.press("Escape")
    notebook.until_value("w.region", None)
    keys.press("Escape")
    expect(view.role("radio", "Explore")).to_be_checked()


def test_only_a_pin_ranks_the_list_by_a_cell(scene: View, notebook: Notebook) -> None:
    view = scene
    x0, y0, x1, y1 = box_of("star")
    spot = (x0 + x1) / 2 / INPUT, (y0 + y1) / 2 / INPUT
    order = names(view)
    view.hover(*spot)
    expect(view.part(".columns")).to_contain_text("Evidence at cell")
    assert names(view) == order
    view.click(*spot)
    notebook.until(lambda: names(view)[0] == "star", "the strongest first")
    view.hover(0.1, 0.9)  # the bars are of the cell under the pointer, the order is kept
    assert names(view)[0] == "star"
    view.leave()
    notebook.page.keyboard.press("Escape")
    notebook.until(lambda: names(view) == order, "the order by probability")


def test_back_and_forward(scene: View, notebook: Notebook) -> None:
    view = scene
    undo, redo = (view.role("button", name) for name in ("Undo", "Redo"))
    expect(undo).to_have_attribute("aria-disabled", "true")
    view.row(notebook.value("w.labels.index('star')")).click()
    notebook.execute("w.layer = 'stage2'")
    take_box(view)
    drag(view, (20, 30), (80, 100))
    notebook.until(lambda: notebook.value("len(w.history)") == 4, "four states")
    for layer, name, box in (("stage2", "star", None), ("stage3", "star", None), ("stage3", "ring", None)):
        undo.click()
        notebook.until_value("[w.layer, w.labels[w.target], w.region]", [layer, name, box])
        expect(view.part(".question")).to_have_text(f"Why {name}?")
    expect(undo).to_have_attribute("aria-disabled", "true")
    notebook.page.keyboard.press("Shift+Z")
    notebook.until_value("[w.layer, w.labels[w.target], w.region]", ["stage3", "star", None])
    notebook.execute("w.forward(); w.forward()")
    expect(view.part(".region-shade")).to_be_visible()
    expect(redo).to_have_attribute("aria-disabled", "true")
    assert notebook.value("[state['now'] for state in w.history]") == [False, False, False, True]


def test_with_a_busy_kernel_regions_and_history_work(scene: View, notebook: Notebook) -> None:
    view = scene
    notebook.until_value("w.exact", [["stage3", "gradcam"]])
    with notebook.busy():
        take_box(view)
        x0, y0, x1, y1 = box_of("star")
        drag(view, (x0, y0), (x1, y1))
        notebook.until(lambda: names(view)[0] == "star", "the star first")
        view.row(9).click()
        expect(view.part(".question")).to_have_text("Why star?")
        drag(view, (20, 30), (80, 100))
        assert names(view)[0] != "star"
        view.role("button", "Undo").click()
        notebook.until(lambda: names(view)[0] == "star", "the star again")
        view.role("button", "Undo").click()
        expect(view.part(".question")).to_have_text("Why ring?")
        assert "busy" not in view.status
    notebook.until(lambda: region(notebook) == pytest.approx(box_of("star"), abs=1), "the region in the kernel")
    notebook.until_value("w.labels[w.target]", "ring")


def test_a_region_from_python(scene: View, notebook: Notebook) -> None:
    view = scene
    notebook.execute(f"w.region = {box_of('star')}")
    expect(view.part(".region-shade")).to_be_visible()
    expect(view.part(".columns")).to_contain_text("Ranked by evidence in the box")
    assert names(view)[0] == "star"
    notebook.execute("w.region = None")
    expect(view.part(".region-shade")).to_be_hidden()
    notebook.execute("w.region = [[10, 10], [90, 20], [30, 90]]")
    expect(view.part(".columns")).to_contain_text("in the outline")
    view.root.focus()
    notebook.page.keyboard.press("Escape")  # with the first tool, too
    notebook.until_value("w.region", None)


def test_a_finger_draws_a_box(scene: View, notebook: Notebook) -> None:
    view = scene
    take_box(view)
    # styled with the frame after the click
    expect(view.part(".fit")).to_have_css("touch-action", "none")
    session = notebook.page.context.new_cdp_session(notebook.page)
    x0, y0, x1, y1 = box_of("star")
    for kind, *at in (("touchStart", x0, y0), ("touchMove", 130, 130), ("touchMove", x1, y1), ("touchEnd",)):
        points = [dict(zip("xy", place(view, *at), strict=True))] if at else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    notebook.until(lambda: region(notebook) == pytest.approx(box_of("star"), abs=1), "the box")
    assert names(view)[0] == "star"
