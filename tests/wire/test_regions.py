"""A region of the picture, and the history, over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import nn

from camwidget import CamWidget
from camwidget.region import coverage
from tests.wire.front_end import FrontEnd, settle, values

BOX = [3, 4, 20, 17.5]


def from_browser(w: CamWidget, **state: Any) -> None:
    w._handle_msg({"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []})
    settle()


def targets(w: CamWidget) -> list[int]:
    return [state["target"] for state in w.history]


# ---------------------------------------------------------------------- regions


def test_a_region_is_set_from_both_sides(page: FrontEnd, w: CamWidget) -> None:
    assert w.region is None
    w.region = (20, 4, 3, 17.5)
    assert w.region == BOX and page.states("region") == [BOX]
    outline = [[1, 1], [20, 1], [10, 20]]
    page.messages.clear()
    from_browser(w, region=outline)
    assert w.region == outline
    assert page.states("region") == [] and page.states("stack") == []  # no echo, and no map is made
    from_browser(w, region=[-4, 2, 100, 10])  # reaches beyond the picture
    assert w.region == [0, 2, 28, 10] == page.states("region")[-1]
    w.region = None
    assert w.region is None


@pytest.mark.parametrize("bad", [[30, 2, 40, 9], [1, 1, 1, 5], [1, 2, 3], "box", [[1, 1]] * 9999, [None] * 4, {"x": 1}])
def test_a_bad_region_is_refused_with_a_sentence_and_nothing_is_lost(page: FrontEnd, w: CamWidget, bad: Any) -> None:
    w.region = BOX
    before = w.history
    from_browser(w, region=bad)
    assert w.region == BOX and w.history == before
    assert w.status["state"] == "error" and "region" in w.status["text"]
    assert page.states("region")[-1] == BOX
    page.request(w.listed[1])
    assert w.status["state"] == "ready" and w.region == BOX
    with pytest.raises((TypeError, ValueError), match="accepted"):
        w.region = bad
    assert w.region == BOX


def test_only_pictures_have_regions(cnn: nn.Module) -> None:
    network = nn.Sequential(nn.Conv1d(1, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3))
    with CamWidget(network, np.zeros(64, np.float32)) as w:
        with pytest.raises(ValueError, match="this is a signal; accepted: None"):
            w.region = BOX
        w.region = None
    settle()


def test_the_table_is_what_the_browser_sums(page: FrontEnd, w: CamWidget) -> None:
    w.region = BOX
    page.request(w.target)
    sent = page.states("stack")[-1] if page.states("stack") else w.stack
    maps = values(sent)
    order = range(6) if sent["targets"] is None else sent["targets"]
    cover = coverage(BOX, maps.shape[1:], (28, 28))
    due = {target: float((map_ * cover).sum()) for target, map_ in zip(order, maps, strict=True)}
    table = w.region_scores()
    assert table.exact and table.unit == "logits" and len(table) == 6
    assert {row.index for row in table} == set(due)
    full = max(abs(v) for v in due.values())
    assert all(abs(row.evidence - due[row.index]) <= 1e-3 * full for row in table)
    assert [row.evidence for row in table] == sorted((row.evidence for row in table), reverse=True)
    assert [row.probability for row in table] == [w.probabilities[row.index] for row in table]


def test_regions_add_up(w: CamWidget, cnn: nn.Module) -> None:
    left, right, all_ = (
        {row.index: row.evidence for row in w.region_scores(box)}
        for box in ([0, 0, 11.5, 28], [11.5, 0, 28, 28], [0, 0, 28, 28])
    )
    for target, score in enumerate(w.scores - cnn.fc.bias.detach().numpy()):
        assert left[target] + right[target] == pytest.approx(all_[target], abs=1e-5)
        assert all_[target] == pytest.approx(score, rel=1e-3, abs=1e-5)


def test_a_table_needs_a_region_and_says_what_it_is_of(w: CamWidget) -> None:
    with pytest.raises(ValueError, match="no region is set; accepted"):
        w.region_scores()
    assert w.region_scores(BOX).region == BOX and w.region is None
    w.layer = "block"
    table = w.region_scores(BOX)
    assert not table.exact and table.manner == "first order" and len(table) == len(w.listed)
    w.variant = "gradcam++"
    assert w.region_scores(BOX).manner == "relative"
    w.layer, w.variant, w.score = "last", "gradcam", "softmax"
    assert w.region_scores(BOX).manner == "first order"
    assert w.region_scores(BOX).unit == "probability"
    w.score, w.against = "logit", w.listed[1]
    assert w.region_scores(BOX).exact  # a difference of linear things is linear


def test_the_browser_is_told_once_what_adds_up(page: FrontEnd, w: CamWidget) -> None:
    for target in (0, 1, 2):
        page.request(target)
    page.request(0, "block")
    page.request(0, "last", "hirescam")
    page.request(1, "last", "hirescam")
    assert w.exact == [["last", "gradcam"], ["last", "hirescam"]]
    assert len(page.states("exact")) == 2


# ---------------------------------------------------------------------- history


def test_every_change_is_remembered_once(page: FrontEnd, w: CamWidget) -> None:
    first, second, third = w.listed[:3]
    page.request(second, "block", "hirescam")
    page.request(second, "block", "hirescam", want="variants")
    w.region = BOX
    w.region = BOX
    assert [[s[k] for k in ("target", "layer", "variant", "region")] for s in w.history] == [
        [first, "last", "gradcam", None],
        [second, "block", "hirescam", None],
        [second, "block", "hirescam", BOX],
    ]
    assert [state["now"] for state in w.history] == [False, False, True]
    assert w.history[0]["name"] == w.labels[first]
    w.target = third
    assert page.states("visited")[-1] == w.visited and len(page.states("visited")) == 3


def test_python_goes_back_and_forward(page: FrontEnd, w: CamWidget) -> None:
    start = w.target
    other = w.listed[1]
    w.target = other
    w.region = BOX
    w.layer = "block"
    assert w.back() and w.back()
    assert (w.target, w.layer, w.region) == (other, "last", None)
    settle()
    assert (w.stack["layer"], w.stack["variant"]) == ("last", "gradcam")
    assert w.forward() and w.region == BOX
    assert w.back() and w.back() and not w.back()
    assert (w.target, w.region) == (start, None) and len(w.history) == 4
    w.variant = "hirescam"  # cuts off what lies ahead
    assert targets(w) == [start, start] and not w.forward()


def test_a_browser_goes_back(page: FrontEnd, w: CamWidget) -> None:
    first, second = w.listed[:2]
    page.request(second)
    from_browser(w, region=BOX)
    page.request(second, "block")
    seen: list[Any] = []
    w.observe(lambda change: seen.append(change["name"]), ["target", "layer", "variant", "region"])
    reply = page.request(first, "last", visit={"at": 0, "region": None})
    assert reply in page.replies()
    assert (w.target, w.layer, w.region) == (first, "last", None)
    assert sorted(seen) == ["layer", "region", "target"]
    assert w.visited["at"] == 0 and len(w.history) == 4
    page.request(second, "last", visit={"at": 2, "region": BOX})
    assert w.region == BOX and w.visited["at"] == 2
    # left again before it was told: a change like any other
    page.request(first, "last", visit={"at": None, "region": BOX})
    assert w.visited["at"] == 3 == len(w.history) - 1 and w.region == BOX
    # a place that this kernel does not have
    page.request(second, "stem", visit={"at": 77, "region": None})
    assert w.visited["at"] == 4 == len(w.history) - 1 and w.layer == "stem"


def test_a_wrong_visit_changes_nothing(page: FrontEnd, w: CamWidget) -> None:
    w.region = BOX
    before, state = w.history, (w.target, w.layer, w.region)
    for visit in (
        {"at": 0},
        {"at": -1, "region": None},
        {"at": 0, "region": [1]},
        {"at": 0, "region": None, "x": 1},
        3,
    ):
        reply = page.request(w.listed[1], visit=visit)
        assert reply in page.replies() and w.status["state"] == "error"
    assert w.history == before and (w.target, w.layer, w.region) == state


def test_a_hundred_are_kept(make: Callable[..., CamWidget]) -> None:
    w = make()
    for i in range(120):
        w.region = [0, 0, 1 + i / 10, 20]
    assert len(w.history) == 100 and w.history[-1]["region"] == w.region
    settle()


def test_an_observer_that_raises_stops_no_way_back(page: FrontEnd, w: CamWidget) -> None:
    w.target = w.listed[1]
    w.region = BOX

    def broken(_change: Any) -> None:
        raise KeyError("the user's own mistake")

    w.observe(broken, "region")
    assert w.back() and w.region is None
    settle()
    assert "the user's own mistake" in w.status["text"]
