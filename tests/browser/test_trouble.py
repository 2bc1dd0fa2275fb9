"""What goes wrong is said, with the way out; the last good picture stays."""

from __future__ import annotations

from beacons import LABELS
from desk import FAIL_ONCE, HOLD, LET_GO
from lab import Notebook
from playwright.sync_api import expect
from view import View, difference


def test_kernel_fails_once(asking_view: View, notebook: Notebook) -> None:
    view = asking_view
    before = view.pixels()
    notebook.execute(FAIL_ONCE)
    view.layer("middle").click()
    expect(view.part(".status")).to_contain_text("out of <b>memory</b> while testing")
    expect(view.part(".status")).to_contain_text("the last good map stays on screen")
    expect(view.part(".status")).to_have_attribute("data-kind", "error")
    view.leave()
    assert view.same(before)
    assert view.question == "Why red?"
    expect(view.layer("late")).to_have_attribute("aria-checked", "true")
    view.layer("middle").click()
    view.until_changed(before, "the next click")
    view.leave()
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")
    assert "memory" not in view.status
    assert difference(view) == ""
    notebook.until_value("w.layer", "middle")


def test_unknown_values_are_refused_in_python(view: View, notebook: Notebook) -> None:
    before = view.pixels()
    for code, words in (
        ("w.target = 'grean'", "green"),
        ("w.layer = 'midle'", "middle"),
        ("w.variant = 'gradcma'", "gradcam"),
        ("w.colormap = 'viridas'", "viridis"),
        ("w.opacity = 2", "opacity"),
    ):
        printed = notebook.execute(code)
        assert "Error" in printed and words in printed, printed
    assert view.same(before)
    assert view.question == "Why red?"


def test_blank_map_has_a_sentence_and_a_cure(view: View, notebook: Notebook) -> None:
    notebook.execute("w.target = 'absence'")
    expect(view.part(".question")).to_have_text("Why absence?")
    expect(view.part(".status")).to_contain_text("Blank map: every weighted value for absence is negative")
    notebook.execute("signed = w._session.atlas.map('late', 'gradcam', w.target)")
    low, high = notebook.value("[float(signed.min()), float(signed.max())]")
    assert f"({low:.3f} to {high:.3f})".replace("-", "−") in view.status
    assert not view.pixels()[..., 3].any()
    assert "max −" in view.part(".colorbar").inner_text()
    view.part(".status").get_by_role("button", name="Show signed").click()
    view.until_painted()
    notebook.until_value("w.sign", "signed")
    expect(view.part(".status")).not_to_contain_text("Blank")
    assert difference(view) == ""


def test_waiting_says_for_what_and_can_be_cancelled(asking_view: View, notebook: Notebook) -> None:
    view = asking_view
    before = view.pixels()
    notebook.execute(HOLD)
    view.layer("middle").click()
    expect(view.part(".status")).to_contain_text("Kernel is busy")
    expect(view.part(".status b")).to_have_text("middle")
    view.leave()
    assert view.same(before)
    expect(view.layer("late")).to_have_attribute("aria-checked", "true")
    # what has been seen still answers
    view.row(LABELS.index("blue")).hover()
    view.until_changed(before, "a preview while the kernel is busy")
    view.leave()
    view.until_same(before, "after the preview")
    view.hover(0.2, 0.3)
    assert "cell (3, 3)" in view.readout
    view.leave()
    view.part(".status").get_by_role("button", name="Cancel").click()
    expect(view.part(".status")).not_to_contain_text("Kernel is busy")
    notebook.execute(LET_GO)
    notebook.until_value("w.layer", "late")
    assert view.same(before)


def test_newest_of_many_clicks_wins(asking_view: View, notebook: Notebook) -> None:
    view = asking_view
    before = view.pixels()
    notebook.execute(HOLD)
    notebook.sent.clear()
    for layer in ("early", "middle.0", "middle", "early.0", "late.0"):
        view.layer(layer).click()
    view.leave()
    expect(view.part(".status b")).to_have_text("late.0")
    assert len(notebook.sent) == 1, "one request is under way, the newest waits"
    notebook.execute(LET_GO)
    view.until_changed(before, "the last click")
    notebook.until_value("w.layer", "late.0")
    expect(view.part(".status")).to_contain_text("late.0 24×36")
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")
    notebook.until(lambda: difference(view) == "", "the map of the last click")
