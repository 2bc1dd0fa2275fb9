"""The weights by which a method adds up the channels of a layer, where it has such weights.

With A the activations of a layer, every method here is ``map = sum over k of w_k * A_k``. In some w_k is one number for
the whole channel, the alpha_k of the papers; in the others each cell has a weight of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from torch import Tensor

from . import arithmetic

Weigh = Callable[[Tensor, Tensor], Tensor]
"""``(activations, gradients) -> weights``: ``(N, C)``, or ``(N, C, *grid)`` where each cell has its own."""

Weights = Literal["channel", "cell", "none"]
"""What has a weight of its own."""


def _gradient(_activations: Tensor, gradients: Tensor) -> Tensor:
    return gradients


def _positive_gradient(_activations: Tensor, gradients: Tensor) -> Tensor:
    return gradients.clamp(min=0)


def _agreeing_gradient(activations: Tensor, gradients: Tensor) -> Tensor:
    """g where g * A is positive, else 0."""
    return gradients * (gradients * activations > 0)


PER_CHANNEL: Mapping[arithmetic.MapFunction, Weigh] = MappingProxyType(
    {
        arithmetic.gradcam: arithmetic.mean_gradient,
        arithmetic.gradcam_plus_plus: arithmetic.positive_weights,
        arithmetic.xgradcam: arithmetic.scaled_weights,
    }
)

PER_CELL: Mapping[arithmetic.MapFunction, Weigh] = MappingProxyType(
    {
        arithmetic.hirescam: _gradient,
        arithmetic.layercam: _positive_gradient,
        arithmetic.elementwise: _agreeing_gradient,
    }
)


def weights_of(function: arithmetic.MapFunction | None) -> Weights:
    """What has a weight of its own in a method."""
    if function in PER_CHANNEL:
        return "channel"
    return "cell" if function in PER_CELL else "none"
