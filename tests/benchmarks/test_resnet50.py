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


@pytest.fixture(scope="module")
def expected(model: nn.Module, x: Tensor) -> tuple[int, Tensor]:
    """A class whose map is not blank after the ReLU, and its signed map by hand: all must answer the same question."""
    seen: list[Tensor] = []
    handle = model.layer4.register_forward_hook(lambda _m, _a, output: seen.append(output))
    scores = model(x)
    handle.remove()
    for target in range(CLASSES):
        (g,) = torch.autograd.grad(scores[0, target], seen[0], retain_graph=True)
        signed = (g.mean((2, 3), keepdim=True) * seen[0]).sum(1).detach()
        if (signed > 0).float().mean() > 0.3:
            return target, signed
    raise AssertionError("no class has a map with positive values")


def same(map_: Tensor, expected: Tensor) -> bool:
    assert float(expected.abs().max()) > 0
    return torch.allclose(map_.detach().reshape(expected.shape), expected, rtol=0, atol=1e-5 * float(expected.max()))


def unit(map_: Tensor) -> Tensor:
    return (map_ - map_.min()) / (map_.max() - map_.min())


@pytest.fixture
def classes() -> Iterator[int]:
    return itertools.cycle(range(CLASSES))


@pytest.mark.benchmark(group="click: ResNet-50, layer4")
class TestClick:
    def test_click_camwidget(self, benchmark, model, x, classes, expected):
        recording = CamEngine(model).record(x)
        target, signed = expected
        assert same(CamEngine(model).record(x).cams([target]), signed)
        # fewer rounds than classes: no class is asked twice, so nothing comes from a cache
        benchmark.pedantic(lambda: recording.cam(next(classes)), rounds=CLASSES - 50, warmup_rounds=50)

    def test_click_bare_autograd(self, benchmark, model, x, classes, expected):
        seen: list[Tensor] = []
        handle = model.layer4.register_forward_hook(lambda _m, _a, output: seen.append(output))
        scores = model(x)
        handle.remove()
        activations = seen[0]

        def click(target: int | None = None) -> Tensor:
            chosen = next(classes) if target is None else target
            (g,) = torch.autograd.grad(scores[0, chosen], activations, retain_graph=True)
            return (g.mean((2, 3), keepdim=True) * activations).sum(1).relu()

        target, signed = expected
        assert same(click(target), signed.relu())
        benchmark.pedantic(click, rounds=500, warmup_rounds=20)

    def test_click_captum(self, benchmark, model, x, classes, expected):
        peer = LayerGradCam(model, model.layer4)
        target, signed = expected
        assert same(peer.attribute(x, target), signed)
        benchmark.pedantic(lambda: peer.attribute(x, next(classes)), rounds=30, warmup_rounds=3)

    def test_click_pytorch_grad_cam(self, benchmark, model, x, classes, expected):
        with GradCAM(model=model, target_layers=[model.layer4]) as peer:
            target, signed = expected
            # it scales to [0, 1], before and after enlarging to the size of the input
            large = unit(torch.nn.functional.interpolate(unit(signed.relu())[None], x.shape[2:], mode="bilinear")[0])
            theirs = torch.from_numpy(peer(input_tensor=x, targets=[ClassifierOutputTarget(target)]))
            assert torch.allclose(theirs, large, atol=1e-3)
            click = lambda: peer(input_tensor=x, targets=[ClassifierOutputTarget(next(classes))])  # noqa: E731
            benchmark.pedantic(click, rounds=20, warmup_rounds=2)


@pytest.mark.benchmark(group="record: ResNet-50")
class TestRecord:
    def test_record_camwidget(self, benchmark, model, x):
        engine = CamEngine(model)
        recording = benchmark.pedantic(lambda: engine.record(x), rounds=40, warmup_rounds=4)
        assert torch.allclose(recording.scores, model(x), atol=1e-5)

    def test_record_bare_forward(self, benchmark, model, x):
        scores = benchmark.pedantic(lambda: model(x), rounds=40, warmup_rounds=4)
        assert scores.requires_grad  # the graph is kept here, too


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
