"""Work that takes long says how far it is, ends soon when it is no longer wanted, and leaves no trace."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine
from camwidget.engine.methods import passes as passes_module
from camwidget.engine.preempt import Stopped
from camwidget.engine.stale import StaleRecordingError
from tests.unit.engine.networks import made

PASSES = [v.id for v in VARIANTS.values() if v.needs == "passes"]


def state(model: nn.Module) -> list[Any]:
    """All that a run could leave behind."""
    hooks = [
        (name, attribute, tuple(table))
        for name, module in model.named_modules()
        for attribute, table in vars(module).items()
        if "hooks" in attribute and isinstance(table, dict)
    ]
    tensors = [
        (t.data_ptr(), t._version, t.requires_grad, t.grad is None) for t in model.state_dict(keep_vars=True).values()
    ]
    own = [(name, "forward" in vars(module), module.training) for name, module in model.named_modules()]
    return [hooks, tensors, own, torch.get_rng_state().tolist(), torch.is_grad_enabled()]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes_module, "MOST_ROWS", 2)


@pytest.mark.parametrize("variant", PASSES)
@pytest.mark.parametrize("case", ["residual, in the block", "dense", "tokens"])
def test_a_run_that_is_stopped_leaves_no_trace_and_goes_on_where_it_ended(case: str, variant: str) -> None:
    model, x, layer = made(case)
    model.train()
    expected = CamEngine(model).record(x).cam(1, layer, variant)
    recording = CamEngine(model).record(x)
    before, left = state(model), [0]

    def later() -> bool:
        left[0] -= 1
        return left[0] < 0

    seen: list[tuple[int, int]] = []
    stopped = 0
    for left[0] in range(3, 2000, 40):
        try:
            found = recording.cam(1, layer, variant, stop=later, progress=lambda *done: seen.append(done))
        except Stopped:
            stopped += 1
            assert state(model) == before
        else:
            break
    assert stopped >= 2
    assert state(model) == before
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6 * float(expected.abs().max()))
    done = [d for d, _ in seen]
    assert len({total for _, total in seen}) == 1 and done[-1] == seen[-1][1]
    assert done == sorted(set(done)), "something ran twice"


@pytest.mark.parametrize("variant", PASSES)
def test_a_model_that_raises_half_way_leaves_no_trace(variant: str) -> None:
    class Failing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2, self.fc = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3), nn.Linear(6, 4)
            self.left = SimpleNamespace(calls=100)  # shared with the twin, which has its own lists

        def forward(self, x: Tensor) -> Tensor:
            self.left.calls -= 1
            if self.left.calls < 0:
                raise FloatingPointError("no more")
            return self.fc(self.conv2(self.conv1(x).relu()).relu().mean((2, 3)))

    model, x = Failing(), torch.randn(2, 3, 12, 12)
    expected = CamEngine(model).record(x).cam(1, "conv2", variant)
    recording, before = CamEngine(model).record(x), state(model)
    model.left.calls = 5
    with pytest.raises(FloatingPointError, match="no more"):
        recording.cam(1, "conv2", variant)
    assert state(model) == before
    model.left.calls = 100
    torch.testing.assert_close(recording.cam(1, "conv2", variant), expected)


@pytest.mark.parametrize("variant", PASSES)
def test_a_model_that_changes_meanwhile_is_said(variant: str) -> None:
    model, x, layer = made("dense")
    recording = CamEngine(model).record(x)

    def train(done: int, _total: int) -> None:
        if done >= 4:
            with torch.no_grad():
                model.fc.weight += 1

    with pytest.raises(StaleRecordingError):
        recording.cam(1, layer, variant, progress=train)


@pytest.mark.parametrize("variant", PASSES)
def test_other_threads_may_ask_the_same_meanwhile(variant: str) -> None:
    model, x, layer = made("dense")
    expected = CamEngine(model).record(x).cam(1, layer, variant)
    recording, found = CamEngine(model).record(x), []
    threads = [threading.Thread(target=lambda: found.append(recording.cam(1, layer, variant))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for each in found:
        torch.testing.assert_close(each, expected, rtol=1e-4, atol=1e-6 * float(expected.abs().max()))


@pytest.mark.parametrize("variant", PASSES)
def test_a_wish_to_stop_is_heard_before_the_next_module_runs(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes_module, "MOST_ROWS", 128)

    entered: list[int] = []

    class Step(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            entered.append(1)
            return x * 1.0

    model = nn.Sequential(
        nn.Conv2d(3, 40, 3), nn.ReLU(), *(Step() for _ in range(20)), nn.Flatten(), nn.Linear(4000, 3)
    )
    recording = CamEngine(model).record(torch.randn(1, 3, 12, 12))
    entered.clear()
    with pytest.raises(Stopped):  # the wish comes in the middle of a run
        recording.cam(1, "1", variant, stop=lambda: len(entered) >= 7)
    assert len(entered) == 7
