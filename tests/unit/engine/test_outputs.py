"""Where the scores are found in what a model returned, and how they are read."""

from __future__ import annotations

from collections import OrderedDict, UserDict, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from camwidget.engine.outputs import SCORE_KEYS, find_scores, tensors

IMAGE = (2, 3, 8, 8)
S = torch.arange(10.0).reshape(2, 5)
DENSE = torch.arange(2.0 * 5 * 8 * 8).reshape(2, 5, 8, 8)

Aux = namedtuple("Aux", ["logits", "aux_logits"])  # as Inception and GoogLeNet return in training  # noqa: PYI024


class ModelOutput(OrderedDict[str, Any]):
    """As of Hugging Face: a dict whose entries are attributes too, and that integers index as a tuple."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, key: Any) -> Any:
        return list(self.values())[key] if isinstance(key, int) else super().__getitem__(key)


@dataclass
class Answer:
    features: Tensor
    logits: Tensor


HIDDEN = (torch.zeros(2, 17, 32), torch.zeros(2, 17, 32))
ATTENTION = (torch.zeros(2, 4, 17, 17),)

OUTPUTS = {
    "tensor": S,
    "tuple": (S, S * 0),
    "list": [None, "text", S],
    "dict": {"loss": torch.tensor(3.0), "logits": S, "extra": S * 0},
    "named key before others": {"embedding": S * 0, "out": S},
    "named key though dense others come first": {"mask": DENSE, "logits": S},
    "unnamed 2-D before unnamed dense": (DENSE, S),
    "dict of dicts": {"aux": {"loss": torch.tensor(1.0)}, "head": {"logits": S}},
    "tuple of dicts": ({"features": torch.zeros(2, 7, 3, 3, 3)}, {"out": {"scores": S}}),
    "mapping": UserDict(scores=S),
    "model output": ModelOutput(loss=None, logits=S, hidden_states=HIDDEN, attentions=ATTENTION),
    "model output with a loss an image": ModelOutput(loss=torch.zeros(2), scored=S),
    "named tuple with auxiliary scores": Aux(S, S * 0),
    "tuple with auxiliary scores": (S, S * 0, S * 0),
    "dataclass": Answer(torch.zeros(2, 4), S),
    "attribute": SimpleNamespace(logits=S),
    "integers beside": {"labels": torch.zeros(2, 5, dtype=torch.long), "values": S},
    "N, K, 1, 1": S[:, :, None, None],
    "N, 1, K": S[:, None],
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_scores_are_found_in_every_form(output: Any) -> None:
    assert torch.equal(find_scores(output, IMAGE), S)


@pytest.mark.parametrize("key", SCORE_KEYS)
def test_a_key_that_says_scores_goes_before_what_comes_first(key: str) -> None:
    assert torch.equal(find_scores({"first": S * 0, key: S}, IMAGE), S)


@pytest.mark.parametrize(
    ("t", "shape", "expected"),
    [
        (torch.zeros(2, 5, 8, 8), IMAGE, (2, 5, 8, 8)),
        (torch.zeros(2, 5, 3, 4), IMAGE, (2, 5, 3, 4)),
        (torch.zeros(2, 1, 8, 8), IMAGE, (2, 1, 8, 8)),
        (torch.zeros(2, 8, 8), IMAGE, (2, 1, 8, 8)),
        (torch.zeros(2, 3, 71), (2, 40, 100), (2, 3, 71)),
        (torch.zeros(2, 1, 71), (2, 40, 100), (2, 1, 71)),
        (torch.zeros(2, 3, 1), (2, 40, 100), (2, 3)),
        (torch.zeros(2, 4, 5, 6, 7), (2, 1, 5, 6, 7), (2, 4, 5, 6, 7)),
        (torch.zeros(2), IMAGE, (2, 1)),
        (torch.zeros(2, 1), IMAGE, (2, 1)),
        (torch.zeros(1), (1, 3, 8, 8), (1, 1)),
        (torch.zeros(5), (1, 3, 8, 8), (1, 5)),
    ],
)
def test_shapes(t: Tensor, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert find_scores(t, shape).shape == expected


def test_dense_scores_are_chosen_from_those_of_a_segmentation() -> None:
    assert find_scores({"out": DENSE, "aux": DENSE * 0}, IMAGE) is DENSE
    assert find_scores({"aux": DENSE * 0, "out": DENSE}, IMAGE) is DENSE


@pytest.mark.parametrize(
    ("output", "shape"),
    [
        (torch.zeros(5), IMAGE),  # neither one an image, nor a batch of one
        ((torch.zeros(5), torch.zeros(7)), (1, 3, 8, 8)),  # which of the two?
        (torch.zeros(2, 4, 9), IMAGE),  # steps of what?
        (torch.zeros(2, 8, 8, 5), (2, 3, 8)),
        (torch.zeros(3, 5), IMAGE),
        (torch.zeros(2, 0, 8, 8), IMAGE),
        (torch.tensor(1.0), IMAGE),
    ],
)
def test_what_cannot_be_read_names_shape_and_way_out(output: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"the model returned a tensor of shape .* accepted: .*forward=lambda"):
        find_scores(output, shape)


def test_all_tensors_of_an_output_are_known() -> None:
    found = tensors(ModelOutput(logits=S, hidden_states=HIDDEN, other={"deep": [DENSE]}))
    assert [id(t) for t in found] == [id(t) for t in (S, *HIDDEN, DENSE)]


def test_an_output_that_contains_itself_ends() -> None:
    loop: dict[str, Any] = {"logits": S}
    loop["self"] = loop
    assert find_scores(loop, IMAGE) is S
