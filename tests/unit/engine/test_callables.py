"""Targets that are callables of what the model returned, and models that are called through ``forward``."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import CamEngine, Recording, Target
from tests.conftest import TinyCnn
from tests.unit.engine.test_targets import Segmenter

close = torch.testing.assert_close


class TwoHeads(nn.Module):
    """Scores and an embedding; ``side`` leads only to the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.main, self.side = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 8, 3), nn.Conv2d(6, 8, 3)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> dict[str, Any]:
        x = self.stem(x).relu()
        return {"logits": self.fc(self.main(x).relu().mean((2, 3))), "deep": {"embedding": self.side(x).mean((2, 3))}}


class Tabular(nn.Module):
    """A network of a picture and numbers beside it, ``(N, 3, H, W)`` and ``(N, 2)``."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)
        self.fc = nn.Linear(8 + 2, 4)

    def forward(self, pixels: Tensor, numbers: Tensor) -> Tensor:
        return self.fc(torch.cat([self.norm(self.conv(pixels)).relu().mean((2, 3)), numbers], 1))


@pytest.fixture
def recording(x: Tensor) -> Recording:
    return CamEngine(TwoHeads()).record(x)


# ---------------------------------------------------------------------- callables


@pytest.mark.parametrize(
    "function",
    [
        lambda output: output["logits"][:, 2],
        lambda output: output["logits"][:, 2:3],
        lambda output: output["logits"][:, 2].sum(),
        lambda output: output["logits"][:, 2].sum()[None],
    ],
    ids=["one an image", "a column", "a number", "a tensor of one"],
)
def test_a_callable_gets_what_the_model_returned(function: Callable[[Any], Tensor], recording: Recording) -> None:
    for variant in ("gradcam", "layercam", "guided_relu"):
        for target in (function, Target(function)):
            close(recording.cam(target, variant=variant), recording.cam(2, variant=variant))
    close(recording.cams([0, function])[:, 1], recording.cams([2])[:, 0])


def test_the_gradient_of_any_function(recording: Recording) -> None:
    query = torch.randn(8)
    made = recording.gradients(lambda output: output["deep"]["embedding"] @ query, ["stem"])["stem"]
    model = recording._engine.model
    a = model.stem(recording.x).detach().requires_grad_()
    (expected,) = torch.autograd.grad((model.side(a.relu()).mean((2, 3)) @ query).sum(), a)
    close(made, expected)
    value = recording.value(lambda output: output["deep"]["embedding"] @ query)
    close(value, (model.side(a.relu()).mean((2, 3)) @ query).detach())


def test_rectifiers_of_the_callable_and_of_other_heads_follow_the_rule(recording: Recording) -> None:
    made = recording.gradients(lambda o: o["deep"]["embedding"].relu().sum(1), ["stem"], rule="deconv")["stem"]
    model = recording._engine.model
    z = model.stem(recording.x).detach().relu().requires_grad_()
    # through the rectifier after the embedding ones pass whatever its sign, and of what comes out at z the positive
    (arriving,) = torch.autograd.grad(model.side(z).mean((2, 3)).sum(), z)
    close(made, arriving.clamp(min=0))


def test_a_callable_is_asked_anew_each_time(recording: Recording) -> None:
    chosen = 0

    def function(output: Any) -> Tensor:
        return output["logits"][:, chosen]

    first = recording.cam(function)
    chosen = 1
    assert not torch.equal(recording.cam(function), first)
    close(recording.cam(function), recording.cam(1))


def test_nothing_is_kept_of_a_callable(recording: Recording) -> None:
    big = nn.Parameter(torch.randn(4, 1000))
    gone = weakref.ref(big)
    recording.cam(lambda output, big=big: (output["logits"] @ big).sum(1))
    assert big.grad is None
    del big
    gc.collect()
    assert gone() is None


def test_the_graph_lasts_for_many_callables(recording: Recording) -> None:
    for k in (0, 1, 2, 3, 0):
        close(recording.cam(lambda output, k=k: output["logits"][:, k]), recording.cam(k))


@pytest.mark.parametrize(
    ("function", "error", "says"),
    [
        (lambda o: o["logits"], ValueError, r"returned a tensor of shape \(2, 4\); accepted: a tensor \(2,\)"),
        (lambda o: o["logits"][0], ValueError, r"shape \(4,\)"),
        (lambda o: o["logits"].argmax(1), TypeError, "returned a tensor of dtype torch.int64"),
        (lambda o: 3.5, TypeError, r"<lambda> returned a float; accepted: a tensor \(2,\)"),
        (lambda o: o, TypeError, "returned a dict with keys 'logits', 'deep'; accepted"),
        (lambda o: None, TypeError, "returned a NoneType"),
        (lambda o: o["logits"][:, 0].detach(), ValueError, "a tensor without a gradient: .*detached"),
        (lambda o: torch.tensor(o["logits"][0, 0].item()), ValueError, "made a plain number"),
        (lambda o: o["lgits"], ValueError, "raised KeyError: 'lgits'; it was given a dict with keys 'logits', 'deep'"),
        (lambda: 1, ValueError, "raised TypeError: .*takes 0 positional arguments"),
    ],
)
def test_a_callable_that_goes_wrong(function: Any, error: type[Exception], says: str, recording: Recording) -> None:
    with pytest.raises(error, match=says):
        recording.cam(function)
    assert recording.cam(0).isfinite().all()


def test_a_callable_under_no_grad_of_its_own(recording: Recording) -> None:
    @torch.no_grad()
    def function(output: Any) -> Tensor:
        return output["logits"][:, 0]

    with pytest.raises(
        ValueError, match=r"function (returned a tensor without a gradient|does not depend on .* no_grad)"
    ):
        recording.cam(function)


def test_a_callable_that_writes_to_the_output(x: Tensor) -> None:
    recording = CamEngine(TwoHeads()).record(x)
    with pytest.raises(ValueError, match="changed what the model returned; accepted: one that works on a copy"):
        recording.cam(lambda output: output["logits"].mul_(2)[:, 0])


def test_a_callable_works_in_the_users_no_grad(recording: Recording) -> None:
    expected = recording.cam(1)
    for mode in (torch.no_grad(), torch.inference_mode()):
        with mode:
            close(recording.cam(lambda output: output["logits"][:, 1]), expected)


def test_a_layer_that_is_not_on_the_way_is_named_with_one_that_is(recording: Recording) -> None:
    with pytest.raises(ValueError, match=r"does not depend on layer 'main': no path .*; accepted: .* such as 'stem'"):
        recording.cam(lambda output: output["deep"]["embedding"].sum(1), "main")
    with pytest.raises(ValueError, match=r"nor to any other layer .* accepted: CamEngine\(model, forward=lambda"):
        recording.cam(recording_independent, "main")


def recording_independent(output: Any) -> Tensor:
    """A number with a graph of its own."""
    return torch.ones(len(output["logits"]), requires_grad=True) * 2


def test_a_constant_target_is_blank_and_no_error(recording: Recording) -> None:
    assert not recording.cam(lambda output: output["logits"][:, 0] * 0).any()


def test_auxiliary_scores_through_a_callable(x: Tensor) -> None:
    recording = CamEngine(Segmenter()).record(x)
    made = recording.gradients(lambda output: output["aux"][:, 1, 5, 6], ["stem"])["stem"]
    assert made[:, :, 5, 6].any() and not made[:, :, 4].any()


# ---------------------------------------------------------------------- forward


def test_other_inputs_come_with_forward(x: Tensor) -> None:
    model, numbers = Tabular().eval(), torch.randn(2, 2)
    recording = CamEngine(model, forward=lambda m, pixels: m(pixels, numbers)).record(x)
    with torch.no_grad():
        close(recording.scores, model(x, numbers))
    weight = model.fc.weight[3, :8].detach()
    a = model.norm(model.conv(x)).relu().detach()
    close(recording.cam(3, "norm", "hirescam"), torch.einsum("c,nchw->nhw", weight / 900, a), rtol=1e-3, atol=1e-7)


def test_other_inputs_by_keyword(x: Tensor) -> None:
    model, numbers = Tabular().eval(), torch.randn(2, 2)
    forward = lambda m, pixels: {"answer": m(pixels=pixels, numbers=numbers)}  # noqa: E731
    made = CamEngine(model, forward=forward).record(x)
    close(made.cam(1), CamEngine(model, forward=lambda m, pixels: m(pixels, numbers)).record(x).cam(1))


def test_forward_may_pick_a_part_of_the_output(x: Tensor) -> None:
    model = Segmenter()
    recording = CamEngine(model, forward=lambda m, x: m(x)["aux"].mean((2, 3))).record(x)
    assert recording.scores.shape == (2, 5)
    assert "last" not in recording.layers


def test_forward_leaves_the_model_alone_and_runs_in_evaluation_mode(x: Tensor) -> None:
    model, numbers = Tabular().train(), torch.randn(2, 2)
    seen: list[tuple[bool, bool]] = []

    def forward(m: nn.Module, pixels: Tensor) -> Any:
        seen.append((m.training, m is model))
        return m(pixels, numbers)

    mean = model.norm.running_mean.clone()
    CamEngine(model, forward=forward).record(x).cam(0)
    assert seen == [(False, False)]
    assert model.training and torch.equal(model.norm.running_mean, mean)


def test_values_that_were_overwritten_come_from_forward_too(x: Tensor) -> None:
    class InPlace(Tabular):
        def __init__(self) -> None:
            super().__init__()
            self.relu, self.last = nn.ReLU(inplace=True), nn.Conv2d(8, 8, 1)

        def forward(self, pixels: Tensor, numbers: Tensor) -> Tensor:
            return self.fc(torch.cat([self.last(self.relu(self.norm(pixels))).mean((2, 3)), numbers], 1))

    model, numbers = InPlace().eval(), torch.randn(2, 2)
    pixels = torch.randn(2, 8, 200, 200)
    recording = CamEngine(model, forward=lambda m, pixels: m(pixels, numbers)).record(pixels)
    assert recording._tape.value("norm") is None
    close(recording.activations("norm"), model.norm(pixels).detach())


def test_with_little_memory_the_weighing_runs_forward(x: Tensor) -> None:
    model, numbers = Tabular().eval(), torch.randn(2, 2)
    forward = lambda m, pixels: m(pixels, numbers)  # noqa: E731
    recording = CamEngine(model, memory=60_000, forward=forward).record(x)
    assert recording.left_out
    close(recording.cam(2), CamEngine(model, forward=forward).record(x).cam(2, recording.default_layer))


@pytest.mark.parametrize("wrong", ["logits", 3, {"pixel_values": 1}, [lambda m, x: m(x)]])
def test_forward_must_be_callable(wrong: Any, cnn: nn.Module) -> None:
    with pytest.raises(TypeError, match=r"forward is .*accepted: a callable \(model, x\) -> output"):
        CamEngine(cnn, forward=wrong)


def test_forward_that_runs_another_model(cnn: TinyCnn, x: Tensor) -> None:
    engine = CamEngine(cnn, forward=lambda model, x: cnn(x))
    for _ in range(2):
        with pytest.raises(
            ValueError, match=r"forward ran no module of the model that it was given: .*calls its first"
        ):
            engine.record(x)


def test_forward_that_runs_another_model_only_later(cnn: TinyCnn, x: Tensor) -> None:
    runs: list[int] = []

    def forward(model: nn.Module, x: Tensor) -> Any:
        runs.append(1)
        return (model if len(runs) == 1 else cnn)(x)

    engine = CamEngine(cnn, forward=forward)
    engine.record(x)
    with pytest.raises(ValueError, match="forward ran no module of the model"):
        engine.record(x)


def test_an_error_in_forward_comes_through(cnn: TinyCnn, x: Tensor) -> None:
    with pytest.raises(ZeroDivisionError):
        CamEngine(cnn, forward=lambda m, x: 1 / 0).record(x)
