"""What each channel of a layer adds to a map: the steps of Grad-CAM and its kin with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .inside import Inside
from .methods.weights import PER_CELL, PER_CHANNEL
from .preempt import Stop
from .untouched import uncast
from .variants import VARIANTS, Variant, find_variant

if TYPE_CHECKING:
    from .recording import Recording
    from .returned import Aim
    from .targets import Target


@dataclass(frozen=True, eq=False, repr=False)
class Channels:
    """The sum that a map is, of one image: ``signed = sum over k of w_k * A_k``, with A the activations of a layer of C
    channels and w their weights (see ``weights.py``). What one of them adds is its contribution ``w_k * A_k``.

    In Grad-CAM (Selvaraju et al., 2017, eq. 1 and 2) ``w_k = alpha_k``, the mean of ``g_k = d score / d A_k`` over the
    grid. HiResCAM has ``w_k = g_k``, LayerCAM ``ReLU(g_k)``, Element-wise Grad-CAM g_k where ``g_k * A_k > 0``: each
    cell has a weight of its own. With guided and deconv ReLU g itself is another one (see ``relu.py``).

    All tensors are float32, of the raw units of the map, and on the recording's device.

    Attributes:
        layer, variant: of the map. target: what is explained. value: its number, such as the class's logit.
        per_cell: whether each cell has a weight of its own.
        weights: ``(C,)``: alpha_k; where each cell has its own, their mean over the grid.
        sums: ``(C,)``: contributions, summed over the grid. total: of all channels.
        shares: ``(C,)``: ``sums / total``. They add to 1; one may be negative or above 1. NaN where the total is 0.
        strongest: ``(T,)`` int64: the channels with the largest ``sums`` by magnitude, the first of equal ones first.
        activations, contributions: ``(T, *grid)``: of these channels. weight_maps: likewise; None unless ``per_cell``.
        rest: ``(*grid)``: what all others add, so that ``contributions.sum(0) + rest`` is ``signed``.
        signed: ``(*grid)``: the map before the variant's ReLU, as of ``Recording.cams``.
        rule: how rectifiers passed the gradients back. rectifiers: how many lie above the layer.
        plain: ``(C,)``: the weights by the standard rule; None where that is the rule.
    """

    layer: str
    variant: str
    target: Target
    value: float
    per_cell: bool
    weights: Tensor
    sums: Tensor
    total: float
    shares: Tensor
    strongest: Tensor
    activations: Tensor
    contributions: Tensor
    weight_maps: Tensor | None
    rest: Tensor
    signed: Tensor
    rule: str
    rectifiers: int
    plain: Tensor | None
    _all: Tensor = field(compare=False)

    def without(self, channels: Sequence[int]) -> Tensor:
        """The signed map ``(*grid)`` when these channels are switched off, any of the C, each counted once.

        Raises:
            ValueError: no channel has this number.
        """
        count, off = len(self.weights), sorted({int(k) for k in channels})
        wrong = [k for k in off if not 0 <= k < count]
        if wrong:
            raise ValueError(f"channel {wrong[0]} is out of range; layer {self.layer!r} has 0 to {count - 1}")
        return self.signed - self._all[off].sum(0)

    def __repr__(self) -> str:
        """A table of the strongest."""
        name, shown = VARIANTS[self.variant].name, len(self.strongest)
        lines = [f"{name} of {self.target} at {self.layer}: {self.total:+.4g}, the sum of {len(self.weights)} channels"]
        if shown:
            alpha = "mean w" if self.per_cell else "alpha"
            lines.append(f"{'channel':>8} {alpha:>12} {'adds':>12} {'share':>9}")
        for k in self.strongest.tolist():
            share = 100 * float(self.shares[k])
            lines.append(f"{k:>8} {float(self.weights[k]):>+12.4g} {float(self.sums[k]):>+12.4g} {share:>+8.1f}%")
        lines.append(f"{len(self.weights) - shown} others add {float(self.rest.sum()):+.4g}")
        return "\n".join(lines)


def channels_of(
    recording: Recording,
    target: Aim,
    layer: str | None = None,
    variant: str = "gradcam",
    top: int = 12,
    image: int = 0,
    stop: Stop | None = None,
) -> Channels:
    """See ``Recording.inside``."""
    chosen, name, aim = find_variant(variant), recording.resolve(layer), recording.resolve_target(target)
    _check(chosen, top, image, len(recording.x))
    inside = Inside(recording)
    a = inside.activations(name)[[image]]
    g = inside.gradient(aim, name, chosen.rule, stop)[[image]]
    value = float(recording.value(aim)[image])
    guided = chosen.rule != "standard"
    standard = inside.gradient(aim, name, stop=stop)[[image]] if guided else None
    with torch.no_grad(), torch.inference_mode(False), uncast(recording.scores.device):
        # autograd's tensors may be shared with the graph and with other answers: what users write to is their own
        a, g = a.float(), g.float()
        weights = _weights(chosen, a, g)
        plain = None if standard is None else _mean(_weights(chosen, a, standard.float())[0])
        contributions = (weights.reshape(*weights.shape, *(1,) * (a.ndim - weights.ndim)) * a)[0]
        signed = chosen.function(a, g)[0]  # type: ignore[misc]
        sums = contributions.flatten(1).sum(1)
        strongest = sums.abs().nan_to_num().argsort(descending=True, stable=True)[:top]
        shown = contributions[strongest]
        per_cell = chosen.weights == "cell"
        total = float(signed.sum())
        return Channels(
            layer=name,
            variant=chosen.id,
            target=aim,
            value=value,
            per_cell=per_cell,
            weights=_mean(weights[0]),
            sums=sums,
            total=total,
            shares=sums / (total or torch.nan),
            strongest=strongest,
            activations=a[0, strongest],
            contributions=shown,
            weight_maps=weights[0, strongest] if per_cell else None,
            rest=signed - shown.sum(0),
            signed=signed,
            rule=chosen.rule,
            rectifiers=recording.rectifiers_above(name),
            plain=plain,
            _all=contributions,
        )


def _check(variant: Variant, top: int, image: int, n: int) -> None:
    if variant.weights == "none":
        accepted = ", ".join(repr(v.id) for v in VARIANTS.values() if v.weights != "none")
        raise ValueError(f"{variant.name} is no weighted sum of the layer's channels; accepted variants: {accepted}")
    if isinstance(top, bool) or not isinstance(top, int) or top < 0:
        raise ValueError(f"top is {top!r}; accepted: how many channels to show, 0 or more")
    if not -n <= image < n:
        raise ValueError(f"image is {image}, and the batch has {n}; accepted: 0 to {n - 1}")


def _weights(variant: Variant, a: Tensor, g: Tensor) -> Tensor:
    function = variant.function
    weigh = PER_CHANNEL.get(function) or PER_CELL[function]  # type: ignore[arg-type,index]
    return weigh(a, g)


def _mean(weights: Tensor) -> Tensor:
    """``(C,)``, of weights that may have a grid."""
    return weights.flatten(1).mean(1) if weights.ndim > 1 else weights
