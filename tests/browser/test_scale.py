"""A locked scale, evidence against a class alone, and numbers on chosen contours."""

from __future__ import annotations

import pytest
from beacons import LABELS
from lab import Notebook
from playwright.sync_api import expect
from test_cells import number
from view import View, difference


def test_a_locked_scale_holds_for_all_classes_until_it_is_freed(view: View, notebook: Notebook) -> None:
    limit = view.part(".colorbar .limit")
    own = limit.inner_text()
    lock = view.role("button", "Lock the scale")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    expect(lock).to_have_text("Locked")
    notebook.until(lambda: notebook.value("w.limit") is not None, "the limit in Python")
    top = notebook.value("[w.limit, float(w.cam.max())]")
    assert abs(top[0] - top[1]) <= 1e-3 * top[1]
    view.row(LABELS.index("bright")).click()
    view.leave()
    expect(view.part(".question")).to_have_text("Why bright?")
    assert view.part(".colorbar .limit").inner_text().removeprefix("≥ ") == own
    assert notebook.value("float(w.cam.max()) < 0.9 * w.limit"), "it has less evidence"
    assert difference(view, what="w.cam, False, w.limit") == ""
    assert difference(view, patience=0) != "", "on its own scale it would be as hot"
    lock.click()
    notebook.until_value("w.limit", None)
    assert difference(view) == ""
    expect(limit).not_to_have_text(own)
    notebook.execute("w.limit = 0.01")
    expect(limit).to_have_text("≥ 0.010")
    view.role("button", "Display").click()
    expect(view.role("radio", "Locked")).to_be_checked()
    view.part('.segment:has-text("This map")').click()
    notebook.until_value("w.limit", None)


def test_what_speaks_against_a_class(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    view.role("radio", "Negative").check(force=True)
    against = view.until_changed(before, "what speaks against red")
    notebook.until_value("w.sign", "negative")
    low = notebook.value("float(w.cam.max())")
    assert number(view.part(".colorbar .limit").inner_text()) == pytest.approx(-low, rel=0.02)
    both = (before[..., 3] > 40) & (against[..., 3] > 40)
    assert against[..., 3].any() and not both.any(), "no place speaks for and against"
    red, blue = (against[against[..., 3] > 100][:, i].mean() for i in (0, 2))
    assert blue > red + 50, "in the hue of what is against"
    notebook.execute("w.target = 'anything'")
    expect(view.part(".status")).to_contain_text("Blank map: nothing here speaks against anything")
    view.part(".status").get_by_role("button", name="Show positive").click()
    notebook.until_value("w.sign", "positive")


def test_contours_have_numbers_at_the_levels_that_were_chosen(view: View, notebook: Notebook) -> None:
    view.role("button", "Display").click()
    view.part('.segment:has-text("Contours")').click()
    notebook.until_value("w.shading", "contours")
    quarters = view.pixels()
    white = (quarters == 255).all(-1).sum()
    assert white > 30, "the numbers are white; no line is"
    view.part('.levels .segment:has-text("Deciles")').click()
    deciles = view.until_changed(quarters, "nine levels")
    assert (deciles == 255).all(-1).sum() > white
    notebook.until_value("list(w.levels)", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    notebook.execute("w.levels = (0.5,)")
    one = view.until_changed(deciles, "one level")
    assert view.part(".levels input:checked").get_attribute("value") == "half"
    assert (one[..., 3] > 0).sum() < (quarters[..., 3] > 0).sum()
