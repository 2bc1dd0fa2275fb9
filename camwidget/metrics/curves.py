"""Deletion and insertion: the model's probability while pixels are taken away, or put back, strongest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from camwidget.engine.suggest import unknown
from camwidget.engine.upsample import upsample

from .judge import Judged, judge_of

Baseline = str | Tensor | Callable[[Tensor], Tensor]
BASELINES = ("mean", "blur")

STEPS = 20
SIGMA = 5 / 224
"""Of the blur, as a share of the longest side: 5 pixels of 224, as in the paper."""


@dataclass(frozen=True)
class Curve:
    """``fractions (S,)`` of the pixels that were changed, from 0 to 1; ``values (N, S)``: the probability there."""

    fractions: Tensor
    values: Tensor

    @property
    def area(self) -> Tensor:
        """``(N,)`` float32: the area below each curve, by the trapezoidal rule."""
        return torch.trapezoid(self.values, self.fractions, dim=1)


def deletion(
    judge: Judged,
    x: Tensor,
    maps: Tensor,
    targets: Tensor | Sequence[int] | int,
    *,
    steps: int = STEPS,
    baseline: Baseline = "mean",
    seed: int = 0,
) -> Curve:
    """Deletion (Petsiuk et al., RISE, BMVC 2018, section 4.3): pixels are replaced in the order of the map, the highest
    first, and the probability p of the class is asked: area = integral of p over the fraction of pixels replaced. A map
    that finds what the model uses makes it fall early: low is good.

    Args:
        judge: of which model; a model or an engine itself, too.
        x: ``(N, C, *spatial)``. maps: ``(N, *grid)``, brought to the size of ``x`` as on screen.
        targets: one class an input, or one for all.
        steps: at most so many runs a curve, with equal numbers of pixels between them.
        baseline: what replaces a pixel, in all channels: "mean" (0 in the network's input, which after normalising is
            the mean colour), "blur" (a Gaussian of 5 pixels in 224), a tensor as ``x`` (or to be broadcast), or a
            callable that makes one of ``x``.
        seed: pixels of equal value are ordered at random, from a generator of our own; so a map that is the same
            everywhere deletes at random.

    Raises:
        ValueError: there is not one map and one class for each input, or ``baseline`` is unknown.
    """
    return _curve(judge, x, maps, targets, steps, baseline, seed, insert=False)


def insertion(
    judge: Judged,
    x: Tensor,
    maps: Tensor,
    targets: Tensor | Sequence[int] | int,
    *,
    steps: int = STEPS,
    baseline: Baseline = "blur",
    seed: int = 0,
) -> Curve:
    """Insertion (Petsiuk et al., RISE, BMVC 2018, section 4.3): as ``deletion`` the other way, from the baseline to the
    input, the highest pixels first: high is good. As in the paper it begins with a blurred input, in which no edges are
    made by what is put in.

    Args, Raises: as ``deletion``.
    """
    return _curve(judge, x, maps, targets, steps, baseline, seed, insert=True)


def _curve(
    judge: Judged,
    x: Tensor,
    maps: Tensor,
    targets: Tensor | Sequence[int] | int,
    steps: int,
    baseline: Baseline,
    seed: int,
    insert: bool,
) -> Curve:
    judge = judge_of(judge)
    course = Course(judge.placed(x), maps, steps=steps, baseline=baseline, seed=seed, insert=insert)
    values = [judge(course.input(step), targets) for step in range(len(course))]
    return Curve(course.fractions, torch.stack(values, 1))


class Course:
    """The inputs of a curve, one after another, of any number of images.

    Args:
        x: ``(N, C, *spatial)``, as the model gets it. maps: ``(N, *grid)``.
        insert: from the baseline to ``x`` instead of from ``x`` to the baseline.
        steps, baseline, seed: as of ``deletion``.

    Raises:
        ValueError: there is not one map for each input, or ``baseline`` is unknown.
    """

    def __init__(
        self, x: Tensor, maps: Tensor, *, steps: int = STEPS, baseline: Baseline, seed: int = 0, insert: bool = False
    ) -> None:
        replaced = _baseline(x, baseline)
        self._from, self._to = (replaced, x) if insert else (x, replaced)
        self._ranks = order(full_size(maps, x), seed).argsort(1)  # of each pixel, its place in the order
        pixels = self._ranks.shape[1]
        each = -(-pixels // max(1, steps))
        self._counts = [*range(0, pixels, each), pixels]

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def fractions(self) -> Tensor:
        """``(S,)`` float32: the share of pixels that is changed at each step, from 0 to 1."""
        counts = torch.tensor(self._counts, dtype=torch.float32, device=self._to.device)
        fractions: Tensor = counts / self._counts[-1]
        return fractions

    def input(self, step: int) -> Tensor:
        """What the model is given at a step, ``(N, C, *spatial)``."""
        changed = self._ranks < self._counts[step]
        return torch.where(changed.reshape(len(changed), 1, *self._to.shape[2:]), self._to, self._from)


def full_size(maps: Tensor, x: Tensor) -> Tensor:
    """Maps ``(N, *grid)`` at the size of ``x``, float32 on its device.

    Raises:
        ValueError: there is not one for each input.
    """
    maps = torch.as_tensor(maps).to(x.device, torch.float32)
    if len(maps) != len(x) or maps.ndim != x.ndim - 1:
        raise ValueError(f"maps have the shape {tuple(maps.shape)} for inputs {tuple(x.shape)}; accepted: one an input")
    return maps if maps.shape[1:] == x.shape[2:] else upsample(maps, x.shape[2:])


def order(maps: Tensor, seed: int) -> Tensor:
    """``(N, P)``: the numbers of the pixels, the highest first, those of equal value at random."""
    flat = maps.flatten(1)
    chance = torch.Generator().manual_seed(seed)
    shuffled = torch.rand(flat.shape, generator=chance).argsort(1).to(flat.device)
    return shuffled.gather(1, flat.gather(1, shuffled).argsort(dim=1, descending=True, stable=True))


def _baseline(x: Tensor, baseline: Baseline) -> Tensor:
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise ValueError(unknown("baseline", baseline, BASELINES))
        return torch.zeros_like(x) if baseline == "mean" else blurred(x)
    made = baseline if isinstance(baseline, Tensor) else baseline(x)
    try:
        return made.to(x).expand_as(x)
    except RuntimeError as error:
        raise ValueError(
            f"the baseline has the shape {tuple(made.shape)}; accepted: that of the inputs, {tuple(x.shape)}"
        ) from error


def blurred(x: Tensor) -> Tensor:
    """``x (N, C, *spatial)`` through a Gaussian along each axis, the edges going on beyond the border."""
    sigma = SIGMA * max(x.shape[2:])
    reach = max(1, round(2 * sigma))
    at = torch.arange(-reach, reach + 1, device=x.device, dtype=torch.float32)
    kernel = torch.exp(-((at / max(sigma, 1e-6)) ** 2) / 2)
    kernel = (kernel / kernel.sum()).to(x.dtype)
    for axis in range(2, x.ndim):
        last = x.movedim(axis, -1)
        rows = F.pad(last.reshape(-1, 1, last.shape[-1]), (reach, reach), mode="replicate")
        x = F.conv1d(rows, kernel[None, None]).reshape(last.shape).movedim(-1, axis)
    return x
