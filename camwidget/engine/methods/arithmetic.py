"""The methods that are arithmetic: pure functions from activations and gradients to one map.

Notation, in every function here: ``activations`` A and ``gradients`` g = d score / d A, both ``(N, C, *grid)`` of one
layer; the result is the *signed* map ``(N, *grid)``, before the final ReLU. Whether a variant ends in a ReLU is said by
``Variant.relu``; ``Recording.cam`` applies it.

The sign of the signed map is an answer of its own. Counterfactual Grad-CAM (Selvaraju et al., section 3.3: the mean of
-g weighs each channel, then the ReLU) is the ReLU of the signed Grad-CAM map negated: evidence *against* the class.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MapFunction = Callable[[Tensor, Tensor], Tensor]


def _space(t: Tensor) -> tuple[int, ...]:
    return tuple(range(2, t.ndim))


def weighted_sum(weights: Tensor, activations: Tensor) -> Tensor:
    """Sum over channels of ``weights (N, C)`` times ``activations (N, C, *grid)`` -> ``(N, *grid)``."""
    flat = activations.flatten(2)
    return torch.bmm(weights.unsqueeze(1), flat).reshape(activations.shape[0], *activations.shape[2:])


def gradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Grad-CAM (Selvaraju et al., 2017, eq. 1 and 2): channel weight = mean gradient over the grid.

    Summed over the grid the map is the first-order share of the score, so one cell is in the score's unit.
    """
    return weighted_sum(mean_gradient(activations, gradients), activations)


def mean_gradient(_activations: Tensor, gradients: Tensor) -> Tensor:
    """The channel weights of Grad-CAM, ``(N, C)``."""
    return gradients.flatten(2).mean(2)


def gradcam_plus_plus(activations: Tensor, gradients: Tensor) -> Tensor:
    """Grad-CAM++ (Chattopadhay et al., 2018, eq. 19 with Y = exp(score), whose constant factor is dropped).

    alpha = g^2 / (2 g^2 + (sum A) g^3), weight = sum over the grid of alpha * ReLU(g). Both parts of alpha share g^2,
    so alpha = 1 / (2 + (sum A) g) wherever g is not 0: no epsilon, hence no bias at deep layers, where g^2 is as small
    as the epsilon of other implementations. Where g or the denominator is 0 alpha is 0. The derivation assumes A >= 0.
    """
    return weighted_sum(positive_weights(activations, gradients), activations)


def positive_weights(activations: Tensor, gradients: Tensor) -> Tensor:
    """The channel weights of Grad-CAM++, ``(N, C)``."""
    total = activations.sum(_space(activations), keepdim=True)
    denominator = 2 + total * gradients
    # only positive gradients count, and those with denominator 0 have no finite weight
    usable = (gradients > 0) & (denominator != 0)
    alpha = torch.where(usable, gradients / torch.where(usable, denominator, 1), 0)
    return alpha.flatten(2).sum(2)


def hirescam(activations: Tensor, gradients: Tensor) -> Tensor:
    """HiResCAM (Draelos and Carin, 2020, eq. 3): gradient times activation, cell by cell, summed over channels.

    No averaging and no final ReLU. With one linear layer after the map, its cells add up to the score minus the bias.
    """
    return (gradients * activations).sum(1)


def xgradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """XGrad-CAM (Fu et al., 2020, eq. 7): channel weight = sum(g * A) / sum(A). Channels that sum to 0 weigh 0.

    The derivation assumes A >= 0: with signed activations sum(A) can be small and the weight large.
    """
    return weighted_sum(scaled_weights(activations, gradients), activations)


def scaled_weights(activations: Tensor, gradients: Tensor) -> Tensor:
    """The channel weights of XGrad-CAM, ``(N, C)``."""
    flat_a, flat_g = activations.flatten(2), gradients.flatten(2)
    total = flat_a.sum(2)
    product = (flat_g * flat_a).sum(2)
    return torch.where(total != 0, product / torch.where(total != 0, total, 1), 0)


def layercam(activations: Tensor, gradients: Tensor) -> Tensor:
    """LayerCAM (Jiang et al., 2021, eq. 6 and 7): positive gradients weigh each cell by itself."""
    return (gradients.clamp(min=0) * activations).sum(1)


def elementwise(activations: Tensor, gradients: Tensor) -> Tensor:
    """Element-wise Grad-CAM: sum over channels of ReLU(g * A). Never negative, so it has no final ReLU."""
    return (gradients * activations).clamp(min=0).sum(1)
