"""The user's model and input after every call, also one that raised: exactly as before."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import CamEngine
from tests.promises.snapshot import as_before, differences, of_everything


def test_the_snapshot_sees_what_it_should(cnn: nn.Module, x: Tensor) -> None:
    """A test of the tests: each of these is a difference."""
    changes: list[Callable[[], Any]] = [
        cnn.train,
        cnn.block.eval,
        lambda: cnn.fc.weight.requires_grad_(False),
        lambda: cnn.fc.weight.requires_grad_(True),
        lambda: cnn.fc.weight.data.add_(1e-6),
        lambda: setattr(cnn.fc.weight, "grad", torch.zeros_like(cnn.fc.weight)),
        lambda: cnn.block[1].running_mean.add_(1),
        lambda: cnn.block[1].num_batches_tracked.add_(1),
        lambda: cnn.stem.register_forward_hook(lambda *_: None),
        lambda: cnn.stem.register_full_backward_hook(lambda *_: None),
        lambda: setattr(cnn.stem[1], "inplace", False),
        lambda: setattr(cnn, "new", 1),
        lambda: setattr(cnn, "new", 2),
        lambda: setattr(cnn, "seen", [torch.zeros(2)]),
        lambda: cnn.seen[0].add_(1),
        lambda: cnn.seen.append(1),
        lambda: cnn.fc.weight.register_hook(lambda g: g),
        lambda: cnn.fc.weight.register_post_accumulate_grad_hook(lambda p: None),
        lambda: cnn.fc.weight.grad.add_(1),
        lambda: cnn.fc.register_state_dict_pre_hook(lambda *_: None),
        lambda: cnn.fc.register_load_state_dict_post_hook(lambda *_: None),
        lambda: cnn.fc.bias.detach().mul_(1),
        lambda: setattr(cnn.fc, "bias", nn.Parameter(cnn.fc.bias.detach())),
        lambda: setattr(cnn.fc, "forward", cnn.fc.forward),
        lambda: torch.set_num_threads(3),
        lambda: torch.set_num_threads(2),
        lambda: torch.use_deterministic_algorithms(True),
        lambda: torch.use_deterministic_algorithms(False),
        lambda: torch.set_grad_enabled(False),
        lambda: torch.set_grad_enabled(True),
        lambda: torch.rand(1),
        random.random,
        lambda: x.add_(1),
        x.requires_grad_,
    ]
    for change in changes:
        before = of_everything(cnn, x)
        change()
        assert list(differences(before, of_everything(cnn, x)))


# ---------------------------------------------------------------------- states of the model


def training(model: nn.Module, x: Tensor) -> None:
    model.train()


def frozen(model: nn.Module, x: Tensor) -> None:
    model.requires_grad_(False)


def mixed(model: nn.Module, x: Tensor) -> None:
    model.train()
    model.block.eval()
    model.fc.weight.requires_grad_(False)


def with_gradients(model: nn.Module, x: Tensor) -> None:
    model(x).sum().backward()


def with_user_hooks(model: nn.Module, x: Tensor) -> None:
    model.register_forward_hook(lambda *_: None)
    model.block.register_forward_pre_hook(lambda *_: None)
    model.last.register_full_backward_hook(lambda *_: None)
    model.fc.weight.register_hook(lambda g: g)


def input_wants_gradient(model: nn.Module, x: Tensor) -> None:
    x.requires_grad_()
    x.grad = torch.ones_like(x)


STATES = [lambda *_: None, training, frozen, mixed, with_gradients, with_user_hooks, input_wants_gradient]
STATE_IDS = ["as made", "training", "frozen", "mixed", "gradients", "user hooks", "input wants gradient"]
MODES = {"plain": nullcontext, "no_grad": torch.no_grad, "inference_mode": torch.inference_mode}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", STATES, ids=STATE_IDS)
def test_all_calls_leave_everything_as_it_was(
    state: Callable[[nn.Module, Tensor], None], mode: str, cnn: nn.Module, x: Tensor
) -> None:
    expected = CamEngine(cnn).record(x).cams([0, 1], "stem", "gradcam++")
    state(cnn, x)
    with MODES[mode](), as_before(cnn, x):
        engine = CamEngine(cnn)
        recording = engine.record(x)
        recording.cam(1)
        recording.cam([0, 5], "block", "xgradcam")
        made = recording.cams([0, 1], "stem", "gradcam++")
        recording.cams([0], "stem.0", "deconv_relu")
        recording.gradients(2, rule="guided")
        recording.activations("stem.0")
        engine.replay(x, "block.0")
        engine.record(x)
    # and evaluation mode gives the same answer in all of them
    torch.testing.assert_close(made, expected)


@pytest.mark.parametrize("mode", ["no_grad", "inference_mode"])
def test_an_input_made_without_gradients(mode: str, cnn: nn.Module, x: Tensor) -> None:
    expected = CamEngine(cnn).record(x).cam(3)
    with MODES[mode]():
        made = x.clone()
        inside = CamEngine(cnn).record(made)
    torch.testing.assert_close(CamEngine(cnn).record(made).cam(3), expected)
    torch.testing.assert_close(inside.cam(3), expected)
    assert not inside.cam(3).is_inference()


# ---------------------------------------------------------------------- models that raise or misbehave


class Raises(nn.Module):
    def __init__(self, inner: nn.Module, error: BaseException) -> None:
        super().__init__()
        self.inner, self.error = inner, error

    def forward(self, x: Tensor) -> Tensor:
        self.inner(x)
        torch.rand(3)
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt(), SystemExit(1)])
@pytest.mark.parametrize("state", [training, mixed], ids=["training", "mixed"])
def test_a_model_that_raises(state: Any, error: BaseException, cnn: nn.Module, x: Tensor) -> None:
    state(cnn, x)
    model = Raises(cnn, error)
    engine = CamEngine(model)
    for call in (lambda: engine.record(x), lambda: engine.replay(x, "inner.block")):
        with as_before(model, x), pytest.raises(type(error)):
            call()


def test_an_input_or_output_that_is_refused(cnn: nn.Module, x: Tensor) -> None:
    cnn.train()
    model = nn.Sequential(cnn, nn.Unflatten(1, (3, 2)))
    engine = CamEngine(model)
    with as_before(model, x):
        for wrong in (x, x[:, :2], x.long(), x[:0]):
            with pytest.raises((TypeError, ValueError, RuntimeError)):
                engine.record(wrong)


def test_an_answer_that_is_refused(cnn: nn.Module, x: Tensor) -> None:
    cnn.train()
    recording = CamEngine(cnn).record(x)
    with as_before(cnn, x):
        for arguments in ((9,), (0, "nowhere"), (0, None, "nothing"), ("cat",)):
            with pytest.raises((TypeError, ValueError)):
                recording.cam(*arguments)


class Restless(nn.Module):
    """Counts in a buffer, replaces one, uses randomness, writes to its input, changes its own mode: all in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        x.mul_(1 + torch.rand(()) * 0)
        x.add_(1)
        h = self.conv(x).relu()
        self.mean = h.mean((0, 2, 3)).detach()
        self.drop.train()
        return self.fc(self.drop(h.mean((2, 3))))


@pytest.mark.parametrize("mode", [True, False], ids=["training", "evaluation"])
def test_a_model_that_changes_itself(mode: bool, x: Tensor) -> None:
    model = Restless().train(mode)
    with as_before(model, x):
        engine = CamEngine(model)
        recording = engine.record(x)
        recording.cam(0)
        engine.replay(x, "conv")
    assert not recording.stale


def test_dropout_and_batch_norm_count_as_in_evaluation(cnn: nn.Module, x: Tensor) -> None:
    expected = CamEngine(cnn).record(x)
    cnn.train()
    recording = CamEngine(cnn).record(x)
    assert torch.equal(recording.scores, expected.scores)
    assert torch.equal(CamEngine(cnn).record(x).scores, expected.scores)


def test_a_model_that_overrides_eval_is_not_asked(x: Tensor) -> None:
    class Own(nn.Sequential):
        def train(self, mode: bool = True) -> Own:
            raise AssertionError("called")

    model = Own(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    with as_before(model, x):
        assert CamEngine(model).record(x).cam(0).shape == (2, 30, 30)


def test_random_numbers_after_are_those_that_would_have_come(cnn: nn.Module, x: Tensor) -> None:
    cnn.train()
    torch.manual_seed(7)
    expected = torch.rand(4)
    torch.manual_seed(7)
    CamEngine(cnn).record(x).cam(0)
    assert torch.equal(torch.rand(4), expected)


def test_a_training_step_afterwards_is_the_same(cnn: nn.Module, x: Tensor) -> None:
    def trained(look: bool) -> dict[str, Tensor]:
        torch.manual_seed(3)
        model = type(cnn)()
        model.load_state_dict(cnn.state_dict())
        model.train()
        optimiser = torch.optim.SGD(model.parameters(), 0.1)
        for _ in range(2):
            optimiser.zero_grad()
            loss = model(x).square().mean()
            if look:
                CamEngine(model).record(x).cam(0, variant="guided_relu")
            loss.backward()
            optimiser.step()
        return model.state_dict()

    for (name, one), two in zip(trained(False).items(), trained(True).values(), strict=True):
        assert torch.equal(one, two), name
