"""Where one has been: the rule that the browser keeps, too (``js/test/history.test.js``)."""

from __future__ import annotations

from typing import Any

from camwidget import history
from camwidget.protocol import HISTORY_LENGTH


def state(target: int, region: Any = None) -> dict[str, Any]:
    return {"target": target, "layer": "late", "variant": "gradcam", "region": region, "edits": []}


def row(target: int) -> list[Any]:
    return [target, "late", "gradcam", None, []]


def test_a_change_is_added_and_cuts_off_what_lies_ahead() -> None:
    trail = history.begun(state(0))
    assert history.visited(trail, state(0)) is trail
    assert history.moved(trail, -1) is None and history.moved(trail, 1) is None
    for target in (1, 2):
        trail = history.visited(trail, state(target))
    assert trail == {"at": 2, "states": [row(0), row(1), row(2)]}
    back = history.moved(trail, -2)
    assert back == {"at": 0, "states": trail["states"]}
    assert history.visited(back, state(5, [1, 2, 3, 4]))["states"] == [row(0), [5, "late", "gradcam", [1, 2, 3, 4], []]]
    assert history.named(row(5)) == state(5)


def test_the_oldest_go_first() -> None:
    trail = history.begun(state(0))
    for target in range(1, HISTORY_LENGTH + 5):
        trail = history.visited(trail, state(target))
    assert len(trail["states"]) == HISTORY_LENGTH and trail["at"] == HISTORY_LENGTH - 1
    assert trail["states"][0] == row(5)


def test_a_browser_that_went_back_may_count_otherwise() -> None:
    trail = {"at": 3, "states": [row(0), row(1), row(0), row(2)]}
    assert history.returned(trail, state(1), 1)["at"] == 1
    assert history.returned(trail, state(0), 3)["at"] == 2  # the nearest that is equal
    assert history.returned(trail, state(0), 0)["at"] == 0
    assert history.returned(trail, state(7), 1) == {"at": 4, "states": [*trail["states"], row(7)]}
