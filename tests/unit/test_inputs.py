"""Whether an input is a picture, a signal or a volume, told by the model and the shape."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import inputs, preprocessing
from camwidget.engine import CamEngine

ONE, TWO, THREE = nn.Conv1d(1, 4, 3), nn.Conv2d(3, 4, 3), nn.Conv3d(3, 4, 3)


class Own(nn.Module):
    """A convolution of its own: a weight, and nothing of torch's layers."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 2, 3))
        self.class_token = nn.Parameter(torch.randn(1, 1, 4, 4))


@pytest.mark.parametrize(
    ("model", "given", "kind"),
    [
        (ONE, torch.zeros(50), "signal"),
        (ONE, torch.zeros(1, 50), "signal"),
        (ONE, np.zeros((1, 1, 50), np.float32), "signal"),
        (TWO, torch.zeros(3, 20, 20), "picture"),
        (TWO, torch.zeros(1, 3, 20, 20), "picture"),
        (TWO, np.zeros((20, 20)), "picture"),
        (TWO, "photo.png", "picture"),
        (THREE, torch.zeros(3, 8, 20, 20), "volume"),
        (THREE, torch.zeros(1, 3, 8, 20, 20), "volume"),
        (Own(), torch.zeros(2, 50), "signal"),
        # Conv1d among the channels of a network for pictures, as in ECA-Net
        (nn.Sequential(TWO, ONE), torch.zeros(1, 28, 28), "picture"),
        (nn.Sequential(TWO, ONE), torch.zeros(3, 28, 28), "picture"),
        (nn.Sequential(ONE, TWO), "photo.png", "picture"),
        (nn.Sequential(ONE, TWO), torch.zeros(3, 28, 28), "picture"),
        (nn.Linear(3, 4), torch.zeros(3, 20, 20), "picture"),
        (nn.DataParallel(ONE), torch.zeros(1, 50), "signal"),
    ],
)
def test_the_kind_follows_from_the_model_and_the_shape(model: nn.Module, given: object, kind: str) -> None:
    assert inputs.find_kind(given, model) == kind


@pytest.mark.parametrize(
    ("model", "given", "says"),
    [
        (ONE, "sound.wav", r"a str was given, and this network takes a signal, for it has Conv1d: .*\(C, L\).*kind="),
        (ONE, torch.zeros(2, 3, 4, 5), r"a Tensor of shape \(2, 3, 4, 5\) was given, and this network takes a signal"),
        (THREE, torch.zeros(8, 20, 20), r"this network takes a volume, for it has Conv3d: .*\(C, D, H, W\)"),
    ],
)
def test_what_the_model_cannot_take_is_said(model: nn.Module, given: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        inputs.read(given, model, preprocessing.find(model))


def test_the_kind_can_be_said() -> None:
    """(1, 28, 28) is a grey picture, or one signal of 28 channels."""
    model, given = nn.Sequential(TWO, ONE), torch.rand(1, 28, 28)
    known = preprocessing.find(nn.Conv2d(1, 4, 3))
    assert inputs.read(given, model, known).kind == "picture"
    assert inputs.read(given, model, known, kind="signal").input.shape == (1, 28, 28)
    assert inputs.read(torch.rand(1, 2, 3, 4, 5), TWO, known, kind="volume").kind == "volume"
    with pytest.raises(ValueError, match="unknown kind 'signall'; did you mean 'signal'"):
        inputs.read(given, model, known, kind="signall")


@pytest.mark.parametrize("keywords", [{"rate": 10}, {"display": torch.zeros(9)}])
def test_what_is_for_signals_only_is_refused_elsewhere(keywords: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is for signals, and this is a picture"):
        inputs.read(torch.rand(3, 20, 20), TWO, preprocessing.find(TWO), **keywords)


def test_a_signal_that_the_network_fails_on_is_an_error_with_both_shapes() -> None:
    model = nn.Sequential(nn.Conv1d(40, 4, 3), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    subject = inputs.read(torch.zeros(311, 40), model, preprocessing.find(model))
    with pytest.raises(ValueError, match=r"signal of shape \(1, 311, 40\).*Conv1d takes 40 channels.*\(C, L\)"):
        inputs.record(CamEngine(model), subject)


def test_a_network_for_pictures_says_itself_what_is_wrong() -> None:
    with pytest.raises(RuntimeError, match="channels"):
        inputs.record(CamEngine(TWO), inputs.read(torch.rand(4, 9, 9), TWO, preprocessing.Preprocessing(id, "")))


def test_changing_the_given_tensor_later_changes_nothing() -> None:
    for model, given in ((ONE, torch.ones(1, 50)), (THREE, torch.ones(3, 4, 8, 8))):
        read: Tensor = inputs.read(given, model, preprocessing.find(model)).input
        given.zero_()
        assert read.min() == 1
