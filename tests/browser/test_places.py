"""Where convolutions are unpadded, the heat lies where the cells look, and the ends where none is centred are bare."""

from __future__ import annotations

import re

import pytest
from beacons import DISCS, GRID, HEIGHT, LABELS, WIDTH
from desk import show
from lab import Notebook
from playwright.sync_api import expect
from view import View, difference, peak

# 10 x 16 cells of 8 samples, the first centred on 10: each sees 20 samples
UNPADDED = (
    "import torch, beacons, expected\nfrom camwidget import CamWidget",
    """
net = beacons.Beacons()
wide = torch.nn.Conv2d(8, 8, 7)
with torch.no_grad():
    wide.weight.zero_()
    wide.weight[:, :, 3, 3] = torch.eye(8)
    wide.bias.fill_(0.02)
    net.middle[0] = wide
    net.head.weight[beacons.LABELS.index('bright')] = 0
w = CamWidget(net, beacons.picture(), beacons.LABELS, preprocess=beacons.read)
w""",
)
CENTRE, STEP, SEES = 10, 8, 20


@pytest.fixture
def bare(notebook: Notebook) -> View:
    """A widget of the beacons, seen through a convolution without padding."""
    return show(notebook, *UNPADDED)


def place(name: str) -> tuple[float, float]:
    """The centre of a disc, as shares (x, y) of the picture."""
    row, col = DISCS[name][1]
    return (col + 0.5) / GRID[1], (row + 0.5) / GRID[0]


def test_the_heat_lies_on_the_discs(bare: View, notebook: Notebook) -> None:
    assert notebook.value("[list(span) for span in w.layers[-1]['place']]") == [[CENTRE, STEP, SEES]] * 2
    for name in ("red", "blue", "cyan"):
        bare.row(LABELS.index(name)).click()
        expect(bare.part(".question")).to_have_text(f"Why {name}?")
        bare.leave()
        notebook.until(lambda: difference(bare) == "", f"the map of {name}")
        found = peak(bare.pixels())
        assert found == pytest.approx(place(name), abs=6 / HEIGHT)


@pytest.mark.parametrize("shading", ["smooth", "cells", "contours"])
def test_nothing_is_painted_where_no_cell_is_centred(bare: View, notebook: Notebook, shading: str) -> None:
    # everywhere the same: heat to the very ends of what is known, and no lines around it
    notebook.execute("w.sign = 'absolute'; w.threshold = 0; w.target = 'anything'")
    expect(bare.part(".question")).to_have_text("Why anything?")
    assert difference(bare) == ""
    pixels = bare.pixels()
    if shading != "smooth":
        notebook.execute(f"w.shading = {shading!r}")
        pixels = bare.until_changed(pixels, shading)
    heat = pixels[..., 3] > 0
    height, width = heat.shape
    edge = (CENTRE - STEP / 2) / HEIGHT * height
    rows, columns = heat.any(1).nonzero()[0], heat.any(0).nonzero()[0]
    assert rows.min() >= edge - 1.5 and columns.min() >= edge - 1.5
    assert rows.max() <= (CENTRE + 9.5 * STEP) / HEIGHT * height + 1.5
    assert columns.max() <= (CENTRE + 15.5 * STEP) / WIDTH * width + 1.5
    if shading != "contours":
        assert rows.min() <= edge + 1.5
        return
    middle = heat[:, width // 2 - 5 : width // 2 + 5]
    assert not middle[: int(edge) + 3].any(), "no line along the edge of what is known"


def test_the_readout_tells_what_a_cell_sees_and_where_there_is_none(bare: View, notebook: Notebook) -> None:
    bare.hover(*place("red"))
    readout = bare.part(".readout")
    # of the cells 2 and 2, whose centre is nearest
    expect(readout).to_contain_text("cell (2, 2)")
    assert re.sub(r"\s+", " ", bare.part(".slot-sees").inner_text()) == f"sees {SEES}×{SEES} px around x 26 y 26"
    cell, fit = bare.part(".cell:not(.cell-pinned)").bounding_box(), bare.part(".fit").bounding_box()
    assert cell and fit
    scale = fit["width"] / WIDTH
    assert cell["x"] - fit["x"] == pytest.approx((CENTRE + 1.5 * STEP) * scale, abs=1)
    assert cell["width"] == pytest.approx(STEP * scale, abs=1)
    bare.hover(0.01, 0.5)
    expect(readout).to_contain_text("no cell is centred here")
    expect(bare.part(".cell:not(.cell-pinned)")).to_be_hidden()
    heights = {name: box["height"] for name, box in bare.boxes().items()}
    bare.hover(*place("red"))
    assert {name: box["height"] for name, box in bare.boxes().items()} == heights


def test_what_the_cell_sees_is_outlined_on_request(bare: View, notebook: Notebook) -> None:
    seen = bare.part(".seen")
    bare.hover(*place("red"))
    expect(seen).to_be_hidden()
    bare.part(".picture").focus()
    notebook.page.keyboard.press("r")
    expect(seen).to_be_visible()
    box, fit = seen.bounding_box(), bare.part(".fit").bounding_box()
    assert box and fit
    scale = fit["width"] / WIDTH
    assert box["width"] == pytest.approx(SEES * scale, abs=1)
    assert box["x"] - fit["x"] == pytest.approx((CENTRE + 2 * STEP - SEES / 2) * scale, abs=1)
    # at the corner it ends with the picture
    bare.hover((CENTRE - 3) / WIDTH, (CENTRE - 3) / HEIGHT)
    corner = seen.bounding_box()
    assert corner and corner["x"] >= fit["x"] - 0.5 and corner["width"] == pytest.approx(SEES * scale, abs=1)
    bare.leave()
    expect(seen).to_be_hidden()
    notebook.page.keyboard.press("d")
    bare.role("radiogroup", "Cell sees").get_by_text("Hidden").click()
    notebook.page.keyboard.press("Escape")
    bare.hover(*place("red"))
    expect(seen).to_be_hidden()


def test_evenly_spread_cells_say_what_they_see_and_not_around_where(view: View) -> None:
    view.hover(0.5, 0.5)
    assert re.sub(r"\s+", " ", view.part(".slot-sees").inner_text()) == "sees 8×8 px"


def test_the_kernel_says_why_a_map_is_zero_and_a_preview_is_not_blamed_for_it(bare: View, notebook: Notebook) -> None:
    status = bare.part(".status")
    expect(status).to_have_attribute("data-kind", "ready")
    notebook.execute("w.target = 'bright'")
    expect(status).to_contain_text("Blank map: the score of bright does not change with anything late sees.")
    expect(status).to_contain_text("Choose another class or layer.")
    expect(status).to_have_attribute("data-kind", "warning")
    assert notebook.value("w.status['state']") == "warning"
    assert not bare.pixels()[..., 3].any()
    bare.row(LABELS.index("red")).hover()
    expect(status).to_have_attribute("data-kind", "ready")
    bare.leave()
    expect(status).to_have_attribute("data-kind", "warning")
    bare.row(LABELS.index("green")).click()
    expect(status).to_have_attribute("data-kind", "ready")
    notebook.until_value("w.status['state']", "ready")
    bare.until_painted()
