"""Around every public call of the widget and every message of a page: the model, the input and torch are as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget import VARIANTS, CamWidget
from camwidget.protocol import FILLS
from tests.promises.snapshot import as_before
from tests.promises.subjects import SIZE, Drawing
from tests.wire.front_end import NAMES, FrontEnd, settle

DOT = {"tool": "stroke", "points": [[5, 5], [9, 9]], "radius": 3}


@pytest.fixture
def photo() -> Tensor:
    return torch.randn(3, SIZE, SIZE)


@pytest.fixture
def unseen(subject: nn.Module, photo: Tensor) -> Iterator[Callable[..., Any]]:
    """Calls something and sees that it left no trace, also where it raises and on threads that it started."""

    def call(function: Callable[..., Any], *arguments: Any, raises: Any = ()) -> Any:
        with as_before(subject, photo):
            result = None
            if raises:
                with pytest.raises(raises):
                    function(*arguments)
            else:
                result = function(*arguments)
            settle()
        return result

    yield call
    settle()


def variants_for(subject: nn.Module) -> list[str]:
    """All; of a model that draws numbers, without those that run it on the widget's thread, where what it draws cannot
    be put back: the user may be drawing from the same generator meanwhile.
    """
    return [v.id for v in VARIANTS.values() if v.needs != "passes" or not isinstance(subject, Drawing)]


def test_python_uses_the_widget(subject: nn.Module, photo: Tensor, unseen: Callable[..., Any]) -> None:
    w = unseen(CamWidget, subject, photo, NAMES)
    for name in ("cam", "heatmap", "scores", "probabilities", "labels", "status", "stack", "signed"):
        unseen(getattr, w, name)
    for variant in variants_for(subject):
        unseen(setattr, w, "variant", variant)
    for layer in [entry["name"] for entry in w.layers]:
        unseen(setattr, w, "layer", layer)
    unseen(setattr, w, "target", 3)
    unseen(setattr, w, "target", "owl")
    unseen(setattr, w, "sign", "signed")
    unseen(setattr, w, "region", [1, 2, 9, 12])
    unseen(w.region_scores)
    unseen(w.back)
    unseen(lambda: w.faithfulness(["gradcam"], steps=2))
    unseen(lambda: w.sanity(steps=2))
    if not isinstance(subject, Drawing):  # these run it on the widget's thread
        for edits in (*([{**DOT, "fill": fill}] for fill in FILLS), []):
            unseen(setattr, w, "edits", edits)
            unseen(getattr, w, "picture_edited")
        unseen(w.refresh)
    unseen(setattr, w, "edits", [{**DOT, "radius": 0}], raises=ValueError)
    unseen(w._repr_mimebundle_)
    unseen(repr, w)
    for name, wrong in (("target", "owll"), ("target", 77), ("layer", "nowhere"), ("variant", "x"), ("sign", "up")):
        unseen(setattr, w, name, wrong, raises=(TypeError, ValueError))
    unseen(w.close)
    unseen(lambda: w.cam, raises=RuntimeError)


def test_constructors_that_raise(subject: nn.Module, photo: Tensor, unseen: Callable[..., Any]) -> None:
    for keywords in (
        {"labels": ["one"]},
        {"target": "nobody"},
        {"layer": "nowhere"},
        {"variant": "nothing"},
        {"colormap": "nothing"},
        {"truth": 77},
        {"topk": 0},
        {"opacty": 1},
    ):
        unseen(lambda k=keywords: CamWidget(subject, photo, **k), raises=(TypeError, ValueError))
    unseen(CamWidget, subject, "no/such/picture.png", raises=Exception)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_page_uses_the_widget(subject: nn.Module, photo: Tensor, unseen: Callable[..., Any]) -> None:
    w = CamWidget(subject, photo, NAMES)
    page = FrontEnd(w)
    for variant in variants_for(subject):
        unseen(page.request, 1, None, variant)
    for layer in [entry["name"] for entry in w.layers]:
        unseen(page.request, 2, layer)
    unseen(page.request, 4, None, "gradcam", *())
    unseen(lambda: page.request(5, want="variants"))
    for rows in ("classes", "variants"):
        unseen(lambda rows=rows: page.request(3, rows=rows))
    unseen(w.agreement)
    if not isinstance(subject, Drawing):
        unseen(lambda: page.request(3, tests=True))
    for edits in ([{**DOT, "mode": "keep"}], [{"tool": "bax"}], []):
        if not isinstance(subject, Drawing):
            unseen(lambda edits=edits: page.request(5, edits=edits))
    for wrong in ("no such class", 77, None, {"a": 1}):
        unseen(page.request, wrong)
    unseen(page.request, 0, "nowhere")
    unseen(page.request, 0, None, "nothing")
    unseen(page.send, "nonsense")
    unseen(w.close)


def test_clicks_that_overtake_each_other(subject: nn.Module, photo: Tensor, unseen: Callable[..., Any]) -> None:
    w = CamWidget(subject, photo, NAMES)
    page = FrontEnd(w)

    def hurry() -> None:
        """Each click ends what the one before it had begun."""
        for i, variant in enumerate(variants_for(subject) * 3):
            layer = w.layers[i % len(w.layers)]["name"]
            page.send({"nonce": "p", "seq": i + 1, "target": i % 6, "layer": layer, "variant": variant})

    def leave() -> None:
        page.send({"nonce": "p", "seq": 999, "target": 3, "layer": w.layer, "variant": "gradcam"})
        w.close()  # in the middle of an answer

    unseen(hurry)
    unseen(leave)
