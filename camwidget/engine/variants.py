"""The methods: pure functions from activations and gradients to one map, in one registry.

Notation, in every function here: ``activations`` A and ``gradients`` g = d score / d A, both ``(N, C, *grid)`` of one
layer; the result is the *signed* map ``(N, *grid)``, before the final ReLU. Whether a variant ends in a ReLU is said by
``Variant.relu``; ``Recording.cam`` applies it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    return weighted_sum(gradients.flatten(2).mean(2), activations)


def gradcam_plus_plus(activations: Tensor, gradients: Tensor) -> Tensor:
    """Grad-CAM++ (Chattopadhay et al., 2018, eq. 19 with Y = exp(score), whose constant factor is dropped).

    alpha = g^2 / (2 g^2 + (sum A) g^3), weight = sum over the grid of alpha * ReLU(g). Both parts of alpha share g^2,
    so alpha = 1 / (2 + (sum A) g) wherever g is not 0: no epsilon, hence no bias at deep layers, where g^2 is as small
    as the epsilon of other implementations. Where g or the denominator is 0 alpha is 0. The derivation assumes A >= 0.
    """
    total = activations.sum(_space(activations), keepdim=True)
    denominator = 2 + total * gradients
    # only positive gradients count, and those with denominator 0 have no finite weight
    usable = (gradients > 0) & (denominator != 0)
    alpha = torch.where(usable, gradients / torch.where(usable, denominator, 1), 0)
    return weighted_sum(alpha.flatten(2).sum(2), activations)


def hirescam(activations: Tensor, gradients: Tensor) -> Tensor:
    """HiResCAM (Draelos and Carin, 2020, eq. 3): gradient times activation, cell by cell, summed over channels.

    No averaging and no final ReLU. With one linear layer after the map, its cells add up to the score minus the bias.
    """
    return (gradients * activations).sum(1)


def xgradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """XGrad-CAM (Fu et al., 2020, eq. 7): channel weight = sum(g * A) / sum(A). Channels that sum to 0 weigh 0.

    The derivation assumes A >= 0: with signed activations sum(A) can be small and the weight large.
    """
    flat_a, flat_g = activations.flatten(2), gradients.flatten(2)
    total = flat_a.sum(2)
    product = (flat_g * flat_a).sum(2)
    weights = torch.where(total != 0, product / torch.where(total != 0, total, 1), 0)
    return weighted_sum(weights, activations)


def layercam(activations: Tensor, gradients: Tensor) -> Tensor:
    """LayerCAM (Jiang et al., 2021, eq. 6 and 7): positive gradients weigh each cell by itself."""
    return (gradients.clamp(min=0) * activations).sum(1)


def elementwise(activations: Tensor, gradients: Tensor) -> Tensor:
    """Element-wise Grad-CAM: sum over channels of ReLU(g * A). Never negative, so it has no final ReLU."""
    return (gradients * activations).clamp(min=0).sum(1)


@dataclass(frozen=True)
class Variant:
    """One way to turn activations and gradients into a map.

    Attributes:
        id: what users type. name: what they read. summary: what it does, in about six words.
        paper: where it is defined. cost: in words, per class on a recorded image.
        function: ``(activations, gradients) -> signed map``, see the module's docstring.
        rule: how rectifiers pass gradients back: "standard", "guided" or "deconv" (see ``relu.py``).
        relu: whether the definition cuts negative values at the end.
        unit: "score" where one cell is a share of the score in its own unit, else "relative".
    """

    id: str
    name: str
    summary: str
    paper: str
    cost: str
    function: MapFunction
    rule: str = "standard"
    relu: bool = True
    unit: str = "score"


def _registry(*variants: Variant) -> Mapping[str, Variant]:
    return MappingProxyType({v.id: v for v in variants})


VARIANTS: Mapping[str, Variant] = _registry(
    Variant(
        id="gradcam",
        name="Grad-CAM",
        summary="mean gradient weighs each channel",
        paper="Selvaraju et al., ICCV 2017",
        cost="instant",
        function=gradcam,
    ),
    Variant(
        id="hirescam",
        name="HiResCAM",
        summary="gradient per cell; adds up to the score",
        paper="Draelos and Carin, arXiv 2011.08891, 2020",
        cost="instant",
        function=hirescam,
        relu=False,
    ),
    Variant(
        id="layercam",
        name="LayerCAM",
        summary="positive gradients; finer early maps",
        paper="Jiang et al., IEEE TIP 2021",
        cost="instant",
        function=layercam,
    ),
    Variant(
        id="gradcam++",
        name="Grad-CAM++",
        summary="several objects of one class",
        paper="Chattopadhay et al., WACV 2018",
        cost="instant",
        function=gradcam_plus_plus,
        unit="relative",
    ),
    Variant(
        id="xgradcam",
        name="XGrad-CAM",
        summary="gradients scaled by activation",
        paper="Fu et al., BMVC 2020",
        cost="instant",
        function=xgradcam,
    ),
    Variant(
        id="elementwise",
        name="Element-wise",
        summary="positive products only, cell by cell",
        paper="no paper of its own: Grad-CAM with the ReLU on each product",
        cost="instant",
        function=elementwise,
        relu=False,
    ),
    Variant(
        id="guided_relu",
        name="Guided ReLU",
        summary="positive gradients through active units",
        paper="Springenberg et al., ICLR workshop 2015",
        cost="fast",
        function=gradcam,
        rule="guided",
        unit="relative",
    ),
    Variant(
        id="deconv_relu",
        name="Deconv ReLU",
        summary="positive gradients through all units",
        paper="Zeiler and Fergus, ECCV 2014",
        cost="fast",
        function=gradcam,
        rule="deconv",
        unit="relative",
    ),
)
"""Every variant by id, in the order of the menu."""
