"""Smooth Grad-CAM++ against a plain loop over its noisy copies; its seed; and what is left without noise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.methods import smooth as smooth_module
from camwidget.engine.methods.smooth import SAMPLES, SIGMA, noise
from tests.unit.engine.networks import CASES, made, read, relative_error


def by_loop(model: nn.Module, x: Tensor, layer: str, case: str, score: int) -> Tensor:
    maps = []
    for image in x:
        spread = SIGMA * (image.max() - image.min())
        gradients, clean = [], None
        for sample in [None, *range(SAMPLES)]:
            seen = []

            def keep(_module: nn.Module, _args: object, out: Any, seen: list[Tensor] = seen) -> Any:
                first, *rest = [out] if isinstance(out, Tensor) else out
                begun = first.detach().clone().requires_grad_()
                seen.append(begun)
                return (begun.clone(), *rest) if rest else begun.clone()

            handle = model.get_submodule(layer).register_forward_hook(keep)
            noisy = image if sample is None else image + spread * noise(sample, image)
            y = model(noisy[None])[0, score]
            handle.remove()
            if sample is None:
                clean = read(case, seen[0].detach())[0].double()
            else:
                gradients.append(read(case, torch.autograd.grad(y, seen[0])[0])[0].double())
        g = torch.stack(gradients)
        first, second, third = g.mean(0), (g**2).mean(0), (g**3).mean(0)
        below = 2 * second + clean.flatten(1).sum(1).reshape(-1, *(1,) * (clean.ndim - 1)) * third
        alpha = torch.where(below != 0, second / below, 0)
        weights = (alpha * first.clamp(min=0)).flatten(1).sum(1)
        maps.append(torch.tensordot(weights, clean, 1).float())
    return torch.stack(maps)


@pytest.mark.parametrize("case", CASES)
def test_equals_a_plain_loop(case: str) -> None:
    model, x, layer = made(case)
    maps = CamEngine(model).record(x).cams([1, 4], layer, "smoothgradcam++")
    for i, score in enumerate([1, 4]):
        assert relative_error(maps[:, i], by_loop(model, x, layer, case, score)) <= 1e-4


def test_without_noise_it_is_plus_plus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smooth_module, "SIGMA", 0.0)
    model, x, layer = made("dense")
    recording = CamEngine(model).record(x)
    for score in range(5):
        expected = recording.cam(score, layer, "gradcam++")
        assert relative_error(recording.cam(score, layer, "smoothgradcam++"), expected) <= 1e-5


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_cubes_of_small_and_large_gradients_are_kept(size: float) -> None:
    case = "dense"
    model, x, layer = made(case)
    with torch.no_grad():
        model.fc.weight[1] *= size
    expected = by_loop(model, x, layer, case, 1)
    found = CamEngine(model).record(x).cams([1], layer, "smoothgradcam++")[:, 0]
    assert relative_error(found, expected) <= 1e-4


def test_the_same_question_has_the_same_answer_and_the_users_random_state_is_left_alone() -> None:
    model, x, layer = made("dense")
    torch.manual_seed(11)
    before = torch.get_rng_state()
    first = CamEngine(model).record(x).cam(1, layer, "smoothgradcam++")
    assert torch.equal(torch.get_rng_state(), before)
    torch.randn(7)
    assert torch.equal(CamEngine(model).record(x).cam(1, layer, "smoothgradcam++"), first)


def test_noise_is_normal_and_another_for_each_sample() -> None:
    like = torch.zeros(3, 64, 64)
    drawn = torch.stack([noise(i, like) for i in range(4)])
    assert abs(float(drawn.mean())) < 0.02 and abs(float(drawn.std()) - 1) < 0.02
    assert abs(float(torch.corrcoef(drawn.flatten(1)).fill_diagonal_(0).abs().max())) < 0.05
