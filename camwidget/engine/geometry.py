"""What one step of a forward pass does to the field that a cell sees: arithmetic on the nodes of the recorded graph.

A node knows its own stride, padding and so on, so the model's modules are not asked: functional, in-place and cropping
code counts as well. Rules: a window that slides (convolution, pooling) widens the field and moves its centre by half
its reach less the padding before it; crops, pads, shifts and resampling move the cells; branches that meet see the
union of their fields; attention, means over space and norms over space let each cell see everything, while its centre
stays where it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from torch.autograd.graph import Node

ATTENTION = ("Bmm", "Baddbmm")

PREFIXES = range(9)
"""Numbers of tokens that may stand before those of the grid: class token, distillation token, registers."""


@dataclass(frozen=True)
class Axis:
    """Cells along one axis, in input samples: sample i spans [i, i + 1).

    Attributes:
        centre: of the field of cell 0. step: from one cell's centre to the next. size: what a cell sees.
        cells: how many there are.
    """

    centre: float
    step: float
    size: float
    cells: int

    def window(self, kernel: int, stride: int, padding: int, dilation: int, cells: int) -> Axis | None:
        """After a window slid over the cells; None where that does not give so many."""
        reach = dilation * (kernel - 1)
        whole, rest = divmod(self.cells + 2 * padding - reach - 1, stride)
        if cells not in (whole + 1, whole + 1 + (rest > 0)):
            return None
        centre = self.centre + self.step * (reach / 2 - padding)
        return Axis(centre, self.step * stride, self.size + self.step * reach, cells)

    def spread(self, kernel: int, stride: int, padding: int, dilation: int, cells: int) -> Axis:
        """After a transposed convolution."""
        reach = dilation * (kernel - 1)
        centre = self.centre + self.step * (padding - reach / 2) / stride
        return Axis(centre, self.step / stride, self.size + self.step * reach / stride, cells)

    def moved(self, start: float, cells: int, stride: int = 1) -> Axis:
        """Every ``stride``-th cell from ``start`` on, which may lie before the first."""
        return Axis(self.centre + self.step * start, self.step * stride, self.size, cells)

    def resampled(self, cells: int, more: float = 0, aligned: bool = False) -> Axis:
        """To another number of cells over the same stretch; ``more``: cells that each new one sees beyond its own. Fine
        cells that share a coarse one are all said to see as far as the farthest of them.
        """
        if aligned:
            ratio = (self.cells - 1) / max(1, cells - 1)
            return Axis(self.centre, self.step * ratio, self.size + self.step * more, cells)
        ratio = self.cells / cells
        centre = self.centre + self.step * (ratio - 1) / 2
        return Axis(centre, self.step * ratio, self.size + self.step * more, cells)


@dataclass(frozen=True)
class Reach:
    """What the cells of a tensor see.

    Attributes:
        axes: one a spatial axis of the input; empty where the tensor has no grid any more.
        first: which dimension of the tensor is the first spatial one; None where the cells lie otherwise, as tokens.
        whole: each cell sees all of the input besides.
        pairs: the tensor holds one number for each pair of cells, as attention does on its way.
    """

    axes: tuple[Axis, ...]
    first: int | None
    whole: bool = False
    pairs: bool = False

    @property
    def cells(self) -> tuple[int, ...]:
        """The grid."""
        return tuple(axis.cells for axis in self.axes)


POOLED = Reach((), None, True)


@dataclass(frozen=True)
class Step:
    """A node of the graph, the shape of what it made, and the number of images."""

    node: Any
    shape: tuple[int, ...]
    n: int


def start(spatial: Sequence[int]) -> Reach:
    """The input itself: each sample sees itself."""
    return Reach(tuple(Axis(0.5, 1.0, 1.0, n) for n in spatial), 2)


def follow(node: Node, arriving: Sequence[Reach | None], n: int) -> Reach | None:
    """What the cells see after a node, from what they saw in each of its inputs; None where that is not known.

    Args:
        n: number of images. Where torch does not tell shapes of a graph (before 2.6), nothing is known.
    """
    name = re.sub(r"[123]D|Backward\d*$", "", node.name())
    attends = name in ATTENTION or name.startswith("ScaledDotProduct")
    if name in UNKNOWN:
        return None
    reach = _asking(arriving) if attends else _union(arriving)
    if reach is None or not reach.axes:
        return reach
    metadata: Any = getattr(node, "_input_metadata", None)
    if not metadata or metadata[0].shape is None:
        return None
    step = Step(node, tuple(int(size) for size in metadata[0].shape), n)
    if _one_cell(reach, step):
        return POOLED
    rule = _attention if attends else RULES.get(name)
    if rule is not None:
        reach = rule(reach, step)
    if reach is None or not reach.axes:
        return reach
    return _settled(reach, step, rearranged=rule is None)


def _one_cell(reach: Reach, step: Step) -> bool:
    count, shape = len(reach.axes), step.shape
    if math.prod(reach.cells) == 1 or len(shape) != count + 2 or shape[0] != step.n:
        return False
    return math.prod(shape[2:]) == 1 or (count > 1 and math.prod(shape[1:-1]) == 1)


def _asking(arriving: Sequence[Reach | None]) -> Reach | None:
    """In a product of two tensors, as attention is made of, the first one's cells are kept."""
    first, *others = arriving
    if first is None or not first.axes:
        return first
    known = all(other is not None and other.cells == first.cells for other in others)
    union = _union(arriving) if known else None
    return replace(first, whole=True) if union is None else replace(union, pairs=first.pairs)


def _union(arriving: Sequence[Reach | None]) -> Reach | None:
    known = [reach for reach in arriving if reach is not None]
    if len(known) < len(arriving):
        return None
    grids = [reach for reach in known if reach.axes]
    if not grids:
        return POOLED
    axes = []
    for parts in zip(*(reach.axes for reach in grids), strict=True):
        one = parts[0]
        if any(part.cells != one.cells or abs(part.step - one.step) > 1e-9 * abs(one.step) for part in parts):
            return None
        low = min(part.centre - part.size / 2 for part in parts)
        high = max(part.centre + part.size / 2 for part in parts)
        axes.append(Axis((low + high) / 2, one.step, high - low, one.cells))
    first = next((reach.first for reach in grids if reach.first is not None), None)
    whole, pairs = any(reach.whole for reach in known), all(reach.pairs for reach in grids)
    return Reach(tuple(axes), first, whole, pairs)


def _settled(reach: Reach, step: Step, *, rearranged: bool) -> Reach:
    """Where in the tensor the cells are; ``rearranged``: it may be another grid of the same values, made by views."""
    cells, count, shape, n = reach.cells, len(reach.cells), step.shape, step.n
    if math.prod(shape) < n * math.prod(cells):
        return POOLED
    if len(shape) == count + 2 and shape[0] == n:
        for first in (reach.first, 2, 1):
            if first is not None and shape[first : first + count] == cells:
                return replace(reach, first=first, pairs=False)
        for first in (2, 1) if rearranged and not reach.pairs else ():
            found = shape[first : first + count]
            ratios = {a / b for a, b in zip(cells, found, strict=True)}
            ratio = ratios.pop()
            if not ratios and (ratio.is_integer() or (1 / ratio).is_integer()):
                axes = tuple(a.resampled(b, abs(ratio - 1)) for a, b in zip(reach.axes, found, strict=True))
                return replace(reach, axes=axes, first=first)
    return replace(reach, first=None)


def _signed(number: int) -> int:
    """Torch saves negative numbers as unsigned ones of 64 bits."""
    return number - 2**64 if number >= 2**63 else number


def _dim(dim: int, dimensions: int) -> int:
    return _signed(dim) % dimensions


def _numbers(value: Any, count: int) -> tuple[int, ...] | None:
    """The last ``count`` numbers: 1-D pooling runs as 2-D pooling with a dimension of one before."""
    numbers = tuple(int(v) for v in value)
    return numbers[-count:] if len(numbers) >= count else None


def _each(reach: Reach, made: Sequence[Axis | None]) -> Reach | None:
    axes = [axis for axis in made if axis is not None]
    return replace(reach, axes=tuple(axes), first=2) if len(axes) == len(reach.axes) else None


def _convolution(reach: Reach, step: Step) -> Reach | None:
    count, node = len(reach.axes), step.node
    settings = (_weight_shape(node)[2:], node._saved_stride, node._saved_padding, node._saved_dilation)
    if any(len(numbers) != count for numbers in settings):
        return None
    columns = [*zip(*settings, step.shape[-count:], strict=True)]
    if node._saved_transposed:
        return _each(reach, [axis.spread(*column) for axis, column in zip(reach.axes, columns, strict=True)])
    return _each(reach, [axis.window(*column) for axis, column in zip(reach.axes, columns, strict=True)])


def _weight_shape(node: Any) -> tuple[int, ...]:
    """Of a convolution. What torch saved is not asked where that can be helped: it raises where weights were trained
    since.
    """
    child, number = node.next_functions[1]
    metadata = getattr(child, "_input_metadata", None)
    shape = metadata[number].shape if metadata else node._saved_weight.shape
    return tuple(int(size) for size in shape)


def _pooling(reach: Reach, step: Step) -> Reach | None:
    count = len(reach.axes)
    kernel = step.node._saved_kernel_size
    rows = [
        kernel,
        step.node._saved_stride or kernel,
        step.node._saved_padding,
        getattr(step.node, "_saved_dilation", (1,) * 3),
    ]
    settings = [_numbers(row, count) for row in rows]
    known = [row for row in settings if row is not None]
    if len(known) < len(settings):
        return None
    columns = zip(*known, step.shape[-count:], strict=True)
    return _each(reach, [axis.window(*column) for axis, column in zip(reach.axes, columns, strict=True)])


def _adaptive(reach: Reach, step: Step) -> Reach | None:
    found = step.shape[-len(reach.axes) :]
    if any(b == 1 < a.cells for a, b in zip(reach.axes, found, strict=True)):
        return POOLED
    return _each(reach, [a.resampled(b, math.ceil(a.cells / b) - 1) for a, b in zip(reach.axes, found, strict=True)])


def _resampling(more: float) -> Rule:
    def rule(reach: Reach, step: Step) -> Reach | None:
        aligned = bool(getattr(step.node, "_saved_align_corners", False))
        found = zip(reach.axes, step.shape[-len(reach.axes) :], strict=True)
        return _each(reach, [a.resampled(b, more or abs(1 - a.cells / b), aligned) for a, b in found])

    return rule


def _on_axes(reach: Reach, dims: Mapping[int, tuple[float, int]]) -> Reach:
    """Axes at these dimensions of the tensor begin at another cell, and take every so many."""
    if reach.first is None:
        return reach
    axes = list(reach.axes)
    for dim, (begin, stride) in dims.items():
        i = dim - reach.first
        if 0 <= i < len(axes):
            axes[i] = axes[i].moved(begin, axes[i].cells, stride)
    return replace(reach, axes=tuple(axes))


def _counted(reach: Reach, shape: tuple[int, ...]) -> Reach:
    """With as many cells as the tensor has."""
    if reach.first is None:
        return reach
    found = shape[reach.first : reach.first + len(reach.axes)]
    return replace(reach, axes=tuple(replace(a, cells=b) for a, b in zip(reach.axes, found, strict=True)))


def _slice(reach: Reach, step: Step) -> Reach | None:
    sizes = step.node._saved_self_sym_sizes
    dim = _dim(step.node._saved_dim, len(step.shape))
    begin, _, stride = slice(step.node._saved_start, step.node._saved_end, step.node._saved_step).indices(
        int(sizes[dim])
    )
    return _counted(_on_axes(reach, {dim: (begin, stride)}), step.shape)


def _pad(reach: Reach, step: Step) -> Reach | None:
    pads = [_signed(number) for number in getattr(step.node, "_saved_pad", None) or step.node._saved_padding]
    before = {len(step.shape) - 1 - i // 2: (-pads[i], 1) for i in range(0, len(pads), 2)}
    return _counted(_on_axes(reach, before), step.shape)


def _roll(reach: Reach, step: Step) -> Reach | None:
    dims = [_dim(dim, len(step.shape)) for dim in step.node._saved_dims]
    return _on_axes(
        reach, {dim: (-_signed(shift), 1) for dim, shift in zip(dims, step.node._saved_shifts, strict=False)}
    )


def _permute(reach: Reach, step: Step) -> Reach | None:
    return _placed(reach, [_dim(dim, len(step.shape)) for dim in step.node._saved_dims], step)


def _transpose(reach: Reach, step: Step) -> Reach | None:
    order = list(range(len(step.shape)))
    a, b = (_dim(dim, len(order)) for dim in (step.node._saved_dim0, step.node._saved_dim1))
    order[a], order[b] = b, a
    return _placed(reach, order, step)


def _placed(reach: Reach, order: list[int], step: Step) -> Reach:
    if reach.first is None:
        return _settled(reach, step, rearranged=True)
    return replace(reach, first=order.index(reach.first))


def _reduced(reach: Reach, step: Step) -> Reach | None:
    dims = getattr(step.node, "_saved_dim", None)
    listed = [dims] if isinstance(dims, int) else list(dims or range(reach.first or 0, 9))
    if reach.first is None:
        return reach
    before = len(reach.axes) + 2
    reduced = {_dim(dim, before) for dim in listed if _signed(dim) < before}
    if reduced & set(range(reach.first, reach.first + len(reach.axes))):
        return POOLED
    return reach


def _norm(reach: Reach, step: Step) -> Reach | None:
    """Statistics that are taken over space let every cell see all; those of one cell's channels, or fixed ones, do
    not.
    """
    over = getattr(step.node, "_saved_normalized_shape", None)
    local = not getattr(step.node, "_saved_training", False) if over is None else len(over) == 1
    return reach if local and not hasattr(step.node, "_saved_HxW") else replace(reach, whole=True)


def _attention(reach: Reach, step: Step) -> Reach | None:
    """Attention among all cells, or within windows of them."""
    length, cells = step.shape[-2], math.prod(reach.cells)
    if reach.pairs:  # of weights and values: the weights have seen it
        return replace(reach, pairs=False)
    reach = replace(reach, pairs=step.shape[-1] == length)
    if length >= cells or math.prod(step.shape[:-1]) % (step.n * cells):
        return replace(reach, whole=True)
    side = round(length ** (1 / len(reach.axes)))
    return replace(reach, axes=tuple(replace(a, size=a.size + 2 * (side - 1) * a.step) for a in reach.axes))


def _linear(reach: Reach, step: Step) -> Reach | None:
    """A linear layer sees one cell's channels, or, where its rows are something else, the cells."""
    rows, cells = step.shape[0], math.prod(reach.cells)
    by_cell = any(rows % (step.n * (cells + prefix)) == 0 for prefix in PREFIXES)
    return reach if by_cell else replace(reach, whole=True)


def _recurrent(reach: Reach, _step: Step) -> Reach | None:
    """Each step hears of all before it, and of all after it where it runs both ways."""
    return replace(reach, whole=True)


Rule = Callable[[Reach, Step], Reach | None]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Convolution": _convolution,
        **dict.fromkeys(("MaxPoolWithIndices", "AvgPool"), _pooling),
        **dict.fromkeys(("AdaptiveAvgPool", "AdaptiveMaxPool"), _adaptive),
        **dict.fromkeys(("UpsampleNearest", "UpsampleNearestExact"), _resampling(0)),
        **dict.fromkeys(("UpsampleLinear", "UpsampleBilinear", "UpsampleTrilinear"), _resampling(2)),
        "UpsampleBicubic": _resampling(4),
        "Slice": _slice,
        **dict.fromkeys(("ConstantPadNd", "ReflectionPad", "ReplicationPad"), _pad),
        "Roll": _roll,
        "Permute": _permute,
        "Transpose": _transpose,
        **dict.fromkeys(("Mean", "Sum", "Amax", "Amin", "Max", "Min", "Var", "Std", "LinalgVectorNorm"), _reduced),
        **dict.fromkeys(("NativeGroupNorm", "NativeLayerNorm", "NativeBatchNorm", "CudnnBatchNorm"), _norm),
        **dict.fromkeys(("Mm", "Addmm"), _linear),
        **dict.fromkeys(("MkldnnRnnLayer", "CudnnRnn", "MiopenRnn"), _recurrent),
    }
)
"""By the node's name, less its dimensions and number. Any other node works on each cell by itself, or rearranges."""

UNKNOWN = frozenset(("Flip", "GridSampler", "Im2Col", "Col2Im", "Unfold", "FftC2C", "FftR2C"))
"""Nodes behind which we do not know where cells are."""
