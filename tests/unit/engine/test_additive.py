"""Whether maps add up to the score: found where it holds, denied where it does not, and then true of every region."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camwidget import demo
from camwidget.engine import CamEngine
from camwidget.engine.additive import adds_up
from camwidget.engine.preempt import Stopped
from tests.conftest import TinyCnn


class Headed(nn.Module):
    def __init__(self, head: Callable[..., Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.last = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.parts = nn.ModuleList(parts)
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.last(x), *self.parts)


def mean(a: Tensor) -> Tensor:
    return a.mean((2, 3))


def no_bias() -> nn.Linear:
    return nn.Linear(8, 30, bias=False)


LINEAR = {
    "mean": Headed(lambda a, fc: fc(mean(a)), nn.Linear(8, 30)),
    "sum, scaled": Headed(lambda a, fc: fc(a.sum((2, 3))) / 7, nn.Linear(8, 30)),
    "two linear layers": Headed(lambda a, one, two: two(one(mean(a))), nn.Linear(8, 16), nn.Linear(16, 30)),
}
OTHERS = {
    # all cells of these together give the score, too: each is homogeneous
    "maximum": Headed(lambda a, fc: fc(a.amax((2, 3))), no_bias()),
    "rectified": Headed(lambda a, one, fc: fc(one(mean(a)).relu()), nn.Linear(8, 8, bias=False), no_bias()),
    "leaky": Headed(
        lambda a, one, fc: fc(nn.functional.leaky_relu(one(mean(a)))),
        nn.Linear(8, 64, bias=False),
        nn.Linear(64, 30, bias=False),
    ),
    "generalised mean": Headed(lambda a, fc: fc(mean(a.abs().clamp(min=1e-6) ** 3) ** (1 / 3)), no_bias()),
    "norm": Headed(lambda a, n, fc: fc(n(mean(a))), nn.LayerNorm(8), nn.Linear(8, 30)),
    # straight as a line, as far as this picture goes
    "nearly linear": Headed(lambda a, fc: fc(100 * torch.tanh(0.01 * mean(a))), nn.Linear(8, 30)),
    "softmax": Headed(lambda a, fc: fc(mean(a)).softmax(1), nn.Linear(8, 30)),
    "flat": Headed(lambda a, fc: fc(a.flatten(1)), nn.LazyLinear(30)),  # one pass a class: not tried
}


def recorded(model: nn.Module, n: int = 2):
    x = torch.randn(n, 3, 12, 12)
    model.eval()(x)  # lazy layers learn their size
    return CamEngine(model).record(x)


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("variant", ["gradcam", "hirescam", "xgradcam"])
def test_linear_heads_are_found(name: str, variant: str) -> None:
    recording = recorded(LINEAR[name])
    assert adds_up(recording, "last", variant)
    maps = recording.all_cams("last", variant)
    constant = recording.scores - maps.flatten(2).sum(2)
    torch.testing.assert_close(constant[0], constant[1], rtol=1e-3, atol=1e-4)  # the same for any picture


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("variant", ["gradcam", "hirescam"])
def test_others_are_not(name: str, variant: str) -> None:
    assert not adds_up(recorded(OTHERS[name]), "last", variant)


def test_it_depends_on_the_variant() -> None:
    recording = recorded(Headed(lambda a, fc: fc(mean(a.relu())), nn.Linear(8, 30)))
    assert adds_up(recording, "last", "hirescam")
    for variant in ("gradcam", "layercam", "gradcam++", "eigencam", "scorecam"):
        assert not adds_up(recording, "last", variant), variant


def test_earlier_layers_are_first_order(cnn: TinyCnn, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    assert [layer for layer in recording.layers if adds_up(recording, layer)] == ["last"]


@pytest.mark.parametrize("name", ["demo", "resnet18"])
def test_all_cells_give_the_logit_less_its_bias(name: str) -> None:
    if name == "demo":
        model = demo.model()
        x, bias = demo.preprocess()(demo.image())[None], model.head.bias
    else:
        model = torchvision.models.resnet18(num_classes=100).eval()
        x, bias = torch.randn(1, 3, 96, 96), model.fc.bias
    recording = CamEngine(model).record(x)
    assert adds_up(recording)
    sums = recording.all_cams().flatten(2).sum(2)
    due = recording.scores - bias.detach()
    assert (sums - due).abs().max() <= 1e-3 * due.abs().max()
    assert ((sums - due).abs() <= 1e-3 * due.abs() + 1e-4).all()


def test_one_run_a_layer_and_nothing_is_left_behind(cnn: TinyCnn, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = CamEngine(cnn)
    recording = engine.record(x)
    runs, run = [], engine.run
    monkeypatch.setattr(engine, "run", lambda *args: runs.append(1) or run(*args))
    assert all(adds_up(recording, "last", variant) for variant in ("gradcam", "hirescam", "gradcam"))
    assert len(runs) == 1
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    assert adds_up(engine.record(x))  # lies in how the network is built
    assert len(runs) == 1
    assert not cnn.last._forward_hooks and "forward" not in cnn.last.__dict__


def test_a_newer_wish_ends_it(cnn: TinyCnn, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    with pytest.raises(Stopped):
        adds_up(recording, stop=lambda: True)
    assert adds_up(recording)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions(cnn: TinyCnn, x: Tensor, dtype: torch.dtype) -> None:
    recording = CamEngine(cnn.to(dtype)).record(x.to(dtype))
    assert adds_up(recording)
    assert not adds_up(CamEngine(OTHERS["rectified"].eval().to(dtype)).record(x.to(dtype)))
