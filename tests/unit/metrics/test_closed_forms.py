"""Measures against what can be worked out by hand: linear models, and maps of a few cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamEngine
from camwidget.metrics import (
    Judge,
    average_drop,
    deletion,
    energy_in_box,
    increase_in_confidence,
    insertion,
    pointing_game,
    random_maps,
    uniform_maps,
)
from camwidget.metrics.curves import blurred
from tests.conftest import TinyCnn
from tests.promises.snapshot import as_before

SIDE, CLASSES = 6, 3


class Linear(nn.Module):
    """Scores that are sums of pixels, weighed; so the loss of each pixel is known."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(CLASSES, 2, SIDE, SIDE))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nk", x, self.weight)


@pytest.fixture
def model() -> Linear:
    return Linear()


@pytest.fixture
def x() -> Tensor:
    return torch.randn(4, 2, SIDE, SIDE)


TARGETS = [0, 2, 1, 1]


def evidence(model: Linear, x: Tensor) -> Tensor:
    """What each pixel adds to the class's score, ``(N, H, W)``."""
    return (x * model.weight[TARGETS]).sum(1).detach()


def test_deletion_of_a_linear_model(model: Linear, x: Tensor) -> None:
    """Pixel after pixel the score loses what that pixel adds: the area is a weighted sum of the sorted evidence."""
    known = evidence(model, x)
    curve = deletion(Judge(model, "logit"), x, known, TARGETS, steps=SIDE**2)
    lost = known.flatten(1).sort(1, descending=True).values
    expected = known.flatten(1).sum(1, keepdim=True) - torch.cat([torch.zeros(4, 1), lost.cumsum(1)], 1)
    torch.testing.assert_close(curve.values, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(curve.fractions, torch.arange(SIDE**2 + 1) / SIDE**2)
    weights = (torch.arange(SIDE**2) + 0.5) / SIDE**2  # how long a pixel stays, by trapezoids
    torch.testing.assert_close(curve.area, (lost * weights).sum(1), rtol=1e-4, atol=1e-4)
    for other in (-known, random_maps(4, (SIDE, SIDE))):
        worse = deletion(Judge(model, "logit"), x, other, TARGETS, steps=SIDE**2)
        assert (worse.area > curve.area).all(), "no order deletes faster than that of the evidence"


def test_insertion_is_deletion_the_other_way(model: Linear, x: Tensor) -> None:
    known, judge = evidence(model, x), Judge(model, "logit")
    curve = insertion(judge, x, known, TARGETS, steps=SIDE**2, baseline="mean")
    backwards = deletion(judge, x, -known, TARGETS, steps=SIDE**2)
    torch.testing.assert_close(curve.values, backwards.values.flip(1), rtol=1e-4, atol=1e-4)
    other = torch.randn(2, SIDE, SIDE)
    towards = insertion(judge, x, known, TARGETS, steps=4, baseline=other)
    torch.testing.assert_close(towards.values[:, 0], judge(other.expand_as(x), TARGETS))
    torch.testing.assert_close(towards.values[:, -1], judge(x, TARGETS))
    same = insertion(judge, x, known, TARGETS, steps=4, baseline=other.expand_as)
    assert torch.equal(same.values, towards.values)


@pytest.mark.parametrize(("steps", "counts"), [(1, [0, 36]), (5, [0, 8, 16, 24, 32, 36]), (100, list(range(37)))])
def test_steps(steps: int, counts: list[int], model: Linear, x: Tensor) -> None:
    curve = deletion(Judge(model, "logit"), x, evidence(model, x), TARGETS, steps=steps)
    torch.testing.assert_close(curve.fractions * 36, torch.tensor(counts, dtype=torch.float32))


def test_equal_pixels_go_at_random_and_always_alike(model: Linear, x: Tensor) -> None:
    judge, even = Judge(model, "logit"), uniform_maps(4, (SIDE, SIDE))
    areas = [deletion(judge, x, even, TARGETS, steps=SIDE**2, seed=seed).area for seed in range(60)]
    assert torch.equal(areas[3], deletion(judge, x, even, TARGETS, steps=SIDE**2, seed=3).area)
    assert not torch.equal(areas[0], areas[1])
    # each pixel goes half-way through, on average
    half = evidence(model, x).flatten(1).sum(1) / 2
    spread = torch.stack(areas).std(0) / 60**0.5
    assert ((torch.stack(areas).mean(0) - half).abs() < 4 * spread + 1e-5).all()


def test_drop_and_increase_of_a_linear_model(model: Linear, x: Tensor) -> None:
    x = x * torch.sign((x * model.weight[TARGETS]).sum((1, 2, 3), keepdim=True)).detach()  # all scores positive
    known, judge = evidence(model, x), Judge(model, "logit")
    flat = known.flatten(1)
    mask = (flat - flat.amin(1, keepdim=True)) / (flat.amax(1, keepdim=True) - flat.amin(1, keepdim=True))
    before, after = flat.sum(1), (flat * mask).sum(1)
    drop = (before - after).clamp(min=0) / before
    torch.testing.assert_close(average_drop(judge, x, known, TARGETS), drop, rtol=1e-4, atol=1e-5)
    assert increase_in_confidence(judge, x, known, TARGETS).tolist() == (after > before).float().tolist()
    everything, nothing = uniform_maps(4, (SIDE, SIDE)), torch.zeros(4, SIDE, SIDE)
    assert average_drop(judge, x, everything, TARGETS).tolist() == [0] * 4
    assert increase_in_confidence(judge, x, everything, TARGETS).tolist() == [0] * 4
    assert average_drop(judge, x, nothing, TARGETS).tolist() == [1] * 4


@pytest.mark.parametrize("measure", [deletion, insertion, average_drop, increase_in_confidence])
def test_a_model_is_judged_as_by_its_judge(measure: Any) -> None:
    model, x = TinyCnn().eval(), torch.randn(2, 3, 32, 32)
    maps = torch.rand(2, 8, 8)
    given = [measure(one, x, maps, [0, 1]) for one in (Judge(model), model, CamEngine(model))]
    first, *others = [getattr(one, "area", one) for one in given]
    assert all(torch.equal(first, other) for other in others)


def test_maps_are_brought_to_the_size_of_the_input(model: Linear, x: Tensor) -> None:
    low = torch.rand(4, 3, 3)
    large = torch.nn.functional.interpolate(low[:, None], (SIDE, SIDE), mode="bicubic", align_corners=False)[:, 0]
    flat = low.flatten(1)
    large = large.clamp(flat.amin(1)[:, None, None], flat.amax(1)[:, None, None])
    judge = Judge(model, "logit")
    assert torch.equal(deletion(judge, x, low, TARGETS).values, deletion(judge, x, large, TARGETS).values)


def test_probabilities(x: Tensor, model: Linear) -> None:
    scores = model(x).detach()
    for kind, expected in {"softmax": scores.softmax(1), "sigmoid": scores.sigmoid(), "logit": scores}.items():
        torch.testing.assert_close(Judge(model, kind, batch_size=3).table(x), expected)
    tiny = TinyCnn().eval()
    large = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(Judge(tiny).table(large), tiny(large).softmax(1).detach())


MAP = torch.tensor([[[1.0, 2.0, -3.0], [0.0, 9.0, 1.0], [9.0, 0.0, 0.0]]])
"""Highest at x, y = 1, 1 and 0, 2."""


@pytest.mark.parametrize(
    ("boxes", "hits", "energy"),
    [
        ((1, 1, 2, 2), 0.5, 9 / 22),
        ((0, 1, 2, 3), 1.0, 18 / 22),
        ((0, 0, 3, 3), 1.0, 1.0),
        ((2, 0, 3, 1), 0.0, 0.0),
        ([(1, 1, 2, 2), (0, 2, 1, 3)], 1.0, 18 / 22),
        ([(1, 1, 2, 2), (0, 0, 2, 2)], 0.5, 12 / 22),
    ],
)
def test_boxes(boxes: Any, hits: float, energy: float) -> None:
    assert pointing_game(MAP, [boxes], (3, 3)).tolist() == [hits]
    torch.testing.assert_close(energy_in_box(MAP, [boxes], (3, 3)), torch.tensor([energy]))


def test_pixels_beside_the_box_and_masks() -> None:
    box = [(2, 0, 3, 1)]
    assert [float(pointing_game(MAP, box, (3, 3), tolerance=t)) for t in (0, 1, 2)] == [0, 0.5, 1]
    masks = torch.zeros(1, 3, 3, dtype=torch.bool)
    masks[0, 1, 1] = True
    assert pointing_game(MAP, masks, (3, 3)).tolist() == [0.5]


def test_maps_that_know_nothing() -> None:
    even = uniform_maps(2, (4, 4))
    boxes = [(0, 0, 4, 2), (0, 0, 8, 8)]
    assert pointing_game(even, boxes, (8, 8)).tolist() == energy_in_box(even, boxes, (8, 8)).tolist() == [0.125, 1]
    assert energy_in_box(-even, boxes, (8, 8)).tolist() == [0, 0]
    assert torch.isnan(pointing_game(even * torch.nan, boxes, (8, 8))).all()
    drawn = random_maps(4000, (4, 4), seed=2)
    assert torch.equal(drawn, random_maps(4000, (4, 4), seed=2)) and not torch.equal(drawn, random_maps(4000, (4, 4)))
    assert float(pointing_game(drawn, [(0, 0, 2, 4)] * 4000, (4, 4)).mean()) == pytest.approx(0.5, abs=0.03)


def test_blur_keeps_what_is_even_and_its_sum() -> None:
    even = torch.full((1, 2, 30, 20), 0.7)
    torch.testing.assert_close(blurred(even), even)
    point = torch.zeros(1, 1, 64, 64)
    point[..., 32, 32] = 1
    found = blurred(point)
    assert float(found.sum()) == pytest.approx(1, abs=1e-5) and torch.allclose(found, found.transpose(2, 3))
    ratio = float(found[0, 0, 32, 33] / found[0, 0, 32, 32])
    assert ratio == pytest.approx(np.exp(-0.5 / (5 / 224 * 64) ** 2), rel=1e-4)


WRONG = {
    "maps": (lambda j, x: deletion(j, x, random_maps(3, (2, 2)), TARGETS), r"maps have the shape \(3, 2, 2\)"),
    "targets": (lambda j, x: deletion(j, x, random_maps(4, (2, 2)), [1, 2]), "2 targets for 4 inputs"),
    "baseline": (lambda j, x: deletion(j, x, random_maps(4, (2, 2)), 0, baseline="men"), "did you mean 'mean'"),
    "shape": (
        lambda j, x: deletion(j, x, random_maps(4, (2, 2)), 0, baseline=x[:, :, :2]),
        "the baseline has the shape",
    ),
    "boxes": (
        lambda j, x: pointing_game(random_maps(4, (2, 2)), [(0, 0, 1, 1)], (6, 6)),
        "boxes of 1 images for 4 maps",
    ),
    "a box": (lambda j, x: pointing_game(random_maps(1, (2, 2)), [(3, 0, 1, 1)], (6, 6)), "is no box"),
    "masks": (
        lambda j, x: energy_in_box(random_maps(1, (2, 2)), torch.ones(1, 2, 2) > 0, (6, 6)),
        "masks have the shape",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_questions(wrong: str, model: Linear, x: Tensor) -> None:
    call, words = WRONG[wrong]
    with as_before(model, x), pytest.raises(ValueError, match=words):
        call(Judge(model, "logit"), x)
    with pytest.raises(ValueError, match="did you mean 'softmax'"):
        Judge(model, "softmx")
