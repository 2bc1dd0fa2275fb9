"""All classes at once, where the head sees a layer only through one number a channel (in most networks its mean).

Between such a layer and the scores there is a place in the graph, the *neck*, with one value a channel and no grid.
Then the gradient of every class k factors: g_k[n, c, x] = J_k[n, c] * s[n, c, x], with J the Jacobian of the scores at
the neck and s, the *spread*, the same for all classes: 1 / cells after mean pooling, 0 where a ReLU on the way is
closed. All K maps are then small matrix products. Whether a head is of this kind is found by numbers, not by the names
of modules: two backward passes that start from random numbers at the neck must fit the factors. ResNet, DenseNet,
EfficientNet, MobileNet, RegNet, ConvNeXt, Inception, Swin and their kin are so; VGG, whose head sees every cell by
itself, is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from .graph import single_edges, towards
from .layers import LayerInfo
from .methods import arithmetic
from .preempt import Stop, check

CLASSES_AT_ONCE = 128
"""Rows of the Jacobian that one backward pass makes; between two of them a newer wish is looked for."""

JACOBIAN_BYTES = 16 * 2**20
"""Jacobians up to this size are kept, for the other variants."""

Rows = Callable[[Tensor], Tensor]
"""``jacobian (k, N, C) -> signed maps (N, k, X)``, X cells."""

AllClasses = Callable[[Tensor, Tensor], Rows]
"""``(activations (N, C, X), spread (N, C, X)) -> Rows``: what is the same for all classes is worked out once."""


@dataclass(frozen=True)
class Neck:
    """Where in the graph the head sees the layer, and how a gradient there spreads over the grid.

    Attributes:
        edge: the place with one value a channel.
        spread: ``(N, C, *grid)`` float32.
    """

    edge: GradientEdge
    spread: Tensor


def find_neck(scores: Tensor, layer: GradientEdge, info: LayerInfo) -> Neck | None:
    """The neck between a layer and the scores ``(N, K)``, or None where there is none.

    Args:
        info: how the layer's output is read.
    """
    shape = (scores.shape[0], info.channels, *info.grid)
    between = towards(get_gradient_edge(scores).node, layer.node)
    places = [place for place in single_edges(between) if _may_hold(place, shape)]
    if not places:
        return None
    start = _random(scores)[0]
    arriving = torch.autograd.grad(scores, places, start, retain_graph=True)
    fitting = [i for i, found in enumerate(arriving) if _one_a_channel(found.shape, shape)]
    if not fitting:
        return None
    nearest, wide = places[fitting[-1]], (*shape[:2], *(1,) * (len(shape) - 2))
    # from random gradients at the place itself, not at the scores: there classes that are sure of themselves, as after
    # a softmax, would drown the others, and one class alone fits anything
    ends = _random(arriving[fitting[-1]])
    found = [_instead(scores, start, nearest, end, layer) for end in ends]
    a, b = (info.channels_first(g).detach().float() for g in found)
    u, v = (end.to(a.device).float().reshape(wide) for end in ends)
    # two equations for each unknown: least squares, and what they leave over tells whether the gradient factors at all
    spread = (a * u + b * v) / (u * u + v * v)
    eps = torch.finfo(found[0].dtype).eps
    fits = _negligible(a - u * spread, a, eps) and _negligible(b - v * spread, b, eps)
    return Neck(nearest, spread) if fits else None


def _instead(scores: Tensor, start: Tensor, place: GradientEdge, end: Tensor, layer: GradientEdge) -> Tensor:
    """The gradient at the layer when ``end`` arrives at a place on the way, whatever comes from the scores."""

    def put(arriving: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(end if i == place.output_nr else other for i, other in enumerate(arriving))

    handle: Any = place.node.register_prehook(put)
    try:
        return torch.autograd.grad(scores, [layer], start, retain_graph=True)[0]
    finally:
        handle.remove()


def _negligible(left: Tensor, whole: Tensor, eps: float) -> bool:
    """Whether ``left`` is but the rounding of ``whole``, which is not 0, both ``(N, C, *grid)``, for each image by
    itself: at its worst, and on the average, where numbers of little precision would hide what is small everywhere.
    """
    worst, average = (
        [torch.linalg.vector_norm(t.flatten(1), order, dim=1) for t in (left, whole)] for order in (torch.inf, 2)
    )
    small = (worst[0] <= max(1e-5, 8 * eps) * worst[1]) & (average[0] <= max(1e-5, eps) * average[1])
    return bool(small.all() & (worst[1] > 0).any() & torch.isfinite(worst[1]).all())


def jacobian(scores: Tensor, neck: Neck, start: int, stop: int) -> Tensor:
    """d scores / d neck for the classes from ``start`` to ``stop``: ``(k, N, C)`` float32, in one backward pass."""
    linear = _last_linear(scores, neck.edge, start, stop)
    if linear is not None and linear[0] == neck.edge:
        found = linear[1]
    elif linear is not None:
        try:
            found = _batched(*linear, neck.edge)
        except (AttributeError, TypeError):  # torch before 2.5 begins at tensors only
            found = _batched(scores, _ones(scores, start, stop), neck.edge)
    else:
        found = _batched(scores, _ones(scores, start, stop), neck.edge)
    return found.reshape(stop - start, scores.shape[0], -1).to(neck.spread.device).float()


def _batched(begin: Tensor | GradientEdge, rows: Tensor, end: GradientEdge) -> Tensor:
    """Backward passes, one a row, that begin at a place with these gradients."""
    try:
        return torch.autograd.grad(begin, [end], rows, retain_graph=True, is_grads_batched=True)[0]
    except RuntimeError:  # an operation of the head that torch cannot batch
        return torch.stack([torch.autograd.grad(begin, [end], row, retain_graph=True)[0] for row in rows])


def _ones(scores: Tensor, start: int, stop: int) -> Tensor:
    """``(k, N, K)``, 1 at each class."""
    chosen = torch.zeros(stop - start, *scores.shape, dtype=scores.dtype, device=scores.device)
    rows = torch.arange(stop - start, device=scores.device)
    chosen[rows, :, start + rows] = 1
    return chosen


def _last_linear(scores: Tensor, neck: GradientEdge, start: int, stop: int) -> tuple[GradientEdge, Tensor] | None:
    """Where the scores come straight out of a linear layer: the place of its input, and these classes' gradients there
    ``(k, N, C)``, which are rows of its weights. To find them by products with ones and zeros would cost the square of
    the number of classes.
    """
    node: Any = scores.grad_fn
    place = {"AddmmBackward0": 1, "MmBackward0": 0}.get(node.name())
    if place is None or getattr(node, "_saved_alpha", 1) != 1:
        return None
    child, number = node.next_functions[place]
    others = [other for i, (other, _) in enumerate(node.next_functions) if i != place and other is not None]
    if any(towards(other, neck.node) for other in others):  # weights that the layer makes: not this way alone
        return None
    rows = node._saved_mat2.detach().t()[start:stop]
    return GradientEdge(child, number), rows.unsqueeze(1).expand(-1, scores.shape[0], -1)


class Jacobian:
    """The rows that were made so far: work that was stopped goes on where it ended."""

    def __init__(self, scores: Tensor, neck: Neck) -> None:
        self._scores, self._neck = scores, neck
        self._chunks: list[Tensor] = []
        channels = neck.spread.shape[:2].numel()
        self._kept = scores.shape[1] * channels * 4 <= JACOBIAN_BYTES

    def chunk(self, i: int) -> Tensor:
        """Rows ``i * CLASSES_AT_ONCE`` and following: ``(k, N, C)``."""
        if i < len(self._chunks):
            return self._chunks[i]
        start = i * CLASSES_AT_ONCE
        made = jacobian(self._scores, self._neck, start, min(start + CLASSES_AT_ONCE, self._scores.shape[1]))
        if self._kept:
            self._chunks.append(made)
        return made


def all_maps(rows: Rows, jacobian: Jacobian, classes: int, stop: Stop | None = None) -> Tensor:
    """The signed maps of all classes: ``(N, K, X)`` float32, X cells.

    Raises:
        Stopped: ``stop`` said so between two chunks of classes.
    """
    parts = []
    for i in range(-(-classes // CLASSES_AT_ONCE)):
        check(stop)
        parts.append(rows(jacobian.chunk(i)))
    return torch.cat(parts, 1)


def _random(like: Tensor) -> list[Tensor]:
    """Two random tensors like this one, from a generator of our own: the user's is not touched."""
    source = torch.Generator().manual_seed(0)
    # the device is named, since torch.set_default_device may have set another
    made = [torch.randn(like.shape, generator=source, device="cpu", dtype=torch.float32) for _ in range(2)]
    return [t.to(like.device, like.dtype) for t in made]


def _may_hold(place: GradientEdge, layer: Sequence[int]) -> bool:
    """Whether one value a channel may pass there. Torch before 2.6 does not tell the shape; then it is tried."""
    known = getattr(place.node, "_input_metadata", None)
    return known is None or _one_a_channel(known[place.output_nr].shape, layer)


def _one_a_channel(shape: Sequence[int], layer: Sequence[int]) -> bool:
    n, channels = layer[:2]
    return len(shape) > 1 and shape[0] == n and math.prod(shape) == n * channels and channels in shape[1:]


# ------------------------------------------------------------------ the methods for all classes: see ``arithmetic.py``


def _weighing(values: Tensor, share: Tensor) -> Rows:
    """The weight of a channel ``(N, C)`` is its share times the Jacobian; it weighs ``values (N, C, X)``."""
    return lambda j: torch.bmm((j * share).transpose(0, 1), values)


def _gradcam(a: Tensor, s: Tensor) -> Rows:
    return _weighing(a, s.mean(2))


def _hirescam(a: Tensor, s: Tensor) -> Rows:
    product = s * a
    return lambda j: torch.bmm(j.transpose(0, 1), product)


def _xgradcam(a: Tensor, s: Tensor) -> Rows:
    total = a.sum(2)
    return _weighing(a, torch.where(total != 0, (s * a).sum(2) / torch.where(total != 0, total, 1), 0))


def _layercam(a: Tensor, s: Tensor) -> Rows:
    return _rectified(s.clamp(min=0) * a, (-s).clamp(min=0) * a)


def _elementwise(a: Tensor, s: Tensor) -> Rows:
    product = s * a
    return _rectified(product.clamp(min=0), (-product).clamp(min=0))


def _rectified(positive: Tensor, negative: Tensor) -> Rows:
    """ReLU(j s) is ReLU(j) ReLU(s) + ReLU(-j) ReLU(-s)."""
    both = bool(negative.any())

    def rows(j: Tensor) -> Tensor:
        maps = torch.bmm(j.clamp(min=0).transpose(0, 1), positive)
        return maps + torch.bmm((-j).clamp(min=0).transpose(0, 1), negative) if both else maps

    return rows


def _gradcam_plus_plus(a: Tensor, s: Tensor) -> Rows:
    """Where the spread has one value wherever it is not 0 (see ``even``), alpha is the same in all those cells."""
    cells, total = (s != 0).sum(2), a.sum(2)
    value = s.sum(2) / cells.clamp(min=1)

    def rows(j: Tensor) -> Tensor:
        g = j * value
        denominator = 2 + total * g
        usable = (g > 0) & (denominator != 0)
        weights = torch.where(usable, cells * g / torch.where(usable, denominator, 1), 0)
        return torch.bmm(weights.transpose(0, 1), a)

    return rows


FOR_ALL: Mapping[arithmetic.MapFunction, AllClasses] = MappingProxyType(
    {
        arithmetic.gradcam: _gradcam,
        arithmetic.hirescam: _hirescam,
        arithmetic.layercam: _layercam,
        arithmetic.elementwise: _elementwise,
        arithmetic.xgradcam: _xgradcam,
        arithmetic.gradcam_plus_plus: _gradcam_plus_plus,
    }
)
"""How a variant's function reads when the gradient factors."""


def for_all(function: arithmetic.MapFunction, neck: Neck) -> AllClasses | None:
    """The function for all classes, or None where it has none with this neck."""
    if function is arithmetic.gradcam_plus_plus and not even(neck.spread):
        return None
    return FOR_ALL.get(function)


def even(spread: Tensor) -> bool:
    """Whether the spread ``(N, C, *grid)`` of each channel has but one value wherever it is not 0, as after a mean."""
    flat = spread.flatten(2)
    there = flat != 0
    high = flat.masked_fill(~there, -torch.inf).amax(2)
    low = flat.masked_fill(~there, torch.inf).amin(2)
    return bool((~there.any(2) | (high - low <= 1e-5 * high.abs())).all())
