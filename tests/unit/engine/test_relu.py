"""The rules of the rectifiers, against networks built of rectifiers that have the rule in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.relu import RULES, backward_rule, is_rectifier

MASKS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "standard": lambda r, open_: r * open_,
    "guided": lambda r, open_: r * open_ * (r > 0),
    "deconv": lambda r, open_: r * (r > 0),
}


def ruled(rule: str, top: float) -> Callable[[Tensor], Tensor]:
    """A rectifier whose own backward is the rule, as other implementations replace modules."""

    class Ruled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x.clamp(0, top)

        @staticmethod
        def backward(ctx: Any, r: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return MASKS[rule](r, (x > 0) & (x < top))

    return Ruled.apply


class Chain(nn.Module):
    """Three rectifiers of one kind between convolutions, with a skip past the second."""

    def __init__(self, rectify: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 8, 3)
        self.fc = nn.Linear(8, 4)
        self.rectify = rectify

    def forward(self, x: Tensor) -> Tensor:
        x = self.rectify(self.a(x))
        x = self.rectify(self.b(x)) + x
        x = self.rectify(self.c(x))
        return self.fc(x.mean((2, 3)))


INF = float("inf")
RECTIFIERS = {
    "module": (nn.ReLU(), INF),
    "module in place": (nn.ReLU(inplace=True), INF),
    "functional": (F.relu, INF),
    "functional in place": (F.relu_, INF),
    "method": (lambda x: x.relu(), INF),
    "relu6": (nn.ReLU6(), 6.0),
    "relu6 in place": (nn.ReLU6(inplace=True), 6.0),
    "relu6 functional": (F.relu6, 6.0),
    "hard tanh from 0": (nn.Hardtanh(0, 2), 2.0),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", RECTIFIERS)
def test_equals_rectifiers_with_the_rule_in_them(kind: str, rule: str) -> None:
    rectify, top = RECTIFIERS[kind]
    model, by_hand = Chain(rectify), Chain(ruled(rule, top))
    by_hand.load_state_dict(model.state_dict())
    x = torch.randn(2, 3, 12, 12) * 4  # some values above 6
    layers = ["a", "b", "c"]
    made = CamEngine(model).record(x).gradients(1, layers, rule)
    expected = CamEngine(by_hand).record(x).gradients(1, layers)
    for layer in layers:
        assert expected[layer].abs().max() > 0
        assert torch.equal(made[layer], expected[layer]), layer


def test_the_rules_differ_below_a_rectifier_and_agree_above(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    below = [recording.gradients(2, ["stem"], rule)["stem"] for rule in RULES]
    above = [recording.gradients(2, ["last"], rule)["last"] for rule in RULES]
    assert torch.equal(above[0], above[1]) and torch.equal(above[0], above[2])
    assert not torch.equal(below[0], below[1])
    assert not torch.equal(below[0], below[2])
    assert not torch.equal(below[1], below[2])


def test_a_pass_leaves_no_hook_for_the_next(cnn: nn.Module, x: Tensor) -> None:
    clean = CamEngine(cnn).record(x).gradients(2, ["stem"])["stem"]
    recording = CamEngine(cnn).record(x)
    for rule in ("guided", "deconv", "guided"):
        recording.gradients(2, ["stem"], rule)
        recording.gradients(3, ["stem"], rule)
    assert torch.equal(recording.gradients(2, ["stem"])["stem"], clean)


def test_hooks_go_after_an_exception(cnn: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = CamEngine(cnn).record(x).gradients(2, ["stem"])["stem"]
    recording = CamEngine(cnn).record(x)
    original = torch.autograd.grad

    def fails(*args: Any, **kwargs: Any) -> Any:
        original(*args, **kwargs)
        raise RuntimeError("out of memory")

    for rule in ("guided", "deconv"):
        with monkeypatch.context() as patched:
            patched.setattr(torch.autograd, "grad", fails)
            with pytest.raises(RuntimeError, match="out of memory"):
                recording.gradients(2, ["stem"], rule)
    assert torch.equal(recording.gradients(2, ["stem"])["stem"], clean)


def test_hooks_go_when_the_block_raises() -> None:
    x = torch.tensor([-1.0, 1.0], requires_grad=True)
    y = x.relu()
    assert y.grad_fn is not None

    def use(error: Exception) -> None:
        with backward_rule([y.grad_fn], "deconv"):
            (inside,) = torch.autograd.grad(y, x, torch.tensor([3.0, -3.0]), retain_graph=True)
            assert inside.tolist() == [3.0, 0.0]
            raise error

    with pytest.raises(KeyError):
        use(KeyError())
    (after,) = torch.autograd.grad(y, x, torch.tensor([3.0, -3.0]))
    assert after.tolist() == [0.0, -3.0]


@pytest.mark.parametrize("rule", ["", "Guided", "relu", None])
def test_wrong_rule(rule: Any) -> None:
    with (
        pytest.raises(ValueError, match=r"unknown rule .* accepted: standard, guided, deconv"),
        backward_rule([], rule),
    ):
        pass


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (torch.relu, True),
        (F.relu6, True),
        (lambda x: F.hardtanh(x, -1, 1), False),
        (F.leaky_relu, False),
        (F.gelu, False),
        (F.silu, False),
        (F.hardswish, False),
        (torch.sigmoid, False),
        (lambda x: x + 1, False),
    ],
)
def test_what_is_a_rectifier(make: Callable[[Tensor], Tensor], expected: bool) -> None:
    assert is_rectifier(make(torch.randn(3, requires_grad=True)).grad_fn) is expected


@pytest.mark.parametrize("kind", RECTIFIERS)
def test_counts_the_rectifiers_above_a_layer(kind: str) -> None:
    recording = CamEngine(Chain(RECTIFIERS[kind][0])).record(torch.randn(1, 3, 12, 12))
    assert [recording.rectifiers_above(layer) for layer in ("a", "b", "c")] == [3, 2, 1]


def test_a_rectifier_that_is_the_layer_is_not_above_it(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    assert [recording.rectifiers_above(layer) for layer in ("stem", "block", "last", None)] == [2, 1, 0, 0]
