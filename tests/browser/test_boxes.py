"""ipywidgets around the widget: boxes and tabs, ``link``, ``jslink``, ``interact``, ``observe``."""

from __future__ import annotations

import pytest
from desk import show
from lab import Notebook
from playwright.sync_api import expect
from view import View, difference

CELLS = (
    "import beacons, expected, ipywidgets as ui\nfrom camwidget import CamWidget",
    """
net, image = beacons.Beacons(), beacons.picture()
w = CamWidget(net, image, beacons.LABELS, preprocess=beacons.read)
other = CamWidget(net, image, beacons.LABELS, preprocess=beacons.read, target='cyan')
linked = ui.FloatSlider(min=0, max=1, step=0.01)
ui.link((w, 'opacity'), (linked, 'value'))
ui.link((w, 'layer'), (other, 'layer'))
local = ui.FloatSlider(min=0, max=1, step=0.01)
ui.jslink((w, 'threshold'), (local, 'value'))
seen = []
w.observe(lambda change: seen.append([change['name'], change['new']]), ['layer', 'variant'])
ui.Tab([ui.VBox([ui.HBox([linked, local]), w]), ui.Accordion([other], titles=['inner'])], titles=['one', 'two'])""",
    """
@ui.interact(variant=['gradcam', 'layercam'])
def choose(variant):
    w.variant = variant""",
)

TOGETHER = (CELLS[0], CELLS[1].rsplit("\n", 1)[0] + "\nui.HBox([w, other])")


@pytest.fixture
def boxed(notebook: Notebook) -> View:
    return show(notebook, *CELLS)


def test_links_interact_and_observe(boxed: View, notebook: Notebook) -> None:
    sliders = notebook.page.locator(".widget-slider")
    before = boxed.pixels()
    notebook.execute("w.opacity = 0.3")
    expect(sliders.first.locator(".widget-readout")).to_have_text("0.30")
    before = boxed.until_changed(before, "opacity from Python")
    for _ in range(10):  # a step or two is no more than rounding
        boxed.role("slider", "Opacity").press("ArrowRight")
    notebook.until(lambda: notebook.value("round(linked.value, 3)") > 0.3, "the slider that is linked in the kernel")
    before = boxed.until_changed(before, "opacity on the page")

    handle = sliders.nth(1).locator(".noUi-handle")
    for _ in range(20):
        handle.press("ArrowRight")
    before = boxed.until_changed(before, "the slider that is linked on the page")
    notebook.until(lambda: notebook.value("w.threshold") > 0.1, "the threshold in the kernel")
    expect(boxed.role("slider", "Threshold")).not_to_have_attribute("aria-valuenow", "0")

    notebook.page.locator(".widget-dropdown select").select_option("layercam")
    expect(boxed.part(".variant-button")).to_contain_text("LayerCAM")
    boxed.layer("middle").click()
    boxed.leave()
    notebook.until_value("[w.variant, w.layer, other.layer]", ["layercam", "middle", "middle"])
    assert notebook.value("seen") == [["variant", "layercam"], ["layer", "middle"]]
    notebook.until(lambda: difference(boxed) == "", "the map of all that")


def test_a_widget_in_a_tab_is_drawn_when_it_is_shown(boxed: View, notebook: Notebook) -> None:
    inner = View(notebook, 1)
    assert not inner.root.is_visible()
    page = notebook.page
    page.locator(".lm-TabBar-tab", has_text="two").last.click()
    page.locator(".jupyter-widget-Collapse-header", has_text="inner").click()
    inner.until_painted()
    assert inner.outside() == [] and inner.question == "Why cyan?"
    width = inner.boxes()["root"]["width"]
    assert width > 600 and abs(inner.boxes()[".picture"]["width"] - 376) < 30, width
    inner.layer("middle").click()
    inner.leave()
    notebook.until_value("[w.layer, other.layer]", ["middle", "middle"])
    page.locator(".lm-TabBar-tab", has_text="one").last.click()
    expect(boxed.part(".status")).to_contain_text("middle 24×36")
    notebook.until(lambda: difference(boxed) == "", "the map that was chosen while it was hidden")


def test_two_in_a_row_share_the_width(notebook: Notebook) -> None:
    left = show(notebook, *TOGETHER)
    right = View(notebook, 1)
    right.until_painted()
    one, two = (view.root.bounding_box() for view in (left, right))
    assert one and two
    assert one["x"] + one["width"] <= two["x"] + 0.5, "they overlap"
    assert abs(one["y"] - two["y"]) < 1
    holder = notebook.page.locator(".jp-OutputArea-output").last.bounding_box()
    assert holder and two["x"] + two["width"] <= holder["x"] + holder["width"] + 0.5, "the second sticks out"
    assert min(one["width"], two["width"]) > 280
    assert left.outside() == right.outside() == []
