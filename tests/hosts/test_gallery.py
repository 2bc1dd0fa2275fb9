"""A gallery in every host: it sorts and filters by itself, an item opens as the full widget, answers and closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from beacons import LABELS
from gallery_page import Gallery
from ink import contrast
from places import Host, Seat
from playwright.sync_api import expect
from process import PaperSeat

from tests.hosts import table

pytestmark = pytest.mark.only_on(*table.HOSTS)

ROWS = """[[i, row.truth, row.predicted, float(row.loss), float(row.margin)]
 for i, row in enumerate(w.frame.itertuples(index=False))]"""
COLUMNS = ("item", "truth", "predicted", "loss", "margin")


def rows(seat: Seat) -> list[dict[str, Any]]:
    """What the kernel knows of each item."""
    found = seat.value(ROWS.replace("\n", ""))
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def follows(gallery: Gallery, due: list[int], what: str) -> None:
    """Wait until these items are the first ones."""
    gallery.until(lambda: gallery.items[:8] == due[:8], f"{what}: {due[:8]}")


def test_gallery(host: Host, seat: Seat, cell: Callable[[str], None]) -> None:
    gallery = seat.gallery()
    host.note_kernel()
    items = rows(seat)
    worst = [row["item"] for row in sorted(items, key=lambda row: -row["loss"])]
    follows(gallery, worst, "the largest loss first")
    gallery.part('[aria-label="Sort"]').select_option("margin")
    gallery.part(".g-way").click()
    gallery.part(".g-mistakes input").check()
    wrong = [row for row in items if row["truth"] != row["predicted"]]
    follows(gallery, [row["item"] for row in sorted(wrong, key=lambda row: row["margin"])], "unsure mistakes first")
    expect(gallery.part(".g-count")).to_have_text(f"{len(wrong)} of {len(items)}")
    gallery.painted()
    opens(seat, gallery, wrong[0])
    for dark in (False, True, False):
        seat.dress(dark)
        if not gallery.root.count():  # the host has loaded the page again
            gallery = seat.gallery()
        expect(gallery.root).to_have_attribute("data-theme", "dark" if dark else "light")
        for part in (".g-count", ".g-called", ".status"):
            seat.until(lambda gallery=gallery, part=part: contrast(gallery, part) >= 4.5, f"{part} to be readable")
    if isinstance(seat, PaperSeat):
        cell("yes, but opens none")


def opens(seat: Seat, gallery: Gallery, row: dict[str, Any]) -> None:
    """An item opens in full, answers a click, and closes."""
    gallery.tile(row["item"]).click()
    if isinstance(seat, PaperSeat):
        expect(gallery.part(".status")).to_contain_text("needs a kernel")
        expect(gallery.part(".g-opened")).to_be_hidden()
        return
    seat.until_value("w.opened", row["item"])
    full = gallery.part(".g-child .camwidget")
    full.locator(".heat").wait_for(timeout=60_000)
    expect(full.locator(".question")).to_have_text(f"Why {row['predicted']}?")
    other = next(name for name in ("red", "green") if name != row["predicted"])
    full.locator(f'.row[data-target="{LABELS.index(other)}"]').click()
    seat.until_value("w.widget.target", LABELS.index(other))
    expect(full.locator(".question")).to_have_text(f"Why {other}?")
    gallery.part('.g-nav [aria-label="Close"]').click()
    seat.until_value("w.opened", None)
    expect(gallery.part(".g-opened")).to_be_hidden()
