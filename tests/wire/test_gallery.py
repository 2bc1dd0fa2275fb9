"""A gallery over a fake comm: scores once, pictures and maps when asked, one item in full; nothing is trusted."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from camwidget import CamEngine, CamGallery
from camwidget.gallery import protocol
from tests.wire.front_end import NAMES, settle
from tests.wire.gallery_end import GalleryEnd, values

LONE = "\ud800"  # JSON can carry half a character; UTF-8 cannot


@pytest.fixture
def x() -> Tensor:
    return torch.randn(12, 3, 28, 28) * torch.linspace(0.1, 8, 12)[:, None, None, None]


@pytest.fixture
def gallery(cnn: nn.Module, x: Tensor) -> Iterator[CamGallery]:
    made = CamGallery(cnn, (x, torch.arange(12) % 6), labels=NAMES)
    yield made
    made.close()
    settle()


@pytest.fixture
def page(gallery: CamGallery) -> GalleryEnd:
    return GalleryEnd(gallery)


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.getLogger("camwidget").setLevel(logging.CRITICAL)  # refusals are told in full
    yield
    logging.getLogger("camwidget").setLevel(logging.NOTSET)


def test_scores_come_by_themselves_and_again_when_asked(page: GalleryEnd, gallery: CamGallery) -> None:
    page.send({"kind": "scores?"})
    settle()
    assert gallery.scored == 12 and page.states[-1].get("status", {}).get("state", "ready") == "ready"
    frame, sent = gallery.frame, page.scores()
    for name in ("loss", "confidence", "margin"):
        assert np.array_equal(sent[name], frame[name].to_numpy())
    assert [NAMES[k] for k in sent["predicted"]] == frame["predicted"].tolist()
    assert sent["truth"].tolist() == [i % 6 for i in range(12)]
    page.messages.clear()
    page.send({"kind": "scores?"})
    settle()
    assert np.array_equal(page.scores()["loss"], sent["loss"])


def test_thumbnails_and_maps_are_those_of_the_engine(page: GalleryEnd, gallery: CamGallery, cnn, x: Tensor) -> None:
    page.send({"kind": "scores?"})
    settle()
    found = page.ask(1, [5, 0, 11])
    assert list(found) == [5, 0, 11]
    parts = page.thumbs(1)
    assert [content["more"] for content, _ in parts] == [True] * (len(parts) - 1) + [False]
    predicted = page.scores()["predicted"]
    for index, (item, (picture, first, second)) in found.items():
        assert (item["size"], item["grid"], item["place"], item["name"]) == ([28, 28], [7, 7], None, f"image {index}")
        assert Image.open(io.BytesIO(picture)).size == (28, 28)
        truth = index % 6
        due = CamEngine(cnn).record(x[index][None]).cams([int(predicted[index]), truth], gallery.layer)[0].numpy()
        np.testing.assert_allclose(values(item, first), due[0], atol=2e-3 * np.abs(due[0]).max())
        if truth == predicted[index]:
            assert second == b"" and item["peak"][1] is None
        else:
            np.testing.assert_allclose(values(item, second, 1), due[1], atol=2e-3 * np.abs(due[1]).max())
    again = page.ask(2, [5, 0, 11])  # all at once, and the same
    assert len(page.thumbs(2)) == 1 and again == found


def test_every_request_is_answered_once_and_the_newest_wins(page: GalleryEnd, gallery: CamGallery) -> None:
    desk, begun, go = gallery._desk, threading.Event(), threading.Event()
    make = desk.thumbs.make

    def slowly(*given: Any) -> Any:
        begun.set()
        assert go.wait(10)
        return make(*given)

    desk.thumbs.make = slowly
    page.send({"kind": "thumbs", "seq": 1, "items": [0]})
    assert begun.wait(10)
    for seq in (2, 3):
        page.send({"kind": "thumbs", "seq": seq, "items": [seq]})
    page.send({"kind": "thumbs", "nonce": "other", "seq": 1, "items": [7]})
    go.set()
    settle()
    assert list(page.items(1)) == [0] and page.items(2) == {} and list(page.items(3)) == [3]
    assert list(page.items(1, "other")) == [7], "one view does not starve another"
    for seq in (1, 2, 3):
        assert [content["more"] for content, _ in page.thumbs(seq)][-1] is False
        assert sum(not content["more"] for content, _ in page.thumbs(seq)) == 1


def test_what_cannot_be_read_says_so_and_the_rest_comes(cnn: nn.Module, x: Tensor, quiet: None) -> None:
    with CamGallery(cnn, [x[0], "nowhere.png", x[2]], labels=NAMES) as gallery:
        page = GalleryEnd(gallery)
        found = page.ask(1, [0, 1, 2])
        settle()
        assert "nowhere.png" in found[1][0]["failed"] and found[1][1] == []
        assert all("failed" not in found[i][0] for i in (0, 2))
        [failed] = [content for content, _ in page.messages if content["kind"] == "failed" and content["items"]]
        assert list(failed["items"]) == ["1"] and page.scores()["predicted"][1] == 65535
        assert gallery.status["text"] == "1 of 3 items could not be scored"
        gallery.opened = 1
        assert (
            gallery.opened is None
            and gallery.status["state"] == "error"
            and "cannot be opened" in gallery.status["text"]
        )


def test_a_trained_model_voids_all_and_is_scored_anew(page: GalleryEnd, gallery: CamGallery, cnn) -> None:
    page.send({"kind": "scores?"})
    settle()
    before, first = page.scores()["loss"], page.ask(1, [4])
    with torch.no_grad():
        cnn.fc.weight.mul_(-2)
    second = page.ask(2, [4])
    assert gallery.generation == 2 and page.thumbs(2)[-1][0]["generation"] == 2
    assert second[4][1][1] != first[4][1][1] and second[4][1][0] == first[4][1][0]
    after = page.scores()["loss"]
    assert gallery.scored == 12 and np.isfinite(after).all() and not np.allclose(after, before)


def test_layer_and_variant_count_at_once(page: GalleryEnd, gallery: CamGallery) -> None:
    page.ask(1, [3])
    page.update({"layer": "block", "variant": "layercam"})
    found = page.ask(2, [3])
    assert found[3][0]["grid"] == [14, 14]
    assert (page.thumbs(2)[-1][0]["layer"], page.thumbs(2)[-1][0]["variant"]) == ("block", "layercam")


# ---------------------------------------------------------------------- the full widget


def test_an_item_opens_as_a_full_widget_and_the_next_in_its_place(
    page: GalleryEnd, gallery: CamGallery, cnn, x
) -> None:
    assert gallery.widget is None and gallery.child == ""
    predicted = cnn(x).argmax(1).tolist()
    page.update({"opened": 5})
    first = gallery.widget
    settle()
    assert gallery.child == f"anywidget:{first.model_id}"
    assert (first.index, first.target, first.classes["truth"]) == (5, predicted[5], 5)
    page.update({"opened": 8})
    settle()
    assert gallery.widget is first and (first.index, first.classes["truth"]) == (8, 2)
    assert first.target == predicted[8]
    np.testing.assert_allclose(first.cam, CamEngine(cnn).record(x[8][None]).cam(predicted[8])[0], rtol=1e-4, atol=1e-7)
    assert first.picture == first._subject.encoded and set(first.listed) >= {predicted[8], 2}
    page.update({"opened": None})
    assert gallery.opened is None and gallery.widget is first
    assert gallery._child._session is not None


def test_what_is_chosen_on_one_side_is_chosen_on_the_other(gallery: CamGallery) -> None:
    gallery.opened = 5
    widget = gallery.widget
    widget.layer, widget.opacity = "block", 0.3
    assert (gallery.layer, gallery.opacity) == ("block", 0.3)
    gallery.variant, gallery.sign = "layercam", "signed"
    assert (widget.variant, widget.sign) == ("layercam", "signed")
    widget.variant = "scorecam"  # too slow for many
    assert gallery.variant == "layercam"
    widget.index = 2
    assert gallery.opened == 2
    settle()
    assert widget.classes["truth"] == 2
    gallery.close()
    assert widget._session is None and repr(gallery) == "CamGallery(closed)"


def test_strokes_stay_with_their_picture(gallery: CamGallery) -> None:
    gallery.opened = 5
    widget = gallery.widget
    before = widget.cam
    stroke = {"tool": "box", "mode": "cover", "fill": "mean", "points": [2, 2, 20, 20]}
    widget.edits = [stroke]
    settle()
    assert widget.edited["covered"] > 0 and not np.allclose(widget.cam, before)
    gallery.opened = 6
    settle()
    assert widget.edits == [] and widget.edited == {}
    gallery.opened = 5
    settle()
    np.testing.assert_allclose(widget.cam, before, rtol=1e-5, atol=1e-8)


# ---------------------------------------------------------------------- whatever a browser may send

WISH = {"kind": "thumbs", "seq": 7, "items": [0]}
WRONG = [
    *[WISH | {"items": v} for v in (None, 0, "0", {}, [-1], [12], [0.0], [True], [None], ["0"], [[0]], [10**30])],
    *[WISH | {"items": v} for v in ([0] * 65, list(range(12)) * 10)],
    *[WISH | {k: 1} for k in ("layer", "", LONE, "__init__")],
]
UNANSWERABLE = [
    *[WISH | {"nonce": v} for v in (None, 1, True, "x" * 65, LONE, [], {})],
    *[WISH | {"seq": v} for v in (None, -1, 1.0, True, "1", 2**53 + 1, [], {})],
    {"kind": "thumbs"}, {"kind": "thumb"}, {"kind": LONE}, {"kind": ["thumbs"]}, {}, [], [1], "thumbs", 5, None,
]  # fmt: skip


def shown(gallery: CamGallery) -> dict[str, Any]:
    names = {*protocol.TRAITS_TO_BROWSER, *protocol.TRAITS_TWO_WAY, "_esm", "_model_name"} - {"status", "scored"}
    return {name: getattr(gallery, name) for name in names}


def test_wrong_requests_change_nothing_and_are_answered_where_they_can_be(
    page: GalleryEnd, gallery: CamGallery, quiet: None
) -> None:
    before = shown(gallery)
    for wrong in WRONG:
        page.messages.clear()
        page.send(wrong)
        [(answer, buffers)] = page.thumbs(7)
        assert answer["error"] and len(answer["error"]) < 500 and not answer["items"] and not answer["more"]
        assert buffers == [] and gallery.status["state"] == "error", wrong
    for wrong in UNANSWERABLE:
        page.messages.clear()
        page.send(wrong)
        assert not [content for content, _ in page.messages if content["kind"] == "thumbs"], wrong
    assert shown(gallery) == before
    assert list(page.ask(8, [0, 1])) == [0, 1]


JUNK = [None, True, -1, 7.5, "x", "", LONE, [], [0], {}, {"a": 1}, 10**30, 10**400]


def test_wrong_values_are_refused_and_what_only_python_sets_stays(
    page: GalleryEnd, gallery: CamGallery, quiet: None
) -> None:
    fine = {("filter", "{}"), ("filter", "None"), ("opened", "None"), ("selection", "[]"), ("selection", "[0]")}
    fine |= {("selection", "{}"), ("descending", "True"), ("selection", "{'a': 1}")}
    before = shown(gallery)
    for name in protocol.TRAITS_TWO_WAY:
        for value in JUNK:
            if (name, repr(value)) not in fine:
                page.update({name: value})
                assert shown(gallery) == before, (name, value)
                assert gallery.status["state"] == "error"
    for name in (*protocol.TRAITS_TO_BROWSER, "_esm", "comm", "frame", LONE):
        for value in (None, 0, "x", [], {}):
            page.update({name: value})
    assert shown(gallery) == before
    assert set(gallery.status) == {"state", "text", "hint", "about", "reply"}


def test_right_values_are_taken(page: GalleryEnd, gallery: CamGallery) -> None:
    page.update({"filter": {"truth": 2, "predicted": None, "mistakes": True}, "selection": [9, 1], "order": "margin"})
    page.update({"descending": False, "shows": "both", "sign": "absolute", "colormap": "magma", "opacity": 0.5})
    assert gallery.filter == {"truth": 2, "predicted": None, "mistakes": True} and gallery.selection == [1, 9]
    assert (gallery.order, gallery.descending, gallery.shows, gallery.sign) == ("margin", False, "both", "absolute")
    gallery.filter = {"truth": "owl"}
    assert gallery.filter == {"truth": 2, "predicted": None, "mistakes": False}
    with pytest.raises(ValueError, match="did you mean 'owl'"):
        gallery.filter = {"truth": "owll"}
    with pytest.raises(AttributeError, match="did you mean 'selection'"):
        gallery.selecton = [1]


# ---------------------------------------------------------------------- promises


def test_not_a_trace_is_left_in_the_model(cnn: nn.Module, x: Tensor) -> None:
    cnn.train()
    cnn.fc.weight.requires_grad_(False)
    state = {name: value.clone() for name, value in cnn.state_dict().items()}
    random = torch.get_rng_state()
    with CamGallery(cnn, (x, torch.arange(12) % 6)) as gallery:
        page = GalleryEnd(gallery)
        page.ask(1, list(range(12)))
        gallery.opened = 3
        gallery._repr_mimebundle_()
        settle()
    assert all(module.training for module in cnn.modules()) and not cnn.fc.weight.requires_grad
    assert all(torch.equal(value, state[name]) for name, value in cnn.state_dict().items())
    assert all(parameter.grad is None for parameter in cnn.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in cnn.modules())
    assert torch.equal(torch.get_rng_state(), random)


def test_a_closed_gallery_answers_nothing_and_ends_its_threads(page: GalleryEnd, gallery: CamGallery) -> None:
    page.send({"kind": "scores?"})
    gallery.close()
    gallery.close()
    settle()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reading")]
    with pytest.raises(RuntimeError, match="closed; make a new one"):
        _ = gallery.frame
    with pytest.raises(RuntimeError, match="closed"):
        gallery.refresh()


def test_a_page_of_the_worst_is_there_where_no_widget_runs(gallery: CamGallery) -> None:
    data, _ = gallery._repr_mimebundle_()
    import base64

    sheet = Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"])))
    assert sheet.width > 900 and np.asarray(sheet).std() > 20


def test_a_full_widget_that_the_user_closed_is_made_anew(gallery: CamGallery) -> None:
    gallery.opened = 3
    first = gallery.widget
    first.close()
    gallery.opened = 5
    assert gallery.widget is not first and gallery.widget.index == gallery.opened == 5
    assert gallery.child == f"anywidget:{gallery.widget.model_id}" and gallery.status["state"] == "ready"
