"""CamWidget without a browser: what it sends at the start, and what it answers."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.engine import VARIANTS, CamEngine
from camwidget.protocol import NEARBY_KEYS, STACK_KEYS, STRIP_KEYS, TRAITS_TO_BROWSER, TRAITS_TWO_WAY
from tests.wire.front_end import NAMES, FrontEnd, expected_maps, settle, values

# ---------------------------------------------------------------------- at the start


def test_the_first_state_holds_all_that_the_first_paint_needs(w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    settle()
    scores = CamEngine(cnn).record(photo[None]).scores[0]
    order = scores.argsort(descending=True).tolist()
    state = w.get_state()
    assert {*TRAITS_TO_BROWSER, *TRAITS_TWO_WAY} <= set(state)
    assert (w.target, w.layer, w.variant) == (order[0], "last", "gradcam")
    assert w.listed == order
    assert set(w.stack) == set(STACK_KEYS) and w.stack["done"]
    assert w.stack["targets"] == order and w.stack["grid"] == [7, 7] and w.stack["reply"] is None
    np.testing.assert_allclose(values(w.stack), expected_maps(w, cnn, photo, order), rtol=1e-5, atol=1e-7)
    assert set(w.strip) == set(STRIP_KEYS) and w.strip["target"] == order[0]
    assert [m["layer"] for m in w.strip["maps"]] == [item["name"] for item in w.layers if item["stage"]]
    assert w.status == {"state": "ready", "text": "", "hint": "", "about": None, "reply": None}
    assert w.classes["names"] == list(NAMES) and w.classes["truth"] is None
    assert w.meta["input"] == [28, 28] and w.meta["model"] == "TinyCnn" and w.meta["device"] == "cpu"
    assert w.picture[:4] == b"\x89PNG"
    assert {"viridis", "RdBu_r"} <= set(w.luts) and all(len(lut) == 1024 for lut in w.luts.values())
    assert [v["id"] for v in w.variants] == list(VARIANTS)


def test_what_is_given_is_what_is_seen(make: Callable[..., CamWidget]) -> None:
    w = make(
        target="crane", layer="block", variant="layercam", topk=2, colormap="bone", truth="owl", probability="none"
    )
    assert (w.target, w.layer, w.variant, w.colormap) == (5, "block", "layercam", "bone")
    assert len(w.listed) in (2, 3) and 5 in w.listed
    assert w.classes["truth"] == 2 and w.classes["unit"] == "probability"
    assert "bone" in w.luts
    settle()
    assert (w.stack["layer"], w.stack["variant"], sorted(w.stack["targets"])) == ("block", "layercam", sorted(w.listed))


@pytest.mark.parametrize(
    ("keywords", "error", "says"),
    [
        ({"colour": "red"}, TypeError, "unknown keyword 'colour'"),
        ({"colormp": "red"}, TypeError, r"unknown keyword 'colormp'; did you mean 'colormap'\?"),
        ({"target": "ct"}, ValueError, r"unknown class 'ct'; did you mean 'cat'\?"),
        ({"target": 6}, ValueError, "class 6 is out of range"),
        ({"target": True}, TypeError, "0 to 5"),
        ({"truth": "ow"}, ValueError, r"did you mean 'owl'\?"),
        ({"layer": "lst"}, ValueError, r"unknown layer 'lst'; did you mean 'last'\?"),
        ({"layer": "fc"}, ValueError, "no grid"),
        ({"variant": "gradcm"}, ValueError, r"unknown variant 'gradcm'; did you mean 'gradcam'\?"),
        ({"colormap": "virids"}, ValueError, r"unknown colormap 'virids'; did you mean 'viridis'\?"),
        ({"topk": 0}, ValueError, "topk is 0; accepted: a whole number of at least 1"),
        ({"topk": 2.5}, TypeError, r"topk is 2\.5"),
        ({"topk": True}, TypeError, "topk is True"),
        ({"probability": "sotmax"}, ValueError, r"did you mean 'softmax'\?"),
        ({"labels": ["a", "b"]}, ValueError, "2 labels for 6 classes"),
    ],
)
def test_wrong_keywords(keywords: dict, error: type, says: str, make: Callable[..., CamWidget]) -> None:
    with pytest.raises(error, match=says):
        make(**keywords)
    settle()


def test_a_model_or_image_that_is_refused_leaves_nothing_behind(cnn: nn.Module, photo: Tensor) -> None:
    for model, image in ((None, photo), (cnn, photo[:2]), (cnn, "nowhere.png"), (nn.Flatten(), photo)):
        with pytest.raises((TypeError, ValueError)):
            CamWidget(model, image)
    gone = weakref.ref(cnn.fc)
    with pytest.raises(ValueError, match="unknown class"):
        CamWidget(type(cnn)(), photo, target="cat")
    assert gone() is cnn.fc


# ---------------------------------------------------------------------- requests of the browser


def test_a_request_is_answered_with_its_reply_and_the_traits_follow(
    page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor
) -> None:
    seen: list[Any] = []
    w.observe(lambda change: seen.append((change["name"], change["new"])), ["target", "layer", "variant"])
    other = next(t for t in range(6) if t != w.target)
    reply = page.request(other, "block", "hirescam")
    assert (w.target, w.layer, w.variant) == (other, "block", "hirescam")
    assert sorted(seen) == [("layer", "block"), ("target", other), ("variant", "hirescam")]
    answers = page.states("stack")
    assert [a["reply"] for a in answers] == [reply] * len(answers) and answers[-1]["done"]
    made = values(answers[-1])
    np.testing.assert_allclose(made, expected_maps(w, cnn, photo, answers[-1]["targets"]), rtol=1e-4, atol=1e-7)
    assert page.states("strip")[-1]["target"] == other
    assert page.states("target") == [other]


def test_a_class_that_the_browser_holds_costs_no_maps(page: FrontEnd, w: CamWidget) -> None:
    other = w.listed[1]
    reply = page.request(other)
    assert w.target == other
    assert page.states("stack") == []
    assert [s["reply"] for s in page.states("status")] == [reply]


def test_every_request_is_answered_in_a_burst(page: FrontEnd, w: CamWidget) -> None:
    for seq in range(1, 31):
        layer = ("last", "block", "stem")[seq % 3]
        asked = {"nonce": "page", "seq": seq, "target": seq % 6, "layer": layer, "variant": "gradcam", "want": None}
        page.send(asked)
    settle()
    assert {tuple(r) for r in page.replies()} == {("page", seq) for seq in range(1, 31)}
    assert (w.target, w.layer) == (0, "last")
    assert (w.stack["layer"], w.stack["done"]) == ("last", True)


def test_variants_come_as_one_message(page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    page.request(2, want="variants")
    (message,) = [(d, b) for d, b in page.messages if d.get("method") == "custom"]
    content, buffers = message[0]["content"], message[1]
    assert content["type"] == "maps"
    assert [(item["target"], item["layer"]) for item in content["maps"]] == [(2, "last")] * len(VARIANTS)
    for item, buffer in zip(content["maps"], buffers, strict=True):
        expected = CamEngine(cnn).record(photo[None]).cams([2], "last", item["variant"])[0, 0].numpy()
        made = np.frombuffer(buffer, "<f4").reshape(item["grid"]) * item["scale"]
        np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-7)


def test_a_layer_between_the_dots_is_added_to_the_strip(page: FrontEnd, w: CamWidget) -> None:
    page.request(0, "stem.0")
    assert w.layer == "stem.0"
    assert "stem.0" in [item["name"] for item in w.layers]


def test_a_class_that_was_searched_for_joins_the_list(make: Callable[..., CamWidget]) -> None:
    w = make(topk=2)
    page = FrontEnd(w)
    top, rest = list(w.listed), [t for t in range(6) if t not in w.listed]
    for target in rest[:2]:
        page.request(target)
        assert w.listed == [*top, target]
        assert w.stack["targets"] is None  # all are there already


def test_two_pages_are_answered_each_by_its_name(page: FrontEnd, w: CamWidget) -> None:
    for nonce, seq in (("one", 7), ("two", 1), ("one", 8), ("stale", 0)):
        page.send({"nonce": nonce, "seq": seq, "target": 1, "layer": "last", "variant": "gradcam", "want": None})
        settle()
    assert [tuple(r) for r in page.replies()] == [("one", 7), ("two", 1), ("one", 8), ("stale", 0)]


def test_a_request_is_answered_also_where_a_users_observer_raises(page: FrontEnd, w: CamWidget) -> None:
    def broken(_change: Any) -> None:
        raise KeyError("the user's own mistake")

    w.observe(broken, "target")
    reply = page.request(w.listed[1])
    assert reply in page.replies()
    assert "the user's own mistake" in w.status["text"]
    w.unobserve(broken, "target")
    assert page.request(w.listed[2]) in page.replies()


def test_what_is_dragged_is_not_echoed(page: FrontEnd, w: CamWidget) -> None:
    w.set_state({"opacity": 0.25})
    assert page.states("opacity") == []
    assert all("opacity" not in d.get("state", {}) for d, _ in page.messages if d.get("method") == "echo_update")


def test_the_same_request_again_harms_nothing(page: FrontEnd, w: CamWidget) -> None:
    for _ in range(2):
        page.send({"nonce": "page", "seq": 1, "target": w.listed[1], "layer": "last", "variant": "gradcam"})
        settle()
    assert [status["reply"] for status in page.states("status")] == [["page", 1]]  # the same answer, told once
    assert w.target == w.listed[1]


@pytest.mark.parametrize(("topk", "limit"), [(5, 2000), (9, 4000)])
def test_an_answer_is_small(topk: int, limit: int, photo: Tensor, cnn: nn.Module) -> None:
    model = type(cnn)(classes=1000)
    with CamWidget(model, photo, topk=topk) as w:
        page = FrontEnd(w)
        page.request(w.target, "last", "layercam")
        listed, whole = [(d, b) for d, b in page.messages if "stack" in d.get("state", {})]
        assert len(listed[0]["state"]["stack"]["targets"]) == topk and w.stack["grid"] == [7, 7]
        assert topk * 7 * 7 * 4 < size(listed) < limit
        assert w.stack["targets"] is None
        assert 1000 * 7 * 7 * 2 < size(whole) < 100_000


def size(message: tuple[dict[str, Any], list[Any]]) -> int:
    """Bytes on the wire."""
    return len(json.dumps(message[0]).encode()) + sum(len(bytes(b)) for b in message[1])


def test_all_classes_come_in_one_stack_and_only_once(photo: Tensor, cnn: nn.Module) -> None:
    model = type(cnn)(classes=500)
    with CamWidget(model, photo, topk=3) as w:
        page = FrontEnd(w)
        assert w.stack["targets"] is None and w.stack["done"] and w.stack["dtype"] == "float16"
        np.testing.assert_allclose(
            values(w.stack), expected_maps(w, model, photo, list(range(500))), rtol=0, atol=1e-3 * w.stack["scale"]
        )
        page.request(499)
        assert page.states("stack") == []
        page.request(499, "block")
        page.request(499, "last", whole=True)
        assert [s["targets"] for s in page.states("stack")] == [[*w.listed], [*w.listed]]
        np.testing.assert_array_equal(w.cam, values(page.states("stack")[-1])[-1].clip(min=0))


def test_what_may_be_chosen_next_comes_unasked(page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    page.request(2, "block", "layercam")
    nearby = page.states("nearby")[-1]
    assert set(nearby) == set(NEARBY_KEYS)
    names = {(item["layer"], item["variant"]) for item in nearby["maps"]}
    assert names == {
        *((layer, "layercam") for layer in ("stem", "pool1", "pool2", "last")),
        *(("block", v) for v in ("gradcam", "hirescam", "gradcam++", "xgradcam", "elementwise")),
    }  # fmt: skip
    for item in nearby["maps"]:
        assert item["target"] == 2
        expected = CamEngine(cnn).record(photo[None]).cams([2], item["layer"], item["variant"])[0, 0].numpy()
        np.testing.assert_allclose(values(item)[0], expected, rtol=0, atol=1e-3 * item["scale"])
