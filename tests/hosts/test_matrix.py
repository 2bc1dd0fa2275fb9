"""What every host must do. Each test is a column of the table in README.md, each host a row, see ``table.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from beacons import DISCS, GRID, LABELS
from ink import contrast
from places import Host, Seat
from playwright.sync_api import Browser, expect
from process import PaperSeat
from standalone import opened
from view import Pixels, View, difference

from tests.hosts import table

pytestmark = pytest.mark.only_on(*table.HOSTS)


@pytest.fixture
def same(seat: Seat) -> Callable[[View, str], None]:
    """Waits until the screen shows the map of the widget's present view."""
    seat.prepare()

    def check(view: View, what: str) -> None:
        found: list[str] = []

        def look() -> bool:
            found[:] = [difference(view)]
            return found[0] == ""

        try:
            seat.until(look, what)
        except AssertionError as error:
            raise AssertionError(f"{error}: {found[0]}") from None

    return check


def until_shown(seat: Seat, view: View, before: Pixels, what: str) -> None:
    """Wait until the map is another one. A page that lacks it says so at once, and would be waited for in vain."""

    def lacking() -> bool:
        return "not in this page" in view.status

    seat.until(lambda: not np.array_equal(view.pixels(), before) or lacking(), what)
    assert not lacking(), view.status


def test_shows(host: Host, seat: Seat, view: View, same: Callable[[View, str], None]) -> None:
    host.note_kernel()
    assert view.question == "Why red?"
    assert view.outside() == []
    same(view, "the first map")


def test_click(seat: Seat, view: View, same: Callable[[View, str], None]) -> None:
    before = view.pixels()
    view.row(LABELS.index("blue")).click()
    view.leave()
    view.until_changed(before, "another class")
    assert view.question == "Why blue?"
    seat.chosen("target", LABELS.index("blue"))
    same(view, "the map of the class")


def test_hover(seat: Seat, view: View) -> None:
    before = view.pixels()
    seat.forget()
    row, column = DISCS["red"][1]
    view.hover((column + 0.5) / GRID[1], (row + 0.5) / GRID[0])
    seat.until(lambda: f"cell ({column}, {row})" in view.readout, "the read-out", timeout=2)
    view.leave()
    view.row(LABELS.index("blue")).hover()
    view.until_changed(before, "the preview")
    assert view.question == "Why red?"
    view.leave()
    view.until_same(before, "the chosen class")
    assert seat.asked() == 0


def test_layer(seat: Seat, view: View, same: Callable[[View, str], None]) -> None:
    before = view.pixels()
    view.layer("middle").click()
    view.leave()
    until_shown(seat, view, before, "another layer")
    seat.chosen("layer", "middle")
    same(view, "the map of the layer")


def test_variant(seat: Seat, view: View, same: Callable[[View, str], None]) -> None:
    before = view.pixels()
    view.part(".variant-button").click()
    view.part(".variant").filter(has_text="LayerCAM").click()
    seat.page.keyboard.press("Escape")
    view.leave()
    until_shown(seat, view, before, "another variant")
    seat.chosen("variant", "layercam")
    same(view, "the map of the variant")


def test_theme(seat: Seat, view: View) -> None:
    for dark in (False, True, False):
        view = seat.dress(dark)
        expect(view.root).to_have_attribute("data-theme", "dark" if dark else "light")
        for part in (".question", ".name-text", ".readout"):
            seat.until(lambda view=view, part=part: contrast(view, part) >= 4.5, f"{part} to be readable")


def test_reload(seat: Seat, view: View, same: Callable[[View, str], None], cell: Callable[[str], None]) -> None:
    view.row(LABELS.index("green")).click()
    view.leave()
    seat.chosen("target", LABELS.index("green"))
    same(view, "the map of the class")
    before = seat.value("id(w)")
    view = seat.again()
    seat.prepare()
    kept = not isinstance(seat, PaperSeat) and seat.value("id(w)") == before
    if isinstance(seat, PaperSeat):
        seat.chosen("target", LABELS.index("red"))
    same(view, "the map after the page was loaded again")
    assert view.question == ("Why green?" if kept else "Why red?")
    cell("as it was" if kept else "as it was made" if isinstance(seat, PaperSeat) else "made anew")


def test_export(seat: Seat, view: View, browser: Browser, tmp_path: Path, cell: Callable[[str], None]) -> None:
    name, data = seat.saved(view)
    assert name == "red late gradcam.png" and data[:4] == b"\x89PNG"
    if isinstance(seat, PaperSeat):  # no kernel, no w.save
        return cell("the picture")
    seat.prepare()
    path = tmp_path / "page.html"
    assert seat.execute(f"w.save({str(path)!r}, ['red', 'cyan'], 'late', 'gradcam')") == ""
    with opened(browser, path) as sheet:
        sheet.execute = seat.execute  # type: ignore[attr-defined]  # what it must show, its kernel knows
        there = sheet.view()
        sheet.until(lambda: difference(there) == "", "the map on the page")
        before = there.pixels()
        there.row(LABELS.index("cyan")).click()
        there.until_changed(before, "a class on the page")
    return None
