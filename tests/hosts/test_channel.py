"""One view, one kernel, nothing else to do: what is asked is answered, in every host."""

from __future__ import annotations

from statistics import median

import numpy as np
from beacons import LABELS
from places import Host, Seat
from playwright.sync_api import expect
from traffic import most_in_flight, unanswered, waits
from view import View, difference

PREPARE = "import expected; names = spy.names; names['expected'] = expected; from slowly import brake"

ALTERNATE = """async (root, [layers, rounds]) => {
    for (let i = 0; i < rounds; i += 1) {
        const before = window.traffic.length;
        root.querySelector(`[data-layer="${layers[i % layers.length]}"]`).click();
        const end = performance.now() + 5000;
        while (!window.traffic.slice(before).some(([, kind]) => kind === "answer") && performance.now() < end) {
            await new Promise((resolve) => setTimeout(resolve, 2));
        }
        await new Promise((resolve) => setTimeout(resolve, 60));
    }
}"""


def test_first_look(host: Host, seat: Seat, view: View) -> None:
    assert view.question == "Why red?"
    assert view.selected == ["red"]
    assert "Slowly" in view.status
    host.facts["ipykernel"] = seat.execute(
        "import sys; k = sys.modules.get('ipykernel'); print(k.__version__ if k else '')"
    )
    if host.name.startswith("lab-") and host.name != "lab-installed":
        assert host.facts["ipykernel"] == host.name.removeprefix("lab-")
    seat.execute(PREPARE)
    seat.until(lambda: difference(view) == "", "the overlay that the kernel works out")


def test_kernel_computes_what_is_clicked(seat: Seat, view: View) -> None:
    seat.execute(PREPARE)
    before = view.pixels()
    for layer in ("middle", "early"):
        view.layer(layer).click()
        view.leave()
        before = view.until_changed(before, layer)
        seat.until_value("w.layer", layer)
        seat.until(lambda: difference(view) == "", f"the overlay of {layer}")
    view.row(LABELS.index("cyan")).click()
    view.leave()
    view.until_changed(before, "cyan")
    seat.until_value("w.target", LABELS.index("cyan"))
    seat.until(lambda: difference(view) == "", "the overlay of cyan")
    seat.until(lambda: not unanswered(seat.events()), "every answer")


def test_threads_and_round_trips(host: Host, seat: Seat, view: View) -> None:
    layers = ["middle", "early", "late"]
    view.root.evaluate(ALTERNATE, [layers, 3])
    seat.until(lambda: "ready" in str(view.part(".status").get_attribute("data-kind")), "the answers")
    seat.forget()
    view.root.evaluate(ALTERNATE, [layers, 20])
    threads = seat.value("[thread for thread, *_ in spy.handled]")
    trips = waits(seat.events())
    host.facts["thread"] = ", ".join(dict.fromkeys(thread.split("-")[0] for thread in threads))
    host.facts["first thread"] = threads[0]
    host.facts["RTT ms"] = f"{median(trips):.0f}"
    assert len(trips) == 20
    assert not unanswered(seat.events())
    assert most_in_flight(seat.events()) == 1


def test_page_is_loaded_again(host: Host, seat: Seat, view: View) -> None:
    view.layer("middle").click()
    view.leave()
    seat.until_value("w.layer", "middle")
    seat.until(lambda: "middle 24×36" in view.status, "the layer")
    before, kernel = view.pixels(), seat.value("id(w)")
    view = seat.again()
    same = seat.value("id(w)") == kernel
    host.facts["reload"] = "same widget" if same else "new widget"
    if same:
        view.until_same(before, "after the page was loaded again")
    seat.execute(PREPARE)
    seat.forget()
    for layer in ("early", "late", "middle"):
        view.layer(layer).click()
        view.leave()
        seat.until_value("w.layer", layer)
        seat.until(lambda: difference(view) == "", f"the overlay of {layer} after the page was loaded again")
    expect(view.part(".status")).to_have_attribute("data-kind", "ready")
    assert not unanswered(seat.events())
    assert np.any(view.pixels()[..., 3])
