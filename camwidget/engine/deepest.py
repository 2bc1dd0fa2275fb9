"""The deepest layer worth looking at, found by numbers: gradients say which tokens the scores still see.

Where the scores see the class token alone, what the last block returns for the patches changes nothing: their gradient
is exactly zero. The patches were last seen by the attention of that block, and the last layer that all of that
passes is the norm before it: its queries, keys and values are one branch each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from .graph import single_edges, towards
from .layers import LayerInfo, around
from .tape import Tape

ENDS = 8
"""Places before the scores that are tried where the scores themselves see nothing."""

MOST_TRIED = 12
"""Layers that are tried one by one; in one block there are fewer."""


def live_steps(tape: Tape, scores: Tensor, layers: Mapping[str, LayerInfo], steps: Sequence[str]) -> tuple[str, ...]:
    """The steps without those at the end whose grid the scores do not see; then the last layer that all passes by which
    they see the grid of the last of these.

    Args:
        layers: all, in order of execution. steps: those of them that every path from input to scores passes. Where
            there are none, or the scores see none of them, as in networks of two streams, the layers that are in no
            other are walked along.
    """
    search = _Search(tape, scores, layers)
    if not search.begin(steps[-1] if steps else [*layers][-1]):
        return tuple(steps) or tuple(layers)
    alive = search.last_alive(steps)
    if alive is None:
        steps = [name for name in layers if not any(outer in layers for outer in around(name))]
        alive = search.last_alive(steps)
    if alive is None or alive == len(steps) - 1:
        return tuple(steps)
    cut = search.cut_after(steps[alive])
    return tuple(steps[: alive + 1]) if cut is None else (*steps[: alive + 1], cut)


def is_score_map(tape: Tape, scores: Tensor, info: LayerInfo) -> bool:
    """Whether a layer has one channel a class, and the class sees its own channel only: what follows is but pooling."""
    if info.channels != scores.shape[1]:
        return False
    first = torch.zeros_like(scores)
    first[:, 0] = 1
    (found,) = torch.autograd.grad(scores, [tape.edge(info.name)], first, retain_graph=True)
    seen = info.channels_first(found).transpose(0, 1).flatten(1).any(1)
    return bool(seen[0] or not seen.any()) and not bool(seen[1:].any())


class _Search:
    """Gradients of a random mixture of all classes at the grids of layers."""

    def __init__(self, tape: Tape, scores: Tensor, layers: Mapping[str, LayerInfo]) -> None:
        self._tape, self._scores, self._layers = tape, scores, layers
        self._end: GradientEdge | None = None

    def begin(self, last: str) -> bool:
        """Find where gradients begin: at the scores; or, where a head that is not trained yet stops them, before it."""
        nodes = towards(get_gradient_edge(self._scores).node, self._tape.edge(last).node)
        for place in [None, *single_edges(nodes)][:ENDS]:
            self._end = place
            found = self._raw([self._tape.edge(last)])[0]
            if found is not None and bool(found.any()):
                return True
        return False

    def last_alive(self, steps: Sequence[str]) -> int | None:
        """The last step whose grid has a gradient. Looked for from the end on, since the way back is the cost."""
        end, many = len(steps), 1
        while end > 0:
            begin = max(0, end - many)
            found = self._gradients(steps[begin:end])
            alive = [i for i in range(begin, end) if steps[i] in found and bool(found[steps[i]].any())]
            if alive:
                return alive[-1]
            end, many = begin, 2 * many
        return None

    def cut_after(self, base: str) -> str | None:
        """The deepest layer after ``base`` without whose gradient that of ``base`` is exactly zero on the grid."""
        names = list(self._layers)
        later = names[names.index(base) + 1 :]
        grids = [(self._layers[name].grid, self._layers[name].channels) for name in later]
        # queries, keys and values made in one go have other channels than what runs through the block
        widths = _widths(grids)
        later = [name for name, grid in zip(later, grids, strict=True) if grid in widths]
        found = self._gradients(later) if later else {}
        candidates = [name for name in reversed(later) if name in found and _all_channels(found[name])]
        return next((name for name in candidates[:MOST_TRIED] if self._is_cut(name, base)), None)

    def _is_cut(self, name: str, base: str) -> bool:
        edge, info = self._tape.edge(name), self._layers[name]

        def silenced(gradient: Tensor) -> Tensor:
            gradient = gradient.clone(memory_format=torch.contiguous_format)
            info.channels_first(gradient).zero_()
            return gradient

        with _changed(edge, silenced):
            left = self._gradients([base]).get(base)
        return left is None or not bool(left.any())

    def _gradients(self, names: Sequence[str]) -> dict[str, Tensor]:
        """At the grids of these layers, ``(N, C, *grid)``."""
        found = self._raw([self._tape.edge(name) for name in names])
        return {
            name: self._layers[name].channels_first(g) for name, g in zip(names, found, strict=True) if g is not None
        }

    def _raw(self, edges: Sequence[GradientEdge]) -> tuple[Tensor | None, ...]:
        start = _random(self._scores)
        if self._end is None:
            return torch.autograd.grad(self._scores, edges, start, retain_graph=True, allow_unused=True)
        with _changed(self._end, _random):
            return torch.autograd.grad(self._scores, edges, start, retain_graph=True, allow_unused=True)


@contextmanager
def _changed(place: GradientEdge, change: Any) -> Iterator[None]:
    """Within the block what arrives at a place of the graph is changed."""

    def put(arriving: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        return tuple(change(g) if i == place.output_nr and g is not None else g for i, g in enumerate(arriving))

    handle: Any = place.node.register_prehook(put)
    try:
        yield
    finally:
        handle.remove()


def _random(like: Tensor) -> Tensor:
    """From a generator of our own: the user's is not touched."""
    source = torch.Generator().manual_seed(0)
    return torch.randn(like.shape, generator=source, device="cpu", dtype=torch.float32).to(like.device, like.dtype)


def _widths(grids: Sequence[tuple[tuple[int, ...], int]]) -> set[tuple[tuple[int, ...], int]]:
    """For each grid its commonest number of channels."""
    counted: dict[tuple[int, ...], Counter[int]] = {}
    for grid, channels in grids:
        counted.setdefault(grid, Counter())[channels] += 1
    return {(grid, channels.most_common(1)[0][0]) for grid, channels in counted.items()}


def _all_channels(gradient: Tensor) -> bool:
    """Whether each channel has a gradient somewhere."""
    return bool(gradient.transpose(0, 1).flatten(1).any(1).all())
