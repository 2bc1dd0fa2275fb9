"""Around every public call of the engine, on awkward networks: the model, the input and torch are as before."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine
from camwidget.engine.preempt import Stopped
from tests.promises.snapshot import as_before, differences, of_everything
from tests.promises.subjects import SUBJECTS

EARLY = "block"


def after(calls: int) -> Callable[[], bool]:
    """A ``stop`` that says so from this call on."""
    counter = itertools.count()
    return lambda: next(counter) >= calls


def test_every_call_with_every_variant(subject: nn.Module, x: Tensor) -> None:
    with as_before(subject, x):
        engine = CamEngine(subject)
    with as_before(subject, x):
        recording = engine.record(x)
    for layer, variant in itertools.product((None, EARLY), VARIANTS):
        with as_before(subject, x):
            recording.cam(1, layer, variant)
        with as_before(subject, x):
            recording.cams([0, 5], layer, variant)
        with as_before(subject, x):
            if recording.all_at_once(layer, variant):
                recording.all_cams(layer, variant)
        with as_before(subject, x):
            recording.rectifiers_above(layer)
    for rule in ("standard", "guided", "deconv"):
        with as_before(subject, x):
            recording.gradients([2, 3], rule=rule)
    for layer in recording.layers:
        with as_before(subject, x):
            recording.activations(layer)
    with as_before(subject, x):
        engine.replay(x, EARLY)
    with as_before(subject, x):
        assert not recording.stale
    with as_before(subject, x):
        engine.record(x)  # the layout is known by now
    with as_before(subject, x):
        CamEngine(subject, memory=60_000).record(x).cam(0)  # from a layer in the middle on
    with as_before(subject, x):
        CamEngine(subject, autocast=torch.bfloat16).record(x).cam(0)


def test_calls_that_raise(subject: nn.Module, x: Tensor) -> None:
    engine = CamEngine(subject)
    recording = engine.record(x)
    wrong = [
        lambda: recording.cam(99),
        lambda: recording.cam("cat"),
        lambda: recording.cam([0, 1, 2]),
        lambda: recording.cam(0, "nowhere"),
        lambda: recording.cam(0, "fc"),
        lambda: recording.cam(0, variant="nothing"),
        lambda: recording.cams([]),
        lambda: recording.gradients(0, ["nowhere"]),
        lambda: recording.gradients(0, rule="nothing"),
        lambda: recording.activations("nowhere"),
        lambda: recording.all_cams("nowhere"),
        lambda: engine.replay(x, "nowhere"),
        lambda: engine.record(x[:, :2]),
        lambda: engine.record(x.long()),
        lambda: engine.record(x * torch.nan),
        lambda: engine.record(None),
        lambda: CamEngine(subject, autocast="bf16"),
        lambda: CamEngine(subject, memory=-1),
    ]
    for call in wrong:
        with as_before(subject, x), pytest.raises((TypeError, ValueError, RuntimeError, AttributeError)):
            call()


@pytest.mark.parametrize("calls", [0, 1, 2, 4])
def test_calls_that_are_cancelled_half_way(calls: int, subject: nn.Module, x: Tensor) -> None:
    recording = CamEngine(subject).record(x)
    for variant in VARIANTS:
        with as_before(subject, x):
            _tried(lambda v=variant: recording.cams([0, 1, 2], EARLY, v, stop=after(calls)))
        with as_before(subject, x):
            if recording.all_at_once(None, variant):
                _tried(lambda v=variant: recording.all_cams(None, v, stop=after(calls)))
    for rule in ("standard", "guided", "deconv"):
        with as_before(subject, x):
            _tried(lambda r=rule: recording.gradients(4, rule=r, stop=after(calls)))
    # and what was cancelled is made whole by the next call
    fresh = CamEngine(subject).record(x)
    if not _draws(subject):
        for variant in VARIANTS:
            torch.testing.assert_close(
                recording.cams([0, 1, 2], EARLY, variant), fresh.cams([0, 1, 2], EARLY, variant), equal_nan=True
            )


def _draws(model: nn.Module) -> bool:
    return type(model).__name__ == "Drawing"


def _tried(call: Callable[[], object]) -> None:
    with contextlib.suppress(Stopped):
        call()


class Around(nn.Module):
    """Runs a network, then goes wrong."""

    def __init__(self, inner: nn.Module, wrong: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.inner, self.wrong = inner, wrong

    def forward(self, x: Tensor) -> object:
        return self.wrong(self.inner(x))


def raises(_scores: Tensor) -> object:
    raise ZeroDivisionError("in the middle")


USELESS = {
    "raises": raises,
    "nothing": lambda scores: None,
    "text": lambda scores: "cat",
    "an empty dict": lambda scores: {},
    "a number": lambda scores: scores.sum().item(),
    "detached": lambda scores: scores.detach(),
    "rounded": lambda scores: scores.argmax(1, keepdim=True),
    "another number of images": lambda scores: scores[:1],
}


@pytest.mark.parametrize("wrong", USELESS)
def test_a_model_that_raises_or_returns_nothing_usable(wrong: str, subject: nn.Module, x: Tensor) -> None:
    model = Around(subject, USELESS[wrong])
    with as_before(model, x):
        engine = CamEngine(model)
    for _ in range(2):
        with as_before(model, x), pytest.raises((TypeError, ValueError, ZeroDivisionError)):
            engine.record(x)


PASSIVE = ("pruned", "weight norm", "lazy, materialised", "frozen, with a gradient")
RESTLESS = [name for name in SUBJECTS if name not in PASSIVE]
"""A pass of their own leaves traces; the others are stored in an unusual way."""


@pytest.mark.parametrize("name", RESTLESS)
def test_the_networks_are_as_awkward_as_they_say(name: str, x: Tensor) -> None:
    """A test of the tests: a plain pass of them as they were made is seen by the snapshot."""
    model = SUBJECTS[name]()
    before = of_everything(model, x)
    model(x)
    assert list(differences(before, of_everything(model, x)))
