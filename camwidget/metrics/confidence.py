"""Average drop and increase in confidence: what is left of the probability when only what the map shows is shown."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .curves import full_size
from .judge import Judged, judge_of


def average_drop(judge: Judged, x: Tensor, maps: Tensor, targets: Tensor | Sequence[int] | int) -> Tensor:
    """Average drop (Chattopadhay et al., Grad-CAM++, WACV 2018, section 4.1): max(0, Y - O) / Y for each image, with Y
    the probability of the class and O that of the input times the map, each map being scaled to [0, 1] (``masks``). The
    paper's figure is the mean of these in percent; low is good.

    Args:
        judge: of which model; a model or an engine itself, too.
        x: ``(N, C, *spatial)``, as the network gets it: the mask multiplies that, so what is covered becomes the mean
            colour. maps: ``(N, *grid)``. targets: one class an input, or one for all.

    Returns: ``(N,)`` float32, from 0 to 1.

    Raises:
        ValueError: there is not one map and one class for each input.
    """
    return drop_and_increase(judge, x, maps, targets)[0]


def increase_in_confidence(judge: Judged, x: Tensor, maps: Tensor, targets: Tensor | Sequence[int] | int) -> Tensor:
    """Increase in confidence (Chattopadhay et al., Grad-CAM++, WACV 2018, section 4.1): 1 where O > Y, else 0, with Y
    and O as in ``average_drop``. The paper's figure is the mean in percent; high is good.

    Args, Returns, Raises: as ``average_drop``.
    """
    return drop_and_increase(judge, x, maps, targets)[1]


def drop_and_increase(
    judge: Judged, x: Tensor, maps: Tensor, targets: Tensor | Sequence[int] | int
) -> tuple[Tensor, Tensor]:
    """Both, by the same two runs."""
    judge = judge_of(judge)
    x = judge.placed(x)
    before = judge(x, targets)
    mask = full_size(masks(maps), x).to(x.dtype).clamp(0, 1)
    after = judge(x * mask.unsqueeze(1), targets)
    drop = (before - after).clamp(min=0) / torch.where(before > 0, before, 1)
    return drop, (after > before).float()


def masks(maps: Tensor) -> Tensor:
    """Each map scaled from its least to its largest value to [0, 1]. One that is the same everywhere covers nothing
    where it is positive, and everything else.
    """
    maps = torch.as_tensor(maps).float()
    flat = maps.flatten(1)
    low, high = flat.amin(1, keepdim=True), flat.amax(1, keepdim=True)
    even = high == low
    scaled = torch.where(even, (high > 0).float(), (flat - low) / torch.where(even, 1, high - low))
    return scaled.reshape(maps.shape)
