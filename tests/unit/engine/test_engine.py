"""What the engine accepts as a model and as an input, and what it says of the rest."""

from __future__ import annotations

from collections import OrderedDict, UserDict
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import CamEngine


class Ending(nn.Module):
    """A convolutional network whose scores ``(N, K)`` are handed to ``end``."""

    def __init__(self, end: Any) -> None:
        super().__init__()
        self.conv, self.fc, self.end = nn.Conv2d(3, 4, 3), nn.Linear(4, 5), end

    def forward(self, x: Tensor) -> Any:
        return self.end(self.fc(self.conv(x).relu().mean((2, 3))))


class Output(OrderedDict[str, Any]):
    """As Hugging Face's ModelOutput: a dict with attributes."""


# ---------------------------------------------------------------------- models


@pytest.mark.parametrize("wrong", [None, "resnet18", nn.Conv2d, lambda x: x, {"model": 1}, torch.zeros(1)])
def test_not_a_module(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"accepted: a torch\.nn\.Module"):
        CamEngine(wrong)


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_script_module_cannot_be_listened_to(cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(TypeError, match="ScriptModule cannot be listened to"):
        CamEngine(torch.jit.trace(cnn, x))


def test_wrapped_models_are_unwrapped(cnn: nn.Module, x: Tensor) -> None:
    expected = CamEngine(cnn).record(x).cam(2)
    compiled = torch.compile(cnn, backend="eager")
    for wrapped in (nn.DataParallel(cnn), compiled, nn.DataParallel(compiled)):
        engine = CamEngine(wrapped)
        assert engine.model is cnn
        assert torch.equal(engine.record(x).cam(2), expected)


@pytest.mark.parametrize(
    "end",
    [
        lambda s: {"loss": 3.0, "logits": s},
        lambda s: {"aux": s * 0, "out": s},
        lambda s: {"anything": s},
        lambda s: UserDict(scores=s),
        lambda s: Output(logits=s, hidden_states=None),
        lambda s: (s, s * 0),
        lambda s: [None, s],
        lambda s: SimpleNamespace(logits=s),
    ],
    ids=["logits", "out", "only tensor", "mapping", "model output", "tuple", "list", "attribute"],
)
def test_scores_are_found_in_what_is_returned(end: Any, x: Tensor) -> None:
    model = Ending(end)
    expected = model.fc(model.conv(x).relu().mean((2, 3))).detach()
    torch.testing.assert_close(CamEngine(model).record(x).scores, expected)


@pytest.mark.parametrize(
    ("end", "error", "says"),
    [
        (lambda s: None, TypeError, r"the model returned a NoneType; accepted: a tensor of scores \(N, K\)"),
        (lambda s: 3.5, TypeError, "the model returned a float"),
        (lambda s: {}, TypeError, r"a dict with keys \(none\).*keys looked for: logits, out"),
        (lambda s: {"boxes": [1], "n": 2}, TypeError, "a dict with keys 'boxes', 'n'"),
        (lambda s: [], TypeError, "the model returned a list"),
        (lambda s: (None, "text"), TypeError, "the model returned a tuple"),
        (lambda s: s[:, :, None].repeat(1, 1, 3), ValueError, r"\(2, 5, 3\) for 2 image\(s\); accepted: .* \(2, K\)"),
        (lambda s: s[0], ValueError, r"shape \(5,\)"),
        (lambda s: s.sum(), ValueError, r"shape \(\)"),
        (lambda s: s.repeat(2, 1), ValueError, r"shape \(4, 5\) for 2 image\(s\)"),
        (lambda s: s[:, :0], ValueError, r"shape \(2, 0\)"),
        (lambda s: (s > 0).long(), ValueError, "scores of dtype torch.int64; accepted: floating point"),
        (lambda s: s.detach(), ValueError, "scores do not depend on the input"),
        (lambda s: torch.zeros(2, 5), ValueError, "scores do not depend on the input"),
        (lambda s: torch.zeros(2, 5, requires_grad=True) * 2, ValueError, "no layer between input and scores"),
    ],
)
def test_no_scores(end: Any, error: type[Exception], says: str, x: Tensor) -> None:
    with pytest.raises(error, match=says):
        CamEngine(Ending(end)).record(x)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10), nn.ReLU(), nn.Linear(10, 4)),
        nn.Sequential(nn.Conv2d(3, 8, 32), nn.ReLU(), nn.Flatten(), nn.Linear(8, 4)),
        nn.Flatten(),
    ],
    ids=["perceptron", "1x1 grid", "no parameters"],
)
def test_no_layer_has_a_grid(model: nn.Module, x: Tensor) -> None:
    with pytest.raises(ValueError, match=r"no layer between input and scores has a grid .* accepted: a network"):
        CamEngine(model).record(x)


@pytest.mark.parametrize("sides", [(1,), (1, 1), (1, 1, 1)])
def test_an_input_of_one_place_has_no_grid_and_the_network_is_not_blamed(sides: tuple[int, ...]) -> None:
    kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[len(sides) - 1]
    model = nn.Sequential(kind(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ValueError, match="accepted: an input of more than one place"):
        CamEngine(model).record(torch.ones(1, 1, *sides))


def test_an_error_of_the_model_comes_through(cnn: nn.Module) -> None:
    with pytest.raises(RuntimeError, match="to have 3 channels"):
        CamEngine(cnn).record(torch.randn(1, 4, 32, 32))


def test_layers_outside_the_path_to_the_scores_are_not_on_offer(x: Tensor) -> None:
    class Branched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.side, self.cut = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 1)
            self.fc = nn.Linear(4, 5)

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            x = self.conv(x).relu()
            return {"aux": self.side(x), "logits": self.fc(x.mean((2, 3)) + self.cut(x).detach().mean((2, 3)))}

    recording = CamEngine(Branched()).record(x)
    assert list(recording.layers) == ["conv"]
    for name in ("side", "cut"):
        with pytest.raises(ValueError, match="has no grid of channels on the way to the scores"):
            recording.cam(0, name)


# ---------------------------------------------------------------------- inputs


@pytest.mark.parametrize("wrong", [None, "cat.png", [[1.0]], 3, torch.zeros(1, 3, 8, 8).numpy()])
def test_an_input_that_is_no_tensor(wrong: Any, cnn: nn.Module) -> None:
    with pytest.raises(TypeError, match=r"accepted: a torch.Tensor \(N, C, \*spatial\)"):
        CamEngine(cnn).record(wrong)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool, torch.complex64])
def test_an_input_that_is_not_floating_point(dtype: torch.dtype, cnn: nn.Module) -> None:
    with pytest.raises(TypeError, match=f"dtype {dtype}; accepted: a floating-point tensor"):
        CamEngine(cnn).record(torch.zeros(1, 3, 32, 32, dtype=dtype))


@pytest.mark.parametrize("shape", [(), (3,), (32, 32), (0, 3, 32, 32), (1, 0, 32, 32), (1, 3, 0, 32)])
def test_an_input_of_the_wrong_shape(shape: tuple[int, ...], cnn: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"accepted: .* not empty, such as") as error:
        CamEngine(cnn).record(torch.zeros(shape))
    assert str(shape) in str(error.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_an_input_that_is_not_finite(value: float, cnn: nn.Module, x: Tensor) -> None:
    x[1, 2, 3, 4] = value
    with pytest.raises(ValueError, match="x holds NaN or infinite values"):
        CamEngine(cnn).record(x)


def test_the_input_is_brought_to_the_models_dtype(cnn: nn.Module, x: Tensor) -> None:
    expected = CamEngine(cnn).record(x).cam(1)
    torch.testing.assert_close(CamEngine(cnn).record(x.double()).cam(1), expected)
    torch.testing.assert_close(CamEngine(cnn.double()).record(x).cam(1), expected, rtol=1e-4, atol=1e-5)


def test_sizes_are_read_apart(cnn: nn.Module) -> None:
    engine = CamEngine(cnn)
    for size in (32, 48, 32):
        assert engine.record(torch.randn(1, 3, size, size)).layers["last"].grid == (size // 4, size // 4)
    assert engine.record(torch.randn(4, 3, 48, 32)).cam(0).shape == (4, 12, 8)


def test_control_flow_that_differs_from_image_to_image() -> None:
    class Choosing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bright, self.dark, self.fc = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 3), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc((self.bright if x.mean() > 0 else self.dark)(x).mean((2, 3)))

    engine, x = CamEngine(Choosing()), torch.ones(1, 1, 8, 8)
    assert engine.record(x).default_layer == "bright"
    assert engine.record(-x).default_layer == "dark"
    assert engine.record(x).default_layer == "bright"


def test_a_failed_record_leaves_the_engine_usable(cnn: nn.Module, x: Tensor) -> None:
    engine = CamEngine(cnn)
    for wrong in (x[:, :2], x.long(), x * float("nan")):
        with pytest.raises((RuntimeError, TypeError, ValueError)):
            engine.record(wrong)
    assert torch.equal(engine.record(x).cam(0), CamEngine(cnn).record(x).cam(0))


def test_nothing_is_said_at_length(cnn: nn.Module, x: Tensor) -> None:
    engine = CamEngine(cnn)
    assert repr(engine) == "CamEngine(TinyCnn)"
    assert repr(engine.record(x)) == "Recording(x=(2, 3, 32, 32), classes=6, layers=9)"


def test_a_missing_batch_axis_is_named(cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(ValueError, match=r"x has shape \(3, 32, 32\).* x\[None\] of shape \(1, 3, 32, 32\)"):
        CamEngine(cnn).record(x[0])


def test_other_failures_of_the_model_stay_as_they_are(cnn: nn.Module) -> None:
    with pytest.raises(RuntimeError, match="channels"):
        CamEngine(cnn).record(torch.rand(1, 7, 32, 32))
