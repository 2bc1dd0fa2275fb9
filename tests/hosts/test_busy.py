"""A kernel that is busy: with a cell, with its own answers. What the page can know stays quick."""

from __future__ import annotations

import numpy as np
import pytest
from beacons import LABELS
from places import Host, Seat
from playwright.sync_api import expect
from test_channel import PREPARE
from traffic import most_in_flight, unanswered
from view import View, difference

WORK = {
    "sleep": "spy.gate.wait(30)",
    "loop": "while not spy.gate.is_set(): pass",
}

# clicks a layer; when did the busy line come, when the answer, in ms from the click
CLICK = """async (root, layer) => {
    const status = root.querySelector(".status");
    const found = { busy: null, answer: null };
    const before = window.traffic.length;
    const start = performance.now();
    root.querySelector(`[data-layer="${layer}"]`).click();
    while (performance.now() - start < 2000 && found.answer === null && found.busy === null) {
        await new Promise((resolve) => setTimeout(resolve, 4));
        const answer = window.traffic.slice(before).find(([, kind]) => kind === "answer");
        if (answer) found.answer = answer[0] - start;
        if (found.busy === null && status.dataset.kind === "busy") found.busy = performance.now() - start;
    }
    return found;
}"""

FLOOD = """async (root, [layers, targets, count, every]) => {
    const random = (() => { let state = 7; return () => (state = (state * 48271) % 2147483647); })();
    const start = performance.now();
    const found = [...root.querySelectorAll(".row[data-target]")];
    const rows = new Map(found.map((row) => [Number(row.dataset.target), row]));
    let clicks = 0;
    for (let i = 0; i < count; i += 1) {
        const late = start + i * every - performance.now();
        if (late > 0) await new Promise((resolve) => setTimeout(resolve, late));
        const layer = layers[random() % layers.length];
        if (i % 2) root.querySelector(`[data-layer="${layer}"]`).click();
        else rows.get(targets[random() % targets.length])?.click();
        clicks += 1;
    }
    rows.get(targets[0]).click();
    root.querySelector(`[data-layer="${layers[0]}"]`).click();
    return { clicks, ms: performance.now() - start };
}"""


@pytest.mark.parametrize("kind", WORK)
def test_click_while_a_cell_runs(host: Host, seat: Seat, view: View, kind: str) -> None:
    seat.execute(PREPARE)
    # a request has been answered before: what handles the very first one may differ, see test_first_click_of_all
    view.layer("early").click()
    seat.until(lambda: not unanswered(seat.events()) and seat.events(), "the answer")
    view.layer("late").click()
    view.leave()
    seat.until_value("w.layer", "late")
    before = view.pixels()
    seat.busy(WORK[kind])
    try:
        local_things_work(view, seat, before)
        found = view.root.evaluate(CLICK, "middle")
        answered_in_cell = found["answer"] is not None and seat.value("spy.busy")
        host.facts[f"in a cell ({kind})"] = (
            f"answer after {found['answer']:.0f} ms" if answered_in_cell else f"busy line after {found['busy']:.0f} ms"
        )
        if not answered_in_cell:
            assert 400 <= found["busy"] <= 1000
            assert found["answer"] is None
            expect(view.part(".status")).to_contain_text("Kernel is busy")
            view.leave()
            assert np.array_equal(view.pixels(), before), "the last picture stays"
            local_things_work(view, seat, before, pending=True)
    finally:
        seat.free()
    view.leave()
    seat.until_value("w.layer", "middle")
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")
    view.until_changed(before, "the answer")
    seat.until(lambda: difference(view) == "", "the map of the click")
    assert not unanswered(seat.events())


def local_things_work(view: View, seat: Seat, before: np.ndarray, *, pending: bool = False) -> None:
    """Read-out, preview, class, sign, opacity: nothing of it waits for the kernel. All is put back."""
    view.hover(0.2, 0.3)
    seat.until(lambda: "cell (3, 3)" in view.readout, "the read-out", timeout=1)
    view.leave()
    view.row(LABELS.index("blue")).hover()
    view.until_changed(before, "the preview")
    if not pending:
        view.row(LABELS.index("blue")).click()
        view.leave()
        assert view.question == "Why blue?"
        assert not np.array_equal(view.pixels(), before)
        view.row(LABELS.index("red")).click()
    view.leave()
    view.until_same(before, "the chosen class")
    view.part(".sign").get_by_text("Signed", exact=True).click()
    view.leave()
    view.until_changed(before, "the sign")
    view.part(".sign").locator(".segment").first.click()  # named in short where there is little room
    view.leave()
    view.until_same(before, "the sign as it was")
    slider = view.role("slider", "Opacity")
    for _ in range(10):  # a step or two is no more than rounding
        slider.press("ArrowLeft")
    view.until_changed(before, "the opacity")
    for _ in range(10):
        slider.press("ArrowRight")
    view.until_same(before, "the opacity as it was")


def test_first_click_of_all_while_a_cell_runs(host: Host, seat: Seat, view: View) -> None:
    seat.busy(WORK["sleep"])
    found = view.root.evaluate(CLICK, "middle")
    early = found["answer"] is not None and seat.value("spy.busy")
    host.facts["first click"] = f"{found['answer']:.0f} ms" if early else f"busy after {found['busy']:.0f} ms"
    seat.free()
    seat.until_value("w.layer", "middle")
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")
    assert not unanswered(seat.events())


def test_flood(host: Host, seat: Seat, view: View) -> None:
    seat.execute(PREPARE)
    layers = seat.value("[layer['name'] for layer in w.layers]")
    targets = seat.value("[t for t in w.listed if t < 40]")
    last_layer, last_target = "middle", targets[5]
    layers = [last_layer, *(name for name in layers if name != last_layer)]
    targets = [last_target, *(t for t in targets if t != last_target)]
    seat.execute("brake.seconds, brake.passes = 0.06, 0")
    seat.forget()
    done = view.root.evaluate(FLOOD, [layers, targets, 600, 5])
    view.leave()
    assert done["clicks"] == 600
    seat.until(lambda: seat.value("[w.layer, w.target]") == [last_layer, last_target], "the last choice", timeout=8)
    seat.until(lambda: not unanswered(seat.events()), "every answer", timeout=8)
    seat.until(lambda: view.part(".status").get_attribute("data-kind") == "ready", "an end of waiting")
    seat.execute("brake.seconds = 0")
    events = seat.events()
    asked = sum(event.kind == "request" for event in events)
    handled = seat.value("len(spy.handled)")
    host.facts["flood"] = f"{done['clicks'] * 1000 / done['ms']:.0f}/s {asked} asked {handled} handled"
    assert most_in_flight(events) == 1
    assert handled == asked
    asked_at = [event.at for event in events if event.kind == "request"]
    assert max(np.diff(asked_at), default=0) < 5000, "a request was given up"
    assert view.selected == [LABELS[last_target]]
    expect(view.layer(last_layer)).to_have_attribute("aria-checked", "true")
    seat.until(lambda: difference(view) == "", "the map of the last choice")
    assert seat.value("brake.passes") > 0, "nothing was slow: this shows nothing"
