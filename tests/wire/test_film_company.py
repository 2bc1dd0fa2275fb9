"""A film strip beside what else there is: strokes, history, region, code, pages, comparison, training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.answers import Rescored
from camwidget.engine import CamEngine
from tests.wire.front_end import NAMES, FrontEnd, settle
from tests.wire.paging import unpack

BOX = {"tool": "box", "mode": "cover", "fill": "mean", "points": [2, 2, 20, 20]}


@pytest.fixture
def pictures() -> list[Tensor]:
    return list(torch.randn(4, 3, 28, 28) * torch.tensor([0.1, 4, 1, 2])[:, None, None, None])


def test_it_may_begin_at_any_picture(film: Callable[..., CamWidget], due: list[int]) -> None:
    truth = [(k + 1) % 6 for k in due]
    w = film(index=2, truth=truth)
    assert (w.index, w.meta["index"], w.target, w.classes["truth"]) == (2, 2, due[2], truth[2])
    assert w.reel["called"] == [None, None, due[2], None]
    with pytest.raises(ValueError, match="picture 4 is out of range"):
        film(index=4)


def test_a_single_input_has_the_first_picture_only(make: Callable[..., CamWidget]) -> None:
    with pytest.raises(ValueError, match="picture 1 is out of range"):
        make(index=1)


def test_strokes_are_for_single_pictures(film: Callable[..., CamWidget]) -> None:
    w = film()
    with pytest.raises(ValueError, match="edits are painted over a picture, and this is a film strip"):
        w.edits = [BOX]
    page = FrontEnd(w)
    assert page.request(w.target, edits=[BOX], index=1) in page.replies()
    assert w.status["state"] == "error" and "film strip" in w.status["text"]
    assert (w.index, w.edits) == (0, [])
    w.edits = []


def test_where_one_has_been_is_told_of_one_picture(film: Callable[..., CamWidget], due: list[int]) -> None:
    w = film()
    page = FrontEnd(w)
    other = (due[0] + 1) % 6
    page.request(other)
    assert [state["target"] for state in w.history] == [due[0], other]
    page.request(other, index=3)
    assert [state["target"] for state in w.history] == [w.target]
    assert not w.back() and w.index == 3
    page.request((w.target + 1) % 6)
    assert w.back() and (w.index, len(w.history)) == (3, 2)


def test_a_region_stays_where_the_input_has_the_size(cnn: nn.Module) -> None:
    with CamWidget(cnn, [torch.randn(3, 28, 28), torch.randn(3, 28, 28), torch.randn(3, 20, 24)], labels=NAMES) as w:
        w.region = [1, 2, 27, 26]
        w.index = 1
        settle()
        assert w.region == [1, 2, 27, 26]
        w.index = 2
        settle()
        assert (w.region, w.meta["input"], len(w.history)) == (None, [20, 24], 1)


def test_regions_and_contrasts_are_read_of_the_new_picture_at_once(
    film: Callable[..., CamWidget], cnn: nn.Module, pictures: list[Tensor], due: list[int]
) -> None:
    w = film()
    w.index = 1
    scores = w.region_scores([0, 0, 28, 28])
    recording = CamEngine(cnn).record(pictures[1][None])
    row = next(row for row in scores.rows if row.index == due[1])
    assert row.evidence == pytest.approx(float(recording.cams([due[1]]).sum()), rel=1e-3)
    rival = (due[3] + 1) % 6
    w.index = 3
    recording = CamEngine(cnn).record(pictures[3][None])
    mine, others = recording.cams([due[3], rival])[0].numpy()
    want = mine - others
    np.testing.assert_allclose(w.contrast_map(rival), want, rtol=1e-3, atol=1e-5)


def test_the_code_is_of_the_picture_on_screen(film: Callable[..., CamWidget], cnn: nn.Module, pictures, due) -> None:
    w = film(truth=list(due))
    w.index = 3
    text = w.to_code()
    assert f"target={due[3]}," in text and "    index=3,\n" in text and "truth=truth," in text
    assert "index=" not in film().to_code()
    scope = {"model": cnn, "image": pictures, "labels": NAMES, "truth": list(due)}
    exec(text, scope)
    with scope["w"] as again:
        assert (again.index, again.target, again.to_code()) == (3, w.target, text)
        np.testing.assert_array_equal(again.cam, w.cam)


def test_a_page_holds_the_picture_on_screen_alone(film: Callable[..., CamWidget], due: list[int]) -> None:
    w = film()
    FrontEnd(w)
    w._repr_mimebundle_()
    settle()
    w.index = 2
    traits = unpack(w.page_data())
    assert (traits["reel"], traits["frames"], traits["heats"]) == ({}, {}, {})
    assert (traits["index"], traits["meta"]["index"], traits["target"]) == (2, 2, due[2])
    assert traits["picture"] == w.picture


def test_models_are_compared_on_one_picture(cnn: nn.Module, pictures: list[Tensor]) -> None:
    with pytest.raises(ValueError, match="models are compared on one picture, and 4 were given"):
        CamWidget.compare({"a": cnn, "b": cnn}, pictures)


def test_a_model_that_is_refreshed_keeps_no_recording(film: Callable[..., CamWidget], cnn: nn.Module, pictures) -> None:
    w = film()
    w.index = 1
    settle()
    cnn.fc.weight.data.neg_()  # not noticed
    w.refresh()
    w.index = 0
    with torch.no_grad():
        np.testing.assert_allclose(w.scores, cnn(pictures[0][None])[0], rtol=1e-4, atol=1e-6)


def test_the_picture_before_a_refresh_is_not_kept_either(film: Callable[..., CamWidget], cnn, pictures) -> None:
    w = film()
    settle()
    cnn.fc.weight.data.neg_()
    w._atlas.expire()  # as refresh does, but for the request that would record this picture again
    for index in (1, 0):
        w.index = index
        settle()
    with torch.no_grad():
        np.testing.assert_allclose(w.scores, cnn(pictures[0][None])[0], rtol=1e-4, atol=1e-6)


def test_figures_of_a_peer_do_not_move_the_class(film: Callable[..., CamWidget], cnn: nn.Module, due) -> None:
    w = film()
    settle()
    with torch.no_grad():
        cnn.fc.bias.add_(0.1)
    other = (due[0] + 2) % 6
    w.figure(targets=[other])
    settle()
    assert w.target == due[0]


def test_a_picture_that_is_chosen_while_another_arrives_is_not_lost(
    film: Callable[..., CamWidget], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = film()
    settle()
    w.index = 1
    settle()
    put_back = type(w)._quietly

    def meanwhile(self: CamWidget, **values: Any) -> None:
        """As where the worker has the lock, and another thread has set the trait to 3 but waits to say so."""
        put_back(self, **values)
        if values.get("index") == 2:
            monkeypatch.undo()
            self._index_changed({"new": 3})

    monkeypatch.setattr(type(w), "_quietly", meanwhile)
    w.index = 2
    settle()
    assert (w.index, w.meta["index"]) == (3, 3)


@pytest.mark.parametrize("late", [1, 2])
def test_the_class_follows_whoever_says_first_that_a_picture_was_looked_at(
    film: Callable[..., CamWidget], due: list[int], monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    """The word of one look comes after that of the next: two threads may look."""
    w = film()
    settle()
    held: list[Rescored] = []
    answering = w._session._answering
    deliver = answering._deliver

    def slowly(answer: Any) -> None:
        if isinstance(answer, Rescored) and len(held) < late:
            held.append(answer)
        else:
            deliver(answer)

    monkeypatch.setattr(answering, "_deliver", slowly)
    assert due[2] == due[1] != due[0]
    for index in (2, 1, 0):
        w.index = index
        settle()
    for answer in held:
        deliver(answer)
    settle()
    assert len(held) == late
    assert (w.index, w.meta["index"], w.target) == (0, 0, due[0])
