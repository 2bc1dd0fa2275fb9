"""Every method by its id: what it is called, what it costs, what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from .methods.ablation import ablationcam
from .methods.arithmetic import elementwise, gradcam, gradcam_plus_plus, hirescam, layercam, xgradcam
from .methods.eigen import eigencam, eigengradcam
from .methods.finer import finercam
from .methods.higher import guided_gradcam, shapleycam
from .methods.method import Explained, Method, Order
from .methods.scorecam import scorecam
from .methods.smooth import smoothgradcam_plus_plus
from .methods.weights import Weights, weights_of
from .suggest import unknown

INSTANT, FAST = "instant", "fast"

NEEDS = ("gradients", "activations", "second derivatives", "passes")


@dataclass(frozen=True)
class Variant:
    """One way to explain a score at a layer.

    Attributes:
        id: what users type. name: what they read. summary: what it does, in about six words.
        paper: where it is defined.
        cost: in words, for a class on a recorded image: "instant" (arithmetic on what one backward pass gave), "fast"
            (a few backward passes), else about how long, with a network such as ResNet-50 on a CPU.
        function: ``(activations, gradients) -> signed map``, see ``arithmetic.py``; None where ``method`` makes it.
        method: makes the maps of methods that need more.
        rule: how rectifiers pass gradients back: "standard", "guided" or "deconv" (see ``relu.py``).
        relu: whether the definition cuts negative values at the end.
        unit: "score" where one cell is a share of the score in its own unit, else "relative".
        needs: "gradients", "activations" (no backward pass), "second derivatives", or "passes" (the network runs
            again).
        per_class: whether the map depends on what is explained.
        together: whether the work of one class is that of all: a second class is then arithmetic.
        seeded: whether random numbers are drawn (from a generator of our own, so that answers repeat).
        at_input: whether the map has the size of the input instead of the layer's grid.
        ahead: whether it is made before anyone asks.
        linear: whether the signed map is linear in what is explained: of a score a - gamma b it is the map of a less
            gamma times that of b, cell by cell, so that no pass is needed where both are known.
    """

    id: str
    name: str
    summary: str
    paper: str
    cost: str
    function: Callable[[Tensor, Tensor], Tensor] | None = None
    method: Method | None = None
    rule: str = "standard"
    relu: bool = True
    unit: str = "score"
    needs: str = "gradients"
    per_class: bool = True
    together: bool = False
    seeded: bool = False
    at_input: bool = False
    ahead: bool = True
    linear: bool = False

    @property
    def slow(self) -> bool:
        """Whether it is made only when it is asked for by itself, not for the sake of a thumbnail."""
        return self.cost != INSTANT and self.function is None

    @property
    def weights(self) -> Weights:
        """What of a layer has a weight of its own: each "channel", each "cell" of a channel, or "none": then the map is
        no weighted sum of the channels.
        """
        return weights_of(self.function)

    @property
    def alone(self) -> bool:
        """Whether the class that is asked comes alone, since each other one would cost as much again."""
        return self.at_input or (self.needs == "passes" and not self.together)


def _eigencam(explained: Explained, order: Order) -> Tensor:
    """One map for every target, made once a layer."""
    a = explained.activations(order.layer)
    with torch.no_grad():
        made = explained.shelf.get(("eigencam", order.layer), lambda: eigencam(a.float()), lambda m: m.numel() * 4)
    return made.unsqueeze(1).expand(-1, len(order.targets), *(-1,) * (made.ndim - 1)).clone()


def _registry(*variants: Variant) -> Mapping[str, Variant]:
    return MappingProxyType({v.id: v for v in variants})


VARIANTS: Mapping[str, Variant] = _registry(
    Variant(
        id="gradcam",
        name="Grad-CAM",
        summary="mean gradient weighs each channel",
        paper="Selvaraju et al., ICCV 2017",
        cost=INSTANT,
        function=gradcam,
        linear=True,
    ),
    Variant(
        id="hirescam",
        name="HiResCAM",
        summary="gradient per cell; adds up to the score",
        paper="Draelos and Carin, arXiv 2011.08891, 2020",
        cost=INSTANT,
        function=hirescam,
        relu=False,
        linear=True,
    ),
    Variant(
        id="layercam",
        name="LayerCAM",
        summary="positive gradients; finer early maps",
        paper="Jiang et al., IEEE TIP 2021",
        cost=INSTANT,
        function=layercam,
    ),
    Variant(
        id="gradcam++",
        name="Grad-CAM++",
        summary="several objects of one class",
        paper="Chattopadhay et al., WACV 2018",
        cost=INSTANT,
        function=gradcam_plus_plus,
        unit="relative",
    ),
    Variant(
        id="xgradcam",
        name="XGrad-CAM",
        summary="gradients scaled by activation",
        paper="Fu et al., BMVC 2020",
        cost=INSTANT,
        function=xgradcam,
        linear=True,
    ),
    Variant(
        id="elementwise",
        name="Element-wise",
        summary="positive products only, cell by cell",
        paper="no paper of its own: Grad-CAM with the ReLU on each product",
        cost=INSTANT,
        function=elementwise,
        relu=False,
    ),
    Variant(
        id="eigencam",
        name="EigenCAM",
        summary="strongest pattern; the same for all classes",
        paper="Muhammad and Yeasin, IJCNN 2020",
        cost=INSTANT,
        method=_eigencam,
        unit="relative",
        needs="activations",
        per_class=False,
    ),
    Variant(
        id="eigengradcam",
        name="EigenGradCAM",
        summary="strongest pattern of gradient times activation",
        paper="no paper of its own: EigenCAM of gradient times activation",
        cost=INSTANT,
        function=eigengradcam,
        unit="relative",
        ahead=False,
    ),
    Variant(
        id="guided_relu",
        name="Guided ReLU",
        summary="positive gradients through active units",
        paper="Springenberg et al., ICLR workshop 2015",
        cost=FAST,
        function=gradcam,
        rule="guided",
        unit="relative",
    ),
    Variant(
        id="deconv_relu",
        name="Deconv ReLU",
        summary="positive gradients through all units",
        paper="Zeiler and Fergus, ECCV 2014",
        cost=FAST,
        function=gradcam,
        rule="deconv",
        unit="relative",
    ),
    Variant(
        id="finercam",
        name="Finer-CAM",
        summary="against the three closest classes",
        paper="Zhang et al., CVPR 2025",
        cost=FAST,
        method=finercam,
        ahead=False,
    ),
    Variant(
        id="shapleycam",
        name="ShapleyCAM",
        summary="gradient and curvature of the score",
        paper="Cai, arXiv 2501.06261, 2025",
        cost=FAST,
        method=shapleycam,
        needs="second derivatives",
        ahead=False,
        linear=True,
    ),
    Variant(
        id="guided_gradcam",
        name="Guided Grad-CAM",
        summary="Grad-CAM on edges, pixel by pixel",
        paper="Selvaraju et al., ICCV 2017",
        cost=FAST,
        method=guided_gradcam,
        relu=False,
        unit="relative",
        at_input=True,
        ahead=False,
    ),
    Variant(
        id="smoothgradcam++",
        name="Smooth Grad-CAM++",
        summary="Grad-CAM++, averaged over noisy inputs",
        paper="Omeiza et al., arXiv 1908.01224, 2019",
        cost="1-2 s",
        method=smoothgradcam_plus_plus,
        unit="relative",
        needs="passes",
        seeded=True,
        ahead=False,
    ),
    Variant(
        id="ablationcam",
        name="Ablation-CAM",
        summary="what the score loses without a channel",
        paper="Desai and Ramaswamy, WACV 2020",
        cost="1-2 s",
        method=ablationcam,
        unit="relative",
        needs="passes",
        together=True,
        ahead=False,
    ),
    Variant(
        id="scorecam",
        name="Score-CAM",
        summary="the score behind each channel's mask",
        paper="Wang et al., CVPR workshops 2020",
        cost="slow",
        method=scorecam,
        unit="relative",
        needs="passes",
        together=True,
        ahead=False,
    ),
)
"""Every variant by id, in the order of the menu."""


def find_variant(variant: Any) -> Variant:
    """The variant of this id.

    Raises:
        ValueError: unknown; the message names the nearest right one.
    """
    if not isinstance(variant, str) or variant not in VARIANTS:
        raise ValueError(unknown("variant", variant, list(VARIANTS)))
    return VARIANTS[variant]
