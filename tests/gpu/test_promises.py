"""Not a trace is left on the device, its generators and its memory; and the widget works from there."""

from __future__ import annotations

import copy
import gc

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.preempt import Stopped
from tests.promises.snapshot import as_before
from tests.promises.subjects import SIZE, SUBJECTS, Net
from tests.registry import ALL


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest, device: torch.device) -> nn.Module:
    return SUBJECTS[request.param]().to(device)


@pytest.fixture
def x(device: torch.device) -> Tensor:
    return torch.randn(2, 3, SIZE, SIZE, device=device)


def test_every_variant_leaves_everything_as_it_was(subject: nn.Module, x: Tensor) -> None:
    engine = CamEngine(subject)
    with as_before(subject, x):
        recording = engine.record(x)
    for variant in ALL:
        for layer in (None, "block"):
            with as_before(subject, x):
                recording.cams([0, 3], layer, variant)
    with as_before(subject, x):
        assert not recording.stale


def test_calls_that_raise_or_are_cancelled(subject: nn.Module, x: Tensor) -> None:
    engine = CamEngine(subject)
    recording = engine.record(x)
    with as_before(subject, x):
        for call in (
            lambda: recording.cam(99),
            lambda: recording.cam(0, "nowhere"),
            lambda: engine.record(x * torch.nan),
            lambda: recording.cams([0, 1], "block", stop=lambda: True),
        ):
            with pytest.raises((TypeError, ValueError, Stopped)):
                call()


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_without_gradients(around, device: torch.device, x: Tensor) -> None:
    model = Net().eval().to(device)
    expected = CamEngine(model).record(x).cam(1)
    with around(), as_before(model, x):
        found = CamEngine(model).record(x).cam(1)
    torch.testing.assert_close(found, expected)


def test_frozen_channels_last_and_wrapped(device: torch.device, x: Tensor) -> None:
    model = Net().eval().to(device)
    expected = CamEngine(model).record(x).cam(1)
    model = model.requires_grad_(False).to(memory_format=torch.channels_last)
    for around in (lambda m: m, nn.DataParallel):
        found = CamEngine(around(model)).record(x).cam(1)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


class TwoDevices(nn.Module):
    """The head stays on the CPU, as when a large model is spread."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()).to(device)
        self.second = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.fc = nn.Linear(8, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.second(self.body(x).cpu()).mean((2, 3)))


def test_a_model_on_two_devices(device: torch.device, x: Tensor) -> None:
    model = TwoDevices(device).eval()
    with as_before(model, x):
        recording = CamEngine(model).record(x)
        found = {layer: recording.cams([0, 5], layer) for layer in ("body", "second")}
    reference = CamEngine(copy.deepcopy(model).cpu()).record(x.cpu())
    for layer, maps in found.items():
        expected = reference.cams([0, 5], layer)
        torch.testing.assert_close(maps.cpu(), expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


def test_the_memory_of_the_device_is_given_back(device: torch.device, x: Tensor) -> None:
    if device.type != "cuda":
        pytest.skip("counts the bytes of a CUDA device")
    model = Net().eval().to(device)
    for variant in ALL:  # what libraries keep for themselves
        CamEngine(model).record(x).cam(0, variant=variant)
    gc.collect()
    before = torch.cuda.memory_allocated(device)
    for _ in range(5):
        engine = CamEngine(model)
        recording = engine.record(x)
        for variant in ALL:
            recording.cams([0, 1], "block", variant)
        del recording, engine
    gc.collect()
    assert torch.cuda.memory_allocated(device) <= before


def test_a_model_that_draws_numbers_leaves_the_generator_of_the_device(device: torch.device, x: Tensor) -> None:
    model = SUBJECTS["draws numbers"]().to(device)
    engine = CamEngine(model)
    for _ in range(2):
        with as_before(model, x):
            engine.record(x)
