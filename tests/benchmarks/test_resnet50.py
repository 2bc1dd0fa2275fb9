"""What a click costs on ResNet-50, peers side by side in one run. ``make bench`` prints the table; the bars are tests
at the end.

Every library is asked as its users ask it, for another class in every round, at the same layer, on the same image.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator

import pytest
import torch
import torchvision
from captum.attr import LayerGradCam
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from camwidget import CamEngine

CLASSES = 1000


@pytest.fixture(scope="module")
def model() -> nn.Module:
    torch.manual_seed(0)
    return torchvision.models.resnet50(weights=None).eval()


@pytest.fixture(scope="module")
def x() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(1, 3, 224, 224)


@pytest.fixture
def classes() -> Iterator[int]:
    return itertools.cycle(range(CLASSES))


@pytest.mark.benchmark(group="click: ResNet-50, layer4")
class TestClick:
    def test_click_camwidget(self, benchmark, model, x, classes):
        recording = CamEngine(model).record(x)
        # fewer rounds than classes: no class is asked twice, so nothing comes from a cache
        benchmark.pedantic(lambda: recording.cam(next(classes)), rounds=CLASSES - 50, warmup_rounds=50)

    def test_click_bare_autograd(self, benchmark, model, x, classes):
        seen: list[Tensor] = []
        handle = model.layer4.register_forward_hook(lambda _m, _a, output: seen.append(output))
        scores = model(x)
        handle.remove()
        activations = seen[0]

        def click() -> Tensor:
            (g,) = torch.autograd.grad(scores[0, next(classes)], activations, retain_graph=True)
            return (g.mean((2, 3), keepdim=True) * activations).sum(1).relu()

        benchmark.pedantic(click, rounds=500, warmup_rounds=20)

    def test_click_captum(self, benchmark, model, x, classes):
        peer = LayerGradCam(model, model.layer4)
        benchmark.pedantic(lambda: peer.attribute(x, next(classes)), rounds=30, warmup_rounds=3)

    def test_click_pytorch_grad_cam(self, benchmark, model, x, classes):
        with GradCAM(model=model, target_layers=[model.layer4]) as peer:
            click = lambda: peer(input_tensor=x, targets=[ClassifierOutputTarget(next(classes))])  # noqa: E731
            benchmark.pedantic(click, rounds=20, warmup_rounds=2)


@pytest.mark.benchmark(group="record: ResNet-50")
class TestRecord:
    def test_record_camwidget(self, benchmark, model, x):
        engine = CamEngine(model)
        benchmark.pedantic(lambda: engine.record(x), rounds=40, warmup_rounds=4)

    def test_record_bare_forward(self, benchmark, model, x):
        benchmark.pedantic(lambda: model(x), rounds=40, warmup_rounds=4)


class TestBars:
    """The bars of the first release."""

    @pytest.mark.parametrize("peer", ["captum", "pytorch_grad_cam"])
    def test_a_click_is_a_hundred_times_faster(self, median: Callable[[str], float], peer: str):
        ratio = median(f"test_click_{peer}") / median("test_click_camwidget")
        print(f"\nclick: {ratio:.0f} x faster than {peer}")
        assert ratio >= 100

    def test_recording_costs_a_tenth_more_than_a_forward_pass(self, model: nn.Module, x: Tensor):
        # so close a bar needs the two taken in turn: a machine's speed drifts by more than a tenth
        engine = CamEngine(model)
        ratio = in_turn(lambda: engine.record(x), lambda: model(x))
        print(f"\nrecord: {ratio:.3f} x a bare forward pass with graph")
        assert ratio <= 1.10


def in_turn(a: Callable[[], object], b: Callable[[], object], rounds: int = 40) -> float:
    """Median time of ``a`` over that of ``b``, the two taken in turn. What they return is kept until the next round."""
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(rounds + 3):
        for f, taken in zip((a, b), times, strict=True):
            start = time.perf_counter()
            kept = f()
            if i >= 3:
                taken.append(time.perf_counter() - start)
            del kept
    return statistics.median(times[0]) / statistics.median(times[1])
