"""The matrix over the wire: small thumbnails, a row a message, the selected one first, ended by a click."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.engine import VARIANTS, CamEngine
from camwidget.protocol import CELL_THUMB, THUMB_STEPS
from tests.wire.front_end import PATIENCE, FrontEnd, settle

QUICK = [v.id for v in VARIANTS.values() if not v.slow]


def rows(page: FrontEnd) -> list[tuple[dict[str, Any], list[Any]]]:
    """The messages with thumbnails that were sent."""
    found = [(data["content"], buffers) for data, buffers in page.messages if data.get("method") == "custom"]
    return [(content, buffers) for content, buffers in found if content["type"] == "thumbs"]


def test_classes_come_a_row_a_message(page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    reply = page.request(4, rows="classes")
    assert page.replies() == [reply]
    sent = rows(page)
    targets = [{item["target"] for item in content["maps"]} for content, _ in sent]
    assert targets == [{4}, *({t} for t in w.listed if t != 4)]
    stages = list(w._atlas.recording.stages)
    recording = CamEngine(cnn).record(photo[None])
    for content, buffers in sent:
        assert content["image"] == w.meta["image"]
        assert [item["layer"] for item in content["maps"]] == stages
        for item, buffer in zip(content["maps"], buffers, strict=True):
            made = np.frombuffer(buffer, "i1").reshape(item["grid"]) * item["scale"]
            due = recording.cams([item["target"]], item["layer"], "gradcam")[0, 0]
            due = torch.nn.functional.adaptive_avg_pool2d(due[None], tuple(item["grid"]))[0].numpy()
            assert max(item["grid"]) <= CELL_THUMB and len(buffer) <= 576
            np.testing.assert_allclose(made, due, atol=np.abs(due).max() / 127 + 1e-9)


def test_variants_of_the_selected_class(page: FrontEnd, w: CamWidget) -> None:
    page.request(2, variant="hirescam", rows="variants")
    sent = [{(item["target"], item["variant"]) for item in content["maps"]} for content, _ in rows(page)]
    assert sent == [{(2, "hirescam")}, *({(2, v)} for v in QUICK if v != "hirescam")]


def test_the_menu_and_the_matrix_can_be_asked_together(page: FrontEnd) -> None:
    reply = page.request(2, want="variants", rows="classes")
    kinds = [data["content"]["type"] for data, _ in page.messages if data.get("method") == "custom"]
    assert kinds[0] == "maps" and set(kinds[1:]) == {"thumbs"}
    assert page.replies() == [reply]


def test_nothing_of_it_comes_unasked(page: FrontEnd) -> None:
    page.request(2)
    page.request(3, want="variants")
    assert rows(page) == []


@pytest.mark.parametrize("wrong", ["rows", "", 0, True, [], {}, ["classes"], "\ud800"])
def test_rows_that_there_are_not_are_refused(page: FrontEnd, w: CamWidget, wrong: Any) -> None:
    before = w.target
    reply = page.request(4, rows=wrong)
    assert page.replies() == [reply]
    assert w.status["state"] == "error" and "classes" in w.status["text"] and w.target == before


def test_a_click_ends_it_and_asking_again_goes_on(
    page: FrontEnd, w: CamWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    atlas = w._atlas
    good, entered, free, made = atlas.prepare, threading.Event(), threading.Event(), []

    def prepare(target: int, variant: str, stop: Any = None) -> None:
        made.append(target)
        if target == w.listed[2]:
            entered.set()
            assert free.wait(PATIENCE)
        good(target, variant, stop)

    monkeypatch.setattr(atlas, "prepare", prepare)
    first = w.listed[0]
    asked = {"nonce": "page", "layer": w.layer, "variant": "gradcam", "rows": "classes"}
    page.send(asked | {"seq": 1, "target": first})
    assert entered.wait(PATIENCE)
    page.send({**asked, "seq": 2, "target": w.listed[1], "rows": None})
    free.set()
    settle()
    before = len(rows(page))
    assert 0 < before < len(w.listed)
    assert sorted(page.replies()) == [["page", 1], ["page", 2]]
    made.clear()
    page.send(asked | {"seq": 3, "target": first})
    settle()
    assert len(rows(page)) == before + len(w.listed)
    assert w.listed[1] not in made, "a row that is there is made again"


def test_python_that_asks_for_something_else_ends_it_too(page: FrontEnd, w: CamWidget) -> None:
    page.request(1, rows="classes")
    count = len(rows(page))
    w.target = 3
    settle()
    assert len(rows(page)) == count


def test_signals_have_lines_of_steps(make: Callable[..., CamWidget]) -> None:
    ends = nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3)
    model = nn.Sequential(nn.Conv1d(1, 4, 5), nn.ReLU(), nn.Conv1d(4, 8, 5), nn.ReLU(), *ends)
    w = CamWidget(model.eval(), torch.randn(1, 400))
    page = FrontEnd(w)
    page.request(1, rows="classes")
    sent = [item for content, _ in rows(page) for item in content["maps"]]
    assert sent and all(len(item["grid"]) == 1 and item["grid"][0] <= THUMB_STEPS for item in sent)
    w.close()
