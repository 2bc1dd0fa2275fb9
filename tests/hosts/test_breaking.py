"""Attempts to break the channel: several views, a widget that closes, interrupts, training, a kernel that dies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from beacons import LABELS
from places import Host, LabSeat, Seat
from playwright.sync_api import expect
from test_busy import WORK
from test_channel import PREPARE
from traffic import Event, most_in_flight, unanswered, waits
from view import View, difference

VIEWS = 3

SWITCHES = """async (root, [layers, count, every]) => {
    for (let i = 0; i < count; i += 1) {
        root.querySelector(`[data-layer="${layers[i % layers.length]}"]`).click();
        await new Promise((resolve) => setTimeout(resolve, every));
    }
}"""

# each view clicks layers of its own, in turn with the others
TOGETHER = """async ([orders, count, every]) => {
    const all = [...document.querySelectorAll("*")];
    const roots = all.flatMap((node) => node.shadowRoot?.querySelector(".camwidget") ?? []);
    for (let i = 0; i < count; i += 1) {
        for (const [j, order] of orders.entries()) {
            roots[j].querySelector(`[data-layer="${order[i % order.length]}"]`).click();
            await new Promise((resolve) => setTimeout(resolve, every));
        }
    }
    return roots.length;
}"""


def lost(events: Sequence[Event]) -> list[tuple[str, int]]:
    """Requests that a view counted and that never left the page."""
    sent: dict[str, list[int]] = {}
    for event in events:
        if event.kind == "request":
            sent.setdefault(event.nonce, []).append(event.seq)
    return [(nonce, seq) for nonce, seqs in sent.items() for seq in range(min(seqs), max(seqs)) if seq not in seqs]


def settled(seat: Seat, views: Sequence[View], timeout: float = 8) -> None:
    """Wait until every request is answered and no view waits."""
    seat.until(lambda: not unanswered(seat.events()), f"answers to {unanswered(seat.events())}", timeout=timeout)
    for view in views:
        seat.until(lambda view=view: view.part(".status").get_attribute("data-kind") == "ready", view.status)


def several(seat: Seat) -> list[View]:
    """Three views of the widget ``w``."""
    if isinstance(seat, LabSeat):
        seat.page.evaluate(
            """async (count) => {
                const notebook = window.panel.content.model.sharedModel;
                for (let i = 1; i < count; i += 1) {
                    notebook.insertCell(2, { cell_type: "code", source: "w", metadata: {} });
                }
            }""",
            VIEWS,
        )
        seat.run_all()
    else:
        seat.execute(f"box.children = [w] * {VIEWS}")
    views = [View(seat, i) for i in range(VIEWS)]
    for view in views:
        view.part(".heat").wait_for()
        view.until_painted()
    seat.forget()
    return views


@pytest.fixture
def several_views(seat: Seat, view: View) -> Iterator[list[View]]:
    # all of them in sight: what is out of sight need not be drawn
    size = seat.page.viewport_size
    seat.page.set_viewport_size({"width": 1400, "height": 2600})
    yield several(seat)
    seat.page.set_viewport_size(size)


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed", "voila", "marimo-run")
def test_quick_alternation(seat: Seat, view: View) -> None:
    seat.execute(PREPARE)
    view.root.evaluate(SWITCHES, [["early", "middle"], 200, 4])
    view.leave()
    settled(seat, [view])
    seat.until_value("w.layer", "middle")
    expect(view.layer("middle")).to_have_attribute("aria-checked", "true")
    seat.until(lambda: difference(view) == "", "the map of the last click")
    assert most_in_flight(seat.events()) == 1


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed", "voila")
def test_views_ask_together(host: Host, seat: Seat, several_views: list[View]) -> None:
    seat.execute(PREPARE)
    orders = [["early", "middle"], ["late.0", "late"], ["middle.0", "middle"]]
    assert seat.page.evaluate(TOGETHER, [orders, 60, 9]) == VIEWS
    events = seat.events()
    host.facts["3 views"] = f"{len(events)} messages, {len(lost(events))} lost"
    settled(seat, several_views, timeout=15)
    assert not lost(seat.events())
    assert max(waits(seat.events())) < 3000
    layers = {view.part('[data-layer][aria-checked="true"]').get_attribute("data-layer") for view in several_views}
    assert layers == {seat.value("w.layer")}, "the views differ"
    for view in several_views:
        seat.until(lambda view=view: difference(view) == "", "the map in every view")


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed", "voila")
def test_views_ask_together_while_a_cell_runs(host: Host, seat: Seat, several_views: list[View]) -> None:
    seat.execute(PREPARE)
    seat.busy(WORK["sleep"])
    orders = [["early"], ["late.0"], ["middle"]]
    seat.page.evaluate(TOGETHER, [orders, 1, 50])
    seat.free()
    settled(seat, several_views, timeout=5)
    for view in several_views:
        seat.until(lambda view=view: difference(view) == "", "the map in every view")
    host.facts["3 views, busy"] = "all answered"


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed", "voila", "marimo-run")
def test_close_while_it_answers(seat: Seat, view: View) -> None:
    seat.execute(PREPARE)
    seat.execute("brake.seconds = 0.3")
    view.layer("middle").click()
    seat.until_value("len(spy.handled)", 1)
    seat.execute("old = w; w.close()")
    seat.execute("brake.seconds = 0")
    seat.page.wait_for_timeout(500)
    assert seat.value("old.comm is None")
    view = seat.fresh()
    view.layer("middle").click()
    seat.until_value("w.layer", "middle")
    settled(seat, [view])


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed")
def test_interrupt_during_an_answer(host: Host, seat: Seat, view: View) -> None:
    assert isinstance(seat, LabSeat)
    seat.execute(PREPARE)
    seat.execute("brake.seconds = 0.05")
    for layer in ("middle", "early", "middle.0", "late.0"):
        view.layer(layer).click()
        for _ in range(3):
            seat.interrupt()
    view.layer("middle").click()
    seat.execute("brake.seconds = 0")
    settled(seat, [view])
    seat.until_value("w.layer", "middle")
    seat.until(lambda: difference(view) == "", "the map of the last click")
    # a cell that waits is interrupted, and with it nothing of the widget's
    seat.busy(WORK["sleep"])
    view.layer("early").click()
    seat.interrupt()
    seat.ended()
    settled(seat, [view])
    seat.until_value("w.layer", "early")


SLOW = "scorecam"


def begin_slow(seat: Seat, view: View) -> None:
    """Choose a variant of many passes, and wait until it says how far it is."""
    seat.execute(PREPARE)
    seat.execute("from slowly import drag; drag(0.8)")
    view.role("combobox", "Variant").click()
    view.part(f'[data-variant="{SLOW}"]').click()
    view.leave()
    expect(view.part(".status")).to_contain_text(re.compile(r"[1-9]\d? ?%"), timeout=10_000)


@pytest.mark.only_on("lab-7.3.0", "lab-installed")
def test_connection_breaks_within_a_slow_variant(seat: Seat, view: View) -> None:
    begin_slow(seat, view)
    seat.page.evaluate("() => window.panel.sessionContext.session.kernel._ws.close()")
    seat.page.wait_for_timeout(1500)
    seat.execute("drag(0)")
    seat.until_value("w.variant", SLOW)
    settled(seat, [view], timeout=30)
    seat.until(lambda: difference(view) == "", "the map of the slow variant")


@pytest.mark.only_on("lab-7.3.0", "lab-installed")
def test_kernel_restarts_within_a_slow_variant(seat: Seat, view: View) -> None:
    assert isinstance(seat, LabSeat)
    before = view.pixels()
    begin_slow(seat, view)
    seat.restart()
    expect(view.part(".status")).to_contain_text("does not answer", timeout=15_000)
    view.leave()
    assert np.array_equal(view.pixels(), before), "the last picture stays"
    again = seat.fresh()
    seat.prepare()
    again.until_same(before, "after the cell ran again")
    again.layer("middle").click()
    seat.until_value("w.layer", "middle")


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed")
def test_cell_that_fails(seat: Seat, view: View) -> None:
    seat.busy(WORK["sleep"] + "\nraise ValueError('of the cell')")
    view.layer("middle").click()
    seat.free()
    settled(seat, [view])
    seat.until_value("w.layer", "middle")


TRAIN = """
import time, torch
optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)
end = time.monotonic() + 3
while time.monotonic() < end:
    optimiser.zero_grad()
    model(batch).logsumexp(1).mean().backward()
    optimiser.step()
    time.sleep(0.01)
"""


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed", "voila", "marimo-run")
def test_cell_that_trains_the_model(host: Host, seat: Seat, view: View) -> None:
    seat.execute(PREPARE)
    seat.execute("import beacons; batch = beacons.read(beacons.picture())[None]")
    seat.busy(TRAIN)
    # a click while the steps go on, and more of them
    view.root.evaluate(SWITCHES, [["early", "middle", "late"], 12, 120])
    answered = seat.value("spy.busy") and not unanswered(seat.events())
    status = view.status
    seat.ended()
    host.facts["training"] = "answers between steps" if answered else "answers afterwards"
    seat.until(lambda: not unanswered(seat.events()), "every answer", timeout=10)
    # training is over: the next click is answered by the model as it is now
    view.layer("early").click()
    view.layer("middle").click()
    view.leave()
    settled(seat, [view])
    seat.until_value("w.layer", "middle")
    assert "too fast" not in status or "faster" in status
    seat.until(lambda: difference(view) == "", f"the map of the trained model; {view.status}")
    assert seat.value("w.meta['image']") > 1


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed")
def test_two_pages(host: Host, seat: Seat, view: View) -> None:
    assert isinstance(seat, LabSeat)
    seat.execute(PREPARE)
    seat.save()
    page = seat.page.context.new_page()
    other = LabSeat(page, door=seat.door, url=seat.url.replace("/workspaces/", "/workspaces/second-"))
    try:
        other.listen()
        other.open(other.url)
        second = other.painted()
        for here, there, layer in (
            (view, second, "middle"), (second, view, "early"), (view, second, "late"), (second, view, "middle"),
        ):  # fmt: skip
            here.notebook.page.bring_to_front()
            here.layer(layer).click()
            here.leave()
            seat.until_value("w.layer", layer)
            there.notebook.page.bring_to_front()
            for each in (here, there):
                other.until(lambda each=each, layer=layer: f"{layer} " in each.status, f"{layer} on both pages")
        assert not unanswered([*seat.events(), *other.events()])
    finally:
        page.close()
    # what the closed page leaves behind must not swallow what this one asks
    seat.page.bring_to_front()
    seat.forget()
    for layer in ("early", "late"):
        view.layer(layer).click()
        view.leave()
        seat.until_value("w.layer", layer)
        seat.until(lambda: difference(view) == "", f"the map of {layer} when the other page is closed")
    settled(seat, [view])


@pytest.mark.only_on("lab-6.29.5", "lab-7.3.0", "lab-installed")
def test_connection_breaks(host: Host, seat: Seat, view: View) -> None:
    seat.execute(PREPARE)
    seat.execute("brake.seconds = 0.4")
    view.layer("middle").click()
    seat.until_value("len(spy.handled)", 1)
    seat.page.evaluate("() => window.panel.sessionContext.session.kernel._ws.close()")
    seat.page.wait_for_timeout(300)
    view.layer("early").click()
    view.leave()
    seat.execute("brake.seconds = 0")
    seat.until_value("w.layer", "early")
    settled(seat, [view], timeout=15)
    seat.until(lambda: difference(view) == "", "the map of the last click")


@pytest.mark.only_on("lab-7.3.0", "lab-installed")
def test_kernel_restarts(host: Host, seat: Seat, view: View) -> None:
    assert isinstance(seat, LabSeat)
    before = view.pixels()
    seat.restart()
    assert np.array_equal(view.pixels(), before), "the last picture stays"
    view.row(LABELS.index("blue")).click()
    view.leave()
    view.until_changed(before, "a class in the stack")
    view.layer("middle").click()
    view.leave()
    seat.page.wait_for_timeout(1500)
    early = re.sub(r"\d+ s", "N s", view.status)
    seat.page.wait_for_timeout(10_500)
    late = re.sub(r"\d+ s", "N s", view.status)
    host.facts["restart, 1.5 s"] = early
    host.facts["restart, 12 s"] = late
    assert "not answer" in late
    # its cell is run again, and all is as it was
    again = seat.fresh()
    seat.prepare()
    again.until_same(before, "after the cell ran again")
    again.layer("middle").click()
    seat.until_value("w.layer", "middle")
    again.leave()
    seat.until(lambda: difference(again) == "", "the map of a click after the cell ran again")
