"""What a recording costs, what it keeps, what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine import gradients as gradients_module
from camwidget.engine import tape as tape_module
from camwidget.engine.additive import adds_up
from camwidget.engine.stale import StaleRecordingError


@contextmanager
def forwards(model: nn.Module) -> Iterator[list[int]]:
    """Counts the model's forward passes."""
    seen: list[int] = []
    handle = model.register_forward_hook(lambda *_: seen.append(1))
    yield seen
    handle.remove()


@pytest.fixture
def backwards(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts backward passes, by the number of layers that each was asked for."""
    seen: list[int] = []
    original = torch.autograd.grad

    def counted(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(len(inputs))
        return original(outputs, inputs, *args, **kwargs)

    monkeypatch.setattr(torch.autograd, "grad", counted)
    return seen


def test_one_forward_a_record_and_none_for_answers(cnn: nn.Module, x: Tensor) -> None:
    engine = CamEngine(cnn)
    with forwards(cnn) as seen:
        recording = engine.record(x)
        assert len(seen) == 1
        for variant in ("gradcam", "gradcam++", "guided_relu", "deconv_relu"):
            for layer in recording.stages:
                recording.cams([0, 1, 2], layer, variant)
        assert len(seen) == 1
        engine.record(x)
        assert len(seen) == 2


def test_values_overwritten_in_place_cost_one_more_forward_once(cnn: nn.Module, x: Tensor) -> None:
    with forwards(cnn) as seen:  # a hook that came later would be a change of the model
        recording = CamEngine(cnn).record(x)
        recording.cam(0, "stem.0")
        recording.cam(1, "stem.0")
        recording.cam(1, "stem.0", "hirescam")
        assert len(seen) == 2


def test_an_overwritten_default_layer_is_copied() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), Overwriting(), nn.Linear(4, 2))
    engine, x = CamEngine(model), torch.randn(1, 3, 9, 9)
    expected = model[1].conv(model[0](x))
    for _ in range(2):
        with forwards(model) as seen:
            recording = engine.record(x)
            activations = recording.activations("1.conv")
            assert len(seen) == 1
        torch.testing.assert_close(activations, expected.detach())


def test_a_large_one_only_from_the_second_record_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_module, "SMALL", 3)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), Overwriting(), nn.Linear(4, 2))
    engine, x = CamEngine(model), torch.randn(1, 3, 9, 9)
    with forwards(model) as seen:  # a hook that came later would be a change of the model
        for needed in (2, 3):
            engine.record(x).activations("1.conv")
            assert len(seen) == needed


class Overwriting(nn.Module):
    """A last layer whose values an in-place operation outside any module overwrites."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(self.conv(x)).mean((2, 3))


def test_one_backward_answers_all_stages_and_variants(cnn: nn.Module, x: Tensor, backwards: list[int]) -> None:
    recording = CamEngine(cnn).record(x)
    recording.gradients(3)
    assert backwards == [len(recording.stages)]
    for layer in recording.stages:
        for variant in ("gradcam", "hirescam", "layercam", "gradcam++", "xgradcam", "elementwise"):
            recording.cam(3, layer, variant)
    assert len(backwards) == 1
    recording.cam(3, variant="guided_relu")  # another rule is another backward pass
    recording.cam(3, variant="guided_relu")
    assert len(backwards) == 2
    recording.cam(4)
    assert len(backwards) == 3


def test_only_missing_layers_are_asked_for(cnn: nn.Module, x: Tensor, backwards: list[int]) -> None:
    recording = CamEngine(cnn).record(x)
    first = recording.gradients(0, ["last"])["last"]
    again = recording.gradients(0, ["block", "last", "stem"])
    assert backwards == [1, 2]
    assert torch.equal(again["last"], first)
    assert list(again) == ["block", "last", "stem"]


def test_no_layers_no_gradients(cnn: nn.Module, x: Tensor) -> None:
    assert CamEngine(cnn).record(x).gradients(0, []) == {}


def test_past_gradients_are_dropped_at_the_limit(
    cnn: nn.Module, x: Tensor, backwards: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = CamEngine(cnn).record(x)
    one = recording.gradients(0, ["last"])["last"].clone()
    monkeypatch.setattr(gradients_module, "GRADIENT_BYTES", 2 * one.numel() * 4)
    for target in (1, 2, 0):  # 0 was dropped when 2 came, so it is computed again
        recording.gradients(target, ["last"])
    assert len(backwards) == 4
    recording.gradients(2, ["last"])
    assert len(backwards) == 4
    assert torch.equal(recording.gradients(0, ["last"])["last"], one)
    monkeypatch.setattr(gradients_module, "GRADIENT_BYTES", 1)
    expected = CamEngine(cnn).record(x).gradients(5, ["last"])["last"]
    assert torch.equal(recording.gradients(5, ["last"])["last"], expected)


def test_a_target_for_each_image(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    each = recording.cams([4, 1])
    for targets in ([4, 1], (4, 1), torch.tensor([4, 1])):
        mixed = recording.cam(targets, variant="hirescam")
        assert torch.equal(mixed, recording.cams([targets], variant="hirescam")[:, 0])
    mixed = recording.cams([[4, 1]])[:, 0]
    torch.testing.assert_close(mixed[0], each[0, 0])
    torch.testing.assert_close(mixed[1], each[1, 1])


def test_shapes_types_and_scores(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    with torch.no_grad():
        torch.testing.assert_close(recording.scores, cnn(x))
    assert not recording.scores.requires_grad
    assert recording.cam(torch.tensor(2)).shape == (2, 8, 8)
    stack = recording.cams([0, 1, 2], "stem")
    assert (stack.shape, stack.dtype, stack.requires_grad) == ((2, 3, 32, 32), torch.float32, False)


def test_half_precision_gives_float32_maps(cnn: nn.Module, x: Tensor) -> None:
    exact = CamEngine(cnn).record(x).cams([2])
    coarse = CamEngine(cnn.bfloat16()).record(x)
    assert (coarse.scores.dtype, coarse.cams([2]).dtype) == (torch.float32, torch.float32)
    torch.testing.assert_close(coarse.cams([2]), exact, rtol=0.1, atol=0.05 * float(exact.abs().max()))


def test_aliases_lead_to_one_layer(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    assert recording.resolve(None) == recording.default_layer == "last"
    assert recording.resolve("last.1") == recording.resolve("last") == "last"
    assert "last.1" not in recording.layers
    assert recording.resolve("block.2") == "block"
    assert torch.equal(recording.cam(0, "last.1"), recording.cam(0))


def test_overwritten_layers_keep_what_the_module_returned(cnn: nn.Module, x: Tensor) -> None:
    """Values and gradients of ``stem.0`` are those before the in-place rectifier, as by hand without one."""
    recording = CamEngine(cnn).record(x)
    before = cnn.stem[0](x).detach().requires_grad_()
    scores = cnn.fc(cnn.last(cnn.pool2(cnn.block(cnn.pool1(before.relu())))).mean((2, 3)))
    (gradient,) = torch.autograd.grad(scores[:, 3].sum(), before)
    assert before.min() < 0
    torch.testing.assert_close(recording.activations("stem.0"), before.detach())
    torch.testing.assert_close(recording.gradients(3, ["stem.0"])["stem.0"], gradient)
    torch.testing.assert_close(recording.activations("stem"), before.detach().relu())


def test_a_layer_that_runs_twice_counts_where_it_ran_last(x: Tensor) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.again, self.fc = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.again(self.again(self.conv(x))).relu().mean((2, 3)))

    model = Twice()
    recording = CamEngine(model).record(x)
    last = model.again(model.again(model.conv(x))).detach()
    torch.testing.assert_close(recording.activations("again"), last)
    expected = (model.fc.weight[1] / 900).detach().view(1, 4, 1, 1) * (last > 0)
    torch.testing.assert_close(recording.gradients(1)["again"], expected)


def test_the_input_may_change_afterwards(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    expected = CamEngine(cnn).record(x.clone()).cams([0, 1], "stem.0")
    x.zero_()
    torch.testing.assert_close(recording.cams([0, 1], "stem.0"), expected)


def test_answers_from_several_threads_are_right(cnn: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = CamEngine(cnn).record(x).cams(range(6), variant="guided_relu")
    recording = CamEngine(cnn).record(x)
    monkeypatch.setattr(gradients_module, "GRADIENT_BYTES", 20_000)  # so that entries come and go

    def ask(offset: int) -> None:
        for i in range(60):
            target = (i * 5 + offset) % 6
            # no rectifier stands above the last layer, so both are one
            for variant in ("gradcam", "guided_relu"):
                made = recording.cams([target], variant=variant)
                torch.testing.assert_close(made[:, 0], expected[:, target])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))


# ---------------------------------------------------------------------- a model that changes


def step(model: nn.Module) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)


def test_a_changed_model_is_noticed(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    kept = recording.cam(0)
    assert not recording.stale
    step(cnn)
    assert recording.stale
    assert torch.equal(recording.cam(0), kept)  # from what was recorded
    with pytest.raises(StaleRecordingError, match="record again"):
        recording.cam(1, "stem")


@pytest.mark.parametrize("change", ["optimiser", "load_state_dict", "new tensor", "moved"])
def test_every_way_to_change_parameters(change: str, cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    match change:
        case "optimiser":
            cnn(x).sum().backward()
            torch.optim.SGD(cnn.parameters(), 0.1).step()
        case "load_state_dict":
            cnn.load_state_dict({k: v + 1 for k, v in cnn.state_dict().items()})
        case "new tensor":
            cnn.fc.weight = nn.Parameter(torch.zeros_like(cnn.fc.weight))
        case "moved":
            cnn.double()
    assert recording.stale


def test_a_part_that_is_replaced_twice_is_another_wherever_it_lies(x: Tensor) -> None:
    """What is let go leaves its place in memory to its successor's successor."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for _ in range(20):
        recording = CamEngine(model).record(x)
        model[1] = nn.LeakyReLU(0.2)
        model[1] = nn.LeakyReLU(0.3)
        assert recording.stale


def test_what_was_found_out_goes_with_the_way_the_model_was_built(x: Tensor) -> None:
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Identity(), nn.Linear(8, 5))
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(), *head).eval()
    engine = CamEngine(model)

    def found() -> list[object]:
        recording = engine.record(x)
        fields = recording.fields("2")
        assert fields is not None
        return [recording.layers["2"].grid, recording.cam(0, "2").shape[1:], fields.grid]

    assert found() == [(16, 16)] * 3
    model[1] = nn.Identity()
    assert found() == [(32, 32)] * 3
    assert adds_up(engine.record(x), "2", "gradcam")
    model[5] = nn.Tanh()
    assert not adds_up(engine.record(x), "2", "gradcam")


def test_values_lost_with_the_old_model_are_not_made_up_from_the_new(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    recording.gradients(0, ["stem.0"])
    step(cnn)
    with pytest.raises(StaleRecordingError, match="record again"):
        recording.cam(0, "stem.0")


# ---------------------------------------------------------------------- wrong names


def test_unknown_layer_names_the_nearest(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    with pytest.raises(ValueError, match=r"unknown layer 'lst'; did you mean 'last'\?"):
        recording.cam(0, "lst")
    with pytest.raises(ValueError, match=r"layer 'fc' has no grid .* 'last'"):
        recording.cam(0, "fc")
    for wrong in (3, 1.5, b"last", ["last"], cnn.last):
        with pytest.raises(TypeError, match="accepted: a name such as 'last'"):
            recording.cam(0, wrong)


@pytest.mark.parametrize("wrong", ["gradcm", "GradCAM", "", None, 3, ["gradcam"], {}])
def test_unknown_variant(wrong: Any, cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    with pytest.raises(ValueError, match="unknown variant") as error:
        recording.cam(0, variant=wrong)
    assert "'gradcam'" in str(error.value)
    if wrong == "gradcm":
        assert "did you mean 'gradcam'?" in str(error.value)


@pytest.mark.parametrize(
    "wrong", [True, False, 1.0, "1", "cat", None, 1j, [0.0, 1.0], [True, False], {0: 1}, torch.tensor(1.0)]
)
def test_a_target_that_is_no_index(wrong: Any, cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(TypeError, match="accepted: a class index from 0 to 5"):
        CamEngine(cnn).record(x).cam(wrong)


@pytest.mark.parametrize("wrong", [-1, 6, 10**30, [0, 6], torch.tensor([-1, 0])])
def test_a_target_out_of_range(wrong: Any, cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(ValueError, match=r"out of range; the model has 6 classes, so accepted: 0 to 5"):
        CamEngine(cnn).record(x).cam(wrong)


@pytest.mark.parametrize("wrong", [[], [1], [1, 2, 3], torch.tensor([1, 2, 3])])
def test_as_many_targets_as_images(wrong: Any, cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(ValueError, match=r"targets for 2 image\(s\)"):
        CamEngine(cnn).record(x).cam(wrong)


@pytest.mark.parametrize("wrong", [[], (), "12", 3, None, 1.5, {0: 1}, torch.tensor(1), torch.tensor([])])
def test_a_stack_needs_a_sequence_of_targets(wrong: Any, cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(ValueError, match="accepted is a non-empty sequence of class indices"):
        CamEngine(cnn).record(x).cams(wrong)


@pytest.mark.parametrize("targets", [(0, 2), range(0, 3, 2), np.array([0, 2]), torch.tensor([0, 2])])
def test_a_stack_takes_any_sequence(targets: Any, cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    assert torch.equal(recording.cams(targets), recording.cams([0, 2]))


def test_wrong_names_leave_the_recording_usable(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    with pytest.raises(ValueError, match="unknown rule 'guidd'"):
        recording.gradients(0, rule="guidd")
    with pytest.raises(ValueError, match="out of range"):
        recording.cam(99)
    assert torch.isfinite(recording.cam(0)).all()
