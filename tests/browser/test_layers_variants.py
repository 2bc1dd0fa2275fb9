"""The layer strip and the variant menu."""

from __future__ import annotations

from beacons import LABELS
from lab import Notebook
from playwright.sync_api import expect
from view import SLOW, View, difference


def test_layer_by_click(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    view.layer("middle").click()
    before = view.until_changed(before, "a click on a layer")
    view.leave()
    notebook.until_value("w.layer", "middle")
    expect(view.layer("middle")).to_have_attribute("aria-checked", "true")
    expect(view.layer("late")).to_have_attribute("aria-checked", "false")
    expect(view.part(".status")).to_contain_text("middle 24×36")
    expect(view.part(".picture")).to_have_attribute("aria-label", "Grad-CAM of red at middle")
    assert difference(view) == ""
    view.hover(0.99, 0.99)
    assert "cell (35, 23)" in view.readout


def test_a_dot_is_a_layer_too(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    dot = view.layer("middle.0")
    assert "dot" in (dot.get_attribute("class") or "")
    assert dot.get_attribute("title") == "middle.0 48×72"
    dot.click()
    view.until_changed(before, "a click on a dot")
    view.leave()
    notebook.until_value("w.layer", "middle.0")
    expect(view.part(".status")).to_contain_text("middle.0 48×72")


def test_layer_by_arrow_keys(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    order = notebook.value("[l['name'] for l in w.layers]")
    view.layer("late").focus()
    notebook.page.keyboard.press("ArrowLeft")
    before = view.until_changed(before, "arrow left")
    notebook.until_value("w.layer", order[-2])
    expect(view.layer(order[-2])).to_be_focused()
    notebook.page.keyboard.press("ArrowRight")
    view.until_changed(before, "arrow right")
    notebook.until_value("w.layer", "late")
    expect(view.layer("late")).to_be_focused()
    # at the end of the strip the key goes nowhere, the notebook included
    cell = notebook.page.evaluate("window.panel.content.activeCellIndex")
    notebook.page.keyboard.press("ArrowRight")
    notebook.until_value("w.layer", "late")
    assert notebook.page.evaluate("window.panel.content.activeCellIndex") == cell


def open_menu(view: View, notebook: Notebook) -> None:
    view.role("combobox", "Variant").click()
    expect(view.part(".menu.variants")).to_be_visible()
    # the maps of all variants come with one answer
    expect(view.part(".variant.unknown")).to_have_count(SLOW)
    assert view.part(".variant").count() == notebook.value("len(w.variants)")


def test_variant_menu_previews_restores_and_selects(view: View, notebook: Notebook) -> None:
    view.layer("middle").click()
    notebook.until_value("w.layer", "middle")
    view.leave()
    notebook.until(lambda: "middle 24×36" in view.status, "the layer")
    open_menu(view, notebook)
    # taken now: alone a map comes in float32, with those of all classes in float16, a shade coarser
    before = view.pixels()
    menu, picture = view.part(".menu.variants").bounding_box(), view.part(".picture").bounding_box()
    assert menu and picture and menu["x"] >= picture["x"] + picture["width"], "the menu lies over the picture"
    view.part('[data-variant="guided_relu"]').hover()
    preview = view.until_changed(before, "the preview of a variant")
    expect(view.part(".chip")).to_contain_text("preview: Guided")
    notebook.page.keyboard.press("Escape")
    # although the pointer now rests on a class that lay under the menu
    view.until_same(before, "after Escape")
    expect(view.part(".menu.variants")).to_be_hidden()
    expect(view.part(".chip")).to_be_hidden()
    assert notebook.value("w.variant") == "gradcam"
    open_menu(view, notebook)
    view.part('[data-variant="guided_relu"]').click()
    expect(view.part(".menu.variants")).to_be_hidden()
    notebook.until_value("w.variant", "guided_relu")
    view.until_same(preview, "the variant that was previewed")
    expect(view.part(".chip")).to_be_hidden()
    view.leave()
    assert "Guided" in view.part(".variant-button").inner_text()
    assert difference(view) == ""


def test_variant_menu_by_keyboard(view: View, notebook: Notebook) -> None:
    view.layer("middle").click()
    notebook.until_value("w.layer", "middle")
    view.leave()
    view.layer("middle").focus()
    notebook.page.keyboard.press("v")
    expect(view.part(".menu.variants")).to_be_focused()
    expect(view.part(".variant.unknown")).to_have_count(SLOW)
    ids = notebook.value("[v['id'] for v in w.variants]")
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("ArrowUp")
    notebook.page.keyboard.press("Enter")
    expect(view.part(".menu.variants")).to_be_hidden()
    notebook.until_value("w.variant", ids[-2])
    name = notebook.value("w.variants[-2]['name']")
    expect(view.part(".picture")).to_have_attribute("aria-label", f"{name} of red at middle")
    assert difference(view) == ""
    # focus went back into the widget, and none of the keys reached the notebook's commands
    assert view.root.evaluate("(root) => root.getRootNode().activeElement !== null")
    assert notebook.value("w.layer") == "middle"


def test_guided_without_rectifiers_says_so(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    open_menu(view, notebook)
    view.part('[data-variant="guided_relu"]').click()
    notebook.until_value("w.variant", "guided_relu")
    view.leave()
    expect(view.part(".status")).to_contain_text("No rectifier between late and the scores")
    view.row(LABELS.index("green")).click()
    view.until_changed(before, "a class in that variant")
    notebook.execute("guided = w.cam; w.variant = 'gradcam'; plain = w.cam")
    assert notebook.value("bool(abs(guided - plain).max() < 1e-6)")
    expect(view.part(".status")).not_to_contain_text("No rectifier")
    view.until_painted()
