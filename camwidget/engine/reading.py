"""From the shapes seen in one forward pass to how each output is read: channels first, channels last, or tokens."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from torch import Tensor
from torch.autograd.graph import Node

from .layers import LayerInfo, read
from .looking import local_axis, silent_ahead
from .tape import Tape
from .tokens import Grid, Grids

MOST_ASKED = 12
"""Sequences of which it is tried which axis is that of the cells: each takes two ways back to the input."""


class Reader:
    """Reads the outputs of one forward pass, in order of execution: later ones are understood by earlier ones.

    Args:
        tape: what was seen. shape: of the input, ``(N, C, *spatial)``.
        chain: the nodes of the graph that every path from input to scores passes.

    Attributes:
        doubtful: grids that no convolution or pooling made, and no merging of cells.
    """

    def __init__(self, tape: Tape, shape: Sequence[int], chain: Collection[Node]) -> None:
        self._tape, self._chain = tape, chain
        self._n, self._spatial = shape[0], tuple(shape[2:])
        self._grids = Grids(self._spatial)
        self._lengths: set[int] = set()
        self._widths: set[int] = set()
        self._asked = 0
        self._axes: dict[tuple[int, ...], int] = {}
        self._aheads: dict[int, int] = {}
        self.doubtful: set[Grid] = set()

    def layers(self) -> dict[str, LayerInfo]:
        """Name -> LayerInfo of all outputs that can be read and stand in the graph."""
        found = {name: self._read(name, shape) for name, shape in self._tape.shapes.items()}
        return {name: info for name, info in found.items() if info is not None and name in self._tape.entries}

    def _read(self, name: str, shape: Sequence[int]) -> LayerInfo | None:
        if len(shape) < 3 or shape[0] != self._n or 0 in shape:
            return None
        if len(self._spatial) == 1:
            return self._signal(name, shape)
        if len(shape) == 3:
            return self._tokens(name, shape)
        if len(shape) != len(self._spatial) + 2 or self._is_matrix(name, shape):
            return None
        kind = self._kind(name, shape)
        info = read(name, shape, self._n, self._spatial, kind) or self._out_of_proportion(name, shape)
        if info is not None:
            self._note(info)
        return info

    def _kind(self, name: str, shape: Sequence[int]) -> str | None:
        """Where the channels are, if torch says it, or an earlier layer had just the one of both grids."""
        entry = self._tape.entries.get(name)
        first, last = tuple(shape[2:]) in self._grids, tuple(shape[1:-1]) in self._grids
        if (entry is not None and entry.convolved) or (first and not last):
            return "channels_first"
        return "channels_last" if last and not first else None

    def _note(self, info: LayerInfo) -> None:
        entry = self._tape.entries.get(info.name)
        if entry is not None and entry.convolved:
            self.doubtful.discard(info.grid)
        elif not self._grids.explain(info.grid):
            self.doubtful.add(info.grid)
        self._grids.add(info.grid)

    def _out_of_proportion(self, name: str, shape: Sequence[int]) -> LayerInfo | None:
        """A grid that was coarsened more along one axis than along another, as for spectrograms and videos: torch says
        of its convolutions that channels come first, and other layers have the grids of these.
        """
        first, last = tuple(shape[2:]), tuple(shape[1:-1])
        entry = self._tape.entries.get(name)
        convolved = entry is not None and entry.convolved and entry.edge.node in self._chain
        if math.prod(first) > 1 and (convolved or first in self._grids):
            return LayerInfo(name, first, int(shape[1]), "channels_first")
        if math.prod(last) > 1 and last in self._grids:
            return LayerInfo(name, last, int(shape[-1]), "channels_last")
        return None

    def _is_matrix(self, name: str, shape: Sequence[int]) -> bool:
        """Whether this is not an image but, say, an attention matrix ``(N, heads, L, L)``: in a module from tokens to
        tokens nothing has more cells than there are tokens.
        """
        outer = self._tape.from_tokens(name)
        if outer is None:
            return False
        # a head returns no tokens, and may be given as many as there are along one axis of the matrix
        known = self._tape.shapes.get(outer)
        most = max(self._lengths, default=0) if known is None else int(known[1])
        return math.prod(shape[1:]) // min(shape[1], shape[-1]) > most

    def _tokens(self, name: str, shape: Sequence[int]) -> LayerInfo | None:
        """``(N, L, C)``; None where it is rather ``(N, C, L)``, as inside of an MLP-Mixer."""
        length, channels = int(shape[1]), int(shape[2])
        entry = self._tape.entries.get(name)
        if entry is not None and entry.convolved:
            return None
        turned = self._grids.flat(channels) or channels in self._lengths or length in self._widths
        if turned and not self._is_sequence(name, length):
            return None
        found = self._grids.find(length)
        if found is None:
            return None
        self._lengths.add(length)
        self._widths.add(channels)
        return LayerInfo(name, found[0], channels, "tokens", prefix=self._ahead(name, length, found[1]))

    def _ahead(self, name: str, length: int, others: int) -> int:
        """How many of the tokens that are no cells stand before the cells; the rest is behind them, as registers are in
        some networks. Told where such a sequence is first seen, since there they see nothing of the input yet.
        """
        entry = self._tape.entries.get(name)
        if others and entry is not None and self._tape.whole and length not in self._aheads:
            self._aheads[length] = silent_ahead(entry.output, others, self._tape.source)
        return self._aheads.get(length, others)

    def _is_sequence(self, name: str, length: int) -> bool:
        """Whether ``(N, length, C)`` is no ``(N, C, L)``, where C might be the number of cells."""
        if length in self._lengths and length not in self._widths:
            return True
        entry = self._tape.entries.get(name)
        if entry is None:
            return False
        if not self._tape.whole:
            return self._grids.seen(length) is not None
        self._asked += 1
        if self._asked > MOST_ASKED:
            return entry.edge.node in self._chain
        return local_axis(entry.output, self._tape.source) == 1

    def _signal(self, name: str, shape: Sequence[int]) -> LayerInfo | None:
        """``(N, C, L)`` or ``(N, L, C)``: the shape says nothing, so it is tried which axis looks at places."""
        if len(shape) != 3:
            return None
        first, last = int(shape[2]), int(shape[1])
        entry = self._tape.entries.get(name)
        axis = 2 if entry is None or entry.convolved else self._axis_of_signal(entry.output)
        if axis == 2:
            info = LayerInfo(name, (first,), last, "channels_first") if first > 1 else None
        else:
            grid, others = self._grids.seen(last) or ((last,), 0)
            kind, ahead = ("tokens", self._ahead(name, last, others)) if others else ("channels_last", 0)
            info = LayerInfo(name, grid, first, kind, prefix=ahead) if last > 1 else None
        if info is not None:
            self._grids.add(info.grid)
        return info

    def _axis_of_signal(self, output: Tensor) -> int:
        shape = tuple(output.shape[1:])
        known = [(length,) in self._grids for length in shape]
        axis = None if 1 in shape else local_axis(output, self._tape.source)
        if axis is None:
            # everything looks everywhere: as what came before, else by its length, else as is usual in torch
            axis = self._axes.get(shape) or (1 if known == [True, False] else 2)
        self._axes[shape] = axis
        return axis
