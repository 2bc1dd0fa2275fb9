"""Whatever a browser may send: nothing raises, what is shown stays, and whoever can be answered is answered."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets.widgets import widget as ipywidgets_widget
from torch import nn

from camwidget import CamWidget, protocol
from camwidget.engine import VARIANTS

LAYERS = ("0", "1", "2")
PATIENCE = 60


class Page:
    """A comm that packs messages as a Jupyter server does, and that a browser writes to."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        ends = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 6)
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 3, stride=2), *ends)
        self.widget = CamWidget(model, torch.randn(3, 12, 12), topk=3)
        self.replies: list[tuple[str, int]] = []
        self.sent: list[dict[str, Any]] = []
        self.answered: set[tuple[str, int]] = set()
        self.seq = 1000
        self.settle()
        self.widget.comm.send = self.receive

    def receive(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf8", errors="surrogateescape")
        self.sent.append(data.get("state", {}))
        for name in ("stack", "status"):
            reply = data.get("state", {}).get(name, {}).get("reply")
            if reply is not None:
                self.replies.append(tuple(reply))

    def settle(self) -> None:
        end = time.monotonic() + PATIENCE
        while any(thread.name == "camwidget" for thread in threading.enumerate()):
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.0005)

    def send(self, state: Any, **more: Any) -> None:
        """A message as it arrives: JSON that was written and read."""
        data = {"method": "update", "state": state, "buffer_paths": []} | more
        if isinstance(state, dict) and "request" in state:
            data = {"method": "custom", "content": {"type": "request", **state}}
        data = json.loads(json.dumps(data))
        self.widget._handle_msg({"content": {"data": data}, "buffers": []})
        self.settle()

    def shown(self) -> dict[str, Any]:
        names = [
            *protocol.TRAITS_TO_BROWSER,
            *protocol.TRAITS_TWO_WAY,
            *protocol.TRAITS_OF_AIM,
            "_esm",
            "_view_name",
            "_model_name",
            "_model_module",
        ]
        return {name: getattr(self.widget, name) for name in names if name != "status"}

    def check(self) -> None:
        """All that is shown makes sense."""
        w = self.widget
        assert isinstance(w.target, int) and not isinstance(w.target, bool) and 0 <= w.target < 6
        assert w.layer in LAYERS and w.variant in VARIANTS
        assert isinstance(w.opacity, float) and 0 <= w.opacity <= 1
        assert isinstance(w.threshold, float) and 0 <= w.threshold <= 1
        assert w.region is None or (np.array(w.region).min() >= 0 and np.array(w.region).max() <= 12)
        assert w.history[w.visited["at"]]["now"] and len(w.history) <= protocol.HISTORY_LENGTH
        assert w.visited["states"][w.visited["at"]] == [getattr(w, name) for name in protocol.HISTORY_KEYS]
        assert w.sign in protocol.SIGNS and w.scale in protocol.SCALES
        assert w.interpolation in protocol.INTERPOLATIONS
        assert set(w.status) == set(protocol.STATUS_KEYS) and w.status["state"] in protocol.STATES
        assert (w.stack["layer"], w.stack["variant"]) == (w.layer, w.variant)
        targets = range(6) if w.stack["targets"] is None else w.stack["targets"]
        assert {w.target, *w.listed} <= set(targets)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    logging.getLogger("camwidget").setLevel(logging.CRITICAL)  # hundreds of refusals, told in full
    page = Page()
    yield page
    page.widget.close()
    logging.getLogger("camwidget").setLevel(logging.NOTSET)


LONE = "\ud800"  # JSON can carry half a character; UTF-8 cannot
REQUEST = {"nonce": "page", "seq": 1, "target": 1, "layer": "0", "variant": "gradcam", "want": None}

WRONG_REQUESTS = [
    *[REQUEST | {"target": v} for v in (-1, 6, 10**30, 1.0, 1.5, True, None, "cat", "", LONE, [], [1], {}, {"a": 1})],
    *[REQUEST | {"layer": v} for v in ("9", LONE, "0.weight", "3", "__class__", 0, True, [], {}, ["0"], "0" * 9999)],
    *[REQUEST | {"variant": v} for v in ("gradcm", "", None, 0, True, [], {}, ["gradcam"], LONE)],
    *[REQUEST | {"want": v} for v in ("all", "", 0, True, [], {}, ["variants"], LONE)],
    *[REQUEST | {"whole": v} for v in (0, 1, None, "true", [], {}, LONE)],
    *[REQUEST | {"visit": v} for v in (0, True, "", [], {}, {"at": 0}, {"at": 0, "region": None, "x": 1})],
    *[REQUEST | {"visit": {"at": v, "region": None}} for v in (-1, 100, 10**30, 0.0, True, "0", [], {})],
    *[REQUEST | {"visit": {"at": 0, "region": v}} for v in ([], 0, [1, 2, 3], [[1]], LONE, {}, [5, 5, 5, 5])],
    *[REQUEST | {"edits": v} for v in (0, True, "all", {}, [0], [[]], [{}], [{"tool": LONE}], [{LONE: 1}])],
    REQUEST | {"edits": [{"points": [[0, 0]] * 10**5}]},
    *[REQUEST | {k: 1} for k in ("against", "eval", "", LONE, "__init__")],
]  # fmt: skip

UNANSWERABLE = [
    *[REQUEST | {"nonce": v} for v in (None, 1, True, "", "x" * 65, LONE, [], {}, ["page"])],
    *[REQUEST | {"seq": v} for v in (None, -1, 1.0, 1.5, True, "1", 2**53 + 1, 10**30, [], {})],
    {}, {"seq": 1}, {"nonce": "page"}, [], [1, 2], "request", 5, True, 0.5, "", LONE, [[[]]], {"a": {"b": {}}},
]  # fmt: skip


@pytest.mark.parametrize("wrong", range(len(WRONG_REQUESTS)))
def test_a_wrong_request_is_answered_and_changes_nothing(page: Page, wrong: int) -> None:
    before = page.shown()
    page.replies.clear()
    page.send({"request": WRONG_REQUESTS[wrong] | {"seq": wrong + 100}})
    assert page.replies == [("page", wrong + 100)]
    assert page.shown() == before
    assert page.widget.status["state"] == "error" and page.widget.status["text"]
    assert len(page.widget.status["text"]) < 500
    page.check()


@pytest.mark.parametrize("wrong", range(len(UNANSWERABLE)))
def test_what_is_no_request_is_refused_and_changes_nothing(page: Page, wrong: int) -> None:
    before = page.shown()
    page.widget.status = {**page.widget.status, "state": "ready"}
    page.replies.clear()
    page.send({"request": UNANSWERABLE[wrong]})
    assert page.replies == []
    assert page.shown() == before
    assert page.widget.status["state"] == "error"


def test_after_all_that_a_right_request_is_answered(page: Page) -> None:
    page.send({"request": REQUEST | {"target": 9}})
    assert page.widget.status["state"] == "error"
    page.replies.clear()
    page.send({"request": REQUEST | {"seq": 900, "layer": "2", "target": 5, "variant": "layercam"}})
    page.send({"request": REQUEST | {"seq": 901, "target": 0}})
    assert {("page", 900), ("page", 901)} == set(page.replies)
    assert (page.widget.target, page.widget.layer) == (0, "0")
    assert page.widget.status["state"] == "ready"
    page.check()


@pytest.mark.parametrize("name", [*protocol.TRAITS_TO_BROWSER, "_esm"])
@pytest.mark.parametrize("value", [None, 0, "x", [], {}, {"state": "ready"}])
def test_what_only_the_kernel_sets_is_not_set_by_a_browser(page: Page, name: str, value: Any) -> None:
    before = page.shown()
    page.send({name: value})
    assert page.shown() == before
    assert set(page.widget.status) == set(protocol.STATUS_KEYS)


@pytest.mark.parametrize("name", sorted({*protocol.TRAITS_TWO_WAY, *protocol.TRAITS_OF_AIM} - {"scale"}))
@pytest.mark.parametrize("value", [None, True, -1, 7.5, "x", "", LONE, [], [0], {}, {"a": 1}, 10**30, 10**400])
def test_wrong_values_of_traits_are_refused(page: Page, name: str, value: Any) -> None:
    before = page.shown()
    page.sent.clear()
    page.send({name: value})
    if value is None and name in ("layer", "against", "rival", "limit", "region"):  # the default, or none
        return
    if name == "limit" and value in (7.5, 10**30):
        return
    assert page.shown() == before
    assert page.widget.status["state"] == "error"
    assert before[name] in [state[name] for state in page.sent if name in state]  # put back in the browser


@pytest.mark.parametrize(
    "data",
    [
        None, [], 0, "update", {}, {"method": "update"}, {"method": "update", "state": None, "buffer_paths": []},
        {"method": "update", "state": [], "buffer_paths": []}, {"method": "eval", "code": "1"},
        {"method": "update", "state": {"target": 1}, "buffer_paths": [["picture"]]},
        {"method": "update", "state": {}, "buffer_paths": [["picture"], []]},
        {"method": "custom"}, {"method": "custom", "content": None}, {"method": "custom", "content": {"type": "maps"}},
        {"method": None}, {"method": "echo_update", "state": {"picture": ""}},
    ],
)  # fmt: skip
def test_messages_that_are_none(page: Page, data: Any) -> None:
    before = page.shown()
    page.widget._handle_msg({"content": {"data": data}, "buffers": []})
    page.settle()
    assert page.shown()["picture"] == before["picture"]
    page.check()


@pytest.mark.parametrize("data", [None, [], "update", {}, {"method": []}, {"method": "update", "state": 1}])
def test_a_message_without_a_form_is_refused_before_ipywidgets_trips_over_it(
    page: Page, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    page.widget.status = {**page.widget.status, "state": "ready"}
    page.widget._handle_msg({"content": {"data": data}, "buffers": []})
    assert page.widget.status["state"] == "error" and "from the browser" in page.widget.status["text"]
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    "state",
    [
        {"layout": {"width": "5px"}}, {"layout": None}, {"layout": "IPY_MODEL_none"}, {"tooltip": "x" * 10**5},
        {"_dom_classes": ["x"] * 10**5}, {"_dom_classes": ["x" * 10**5]}, {"_view_count": 10**30}, {"tabbable": "x"},
    ],
)  # fmt: skip
def test_what_a_view_says_of_itself_is_kept_in_bounds(page: Page, state: Any) -> None:
    names = ("layout", "tooltip", "tabbable", "_dom_classes", "_view_count")
    before, count = [getattr(page.widget, name) for name in names], len(ipywidgets_widget._instances)
    page.send(state)
    assert [getattr(page.widget, name) for name in names] == before
    assert len(ipywidgets_widget._instances) == count, "a new layout each time"
    assert page.widget.status["state"] == "error"
    page.send({"layout": f"IPY_MODEL_{page.widget.layout.model_id}", "tooltip": "x", "_view_count": 2})
    assert (page.widget.tooltip, page.widget._view_count) == ("x", 2)
    page.send({"tooltip": None, "_view_count": None})


def test_a_browser_may_ask_for_the_state(page: Page) -> None:
    said = page.widget.status
    page.widget._handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})
    assert page.widget.status is said


TEXT = st.text(st.characters(codec=None), max_size=8) | st.just(LONE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.floats(-20, 40, allow_nan=False) | st.integers(-3, 15) | JSON
REGIONS = st.lists(NUMBERS, min_size=4, max_size=4) | st.lists(st.lists(NUMBERS, min_size=2, max_size=2), max_size=5)
EDIT = st.fixed_dictionaries(
    {"points": st.just([[3, 4]]) | JSON, "radius": st.just(2) | JSON},
    optional={"tool": st.sampled_from(["stroke", "box"]) | JSON, "mode": st.sampled_from(["cover", "keep"]) | JSON},
)
REQUESTS = st.fixed_dictionaries(
    {
        "nonce": st.sampled_from(["page", "other"]) | JSON,
        "seq": st.just("next") | JSON,
        "target": st.integers(-1, 7) | JSON,
        "layer": st.sampled_from([*LAYERS, None]) | JSON,
        "variant": st.sampled_from(list(VARIANTS)) | JSON,
    },
    optional={
        "want": st.sampled_from([None, "variants"]) | JSON,
        "visit": st.fixed_dictionaries({"at": st.none() | st.integers(-1, 4) | JSON, "region": JSON | REGIONS}) | JSON,
        "edits": JSON | st.lists(EDIT),
        "extra": JSON,
    },
)
OPACITY = st.fixed_dictionaries({"opacity": JSON | st.floats(0, 1)}) | st.fixed_dictionaries({"region": REGIONS | JSON})


@given(st.lists(REQUESTS.map(lambda r: {"request": r}) | JSON.map(lambda v: {"request": v}) | OPACITY, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_json(page: Page, states: list[Any]) -> None:
    picture = page.widget.picture
    for state in states:
        request = state.get("request")
        if isinstance(request, dict) and request.get("seq") == "next":
            page.seq += 1
            request["seq"] = page.seq
        # an answer that was given before is no change of the trait, so it is not sent again; no browser asks like that
        wanted = (request["nonce"], request["seq"]) if answerable(request) else None
        asked_before = wanted in page.answered
        page.send(state)
        if wanted and not asked_before:
            assert wanted in page.replies
        page.answered |= set(page.replies)
    assert page.widget.picture == picture
    page.check()


def answerable(request: Any) -> bool:
    if not isinstance(request, dict):
        return False
    nonce, seq = request.get("nonce"), request.get("seq")
    return (
        isinstance(nonce, str) and nonce.isascii() and 0 < len(nonce) <= 64 and type(seq) is int and 0 <= seq <= 2**53
    )


@given(
    st.dictionaries(
        st.sampled_from([*protocol.TRAITS_TO_BROWSER, *protocol.TRAITS_TWO_WAY, *protocol.TRAITS_OF_AIM]) | TEXT,
        JSON,
        max_size=3,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_state(page: Page, state: dict[str, Any]) -> None:
    picture = page.widget.picture
    page.send(state)
    assert page.widget.picture == picture
    page.check()
