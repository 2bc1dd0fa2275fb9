"""Work that is no longer wanted ends on the way, and leaves everything as it was."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.preempt import Stopped


@pytest.mark.parametrize("rule", ["standard", "guided", "deconv"])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_pass_ends_on_the_way_and_can_be_made_again(cnn: nn.Module, x: Tensor, rule: str, after: int) -> None:
    recording, reference = CamEngine(cnn).record(x), CamEngine(cnn).record(x)
    asked: list[int] = []
    with pytest.raises(Stopped):
        recording.gradients(2, rule=rule, stop=lambda: asked.append(1) or len(asked) > after)
    assert len(asked) == after + 1
    again, expected = recording.gradients(2, rule=rule), reference.gradients(2, rule=rule)
    assert all(torch.equal(again[name], expected[name]) for name in expected)


def test_it_is_asked_often_on_the_way_through_a_deep_network() -> None:
    model = torchvision.models.resnet18(weights=None).eval()
    recording, asked = CamEngine(model).record(torch.randn(1, 3, 64, 64)), []
    recording.gradients(3, stop=lambda: asked.append(1) is not None)
    assert len(asked) >= 20  # each block, and what is inside


def test_a_pass_that_nobody_may_stop_has_no_hooks(cnn: nn.Module, x: Tensor) -> None:
    recording, asked = CamEngine(cnn).record(x), []
    recording.gradients(1, stop=lambda: asked.append(1) is not None)
    passed = len(asked)
    recording.gradients(2)
    assert len(asked) == passed > 0


def test_what_was_finished_before_is_kept(cnn: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = CamEngine(cnn).record(x)
    passes, original = [], torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: passes.append(1) or original(*a, **k))
    with pytest.raises(Stopped):
        recording.cams([0, 1, 2], "block", stop=lambda: len(passes) == 3)
    recording.cams([0, 1], "block")
    assert len(passes) == 3
