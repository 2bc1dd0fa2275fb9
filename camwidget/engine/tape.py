"""Hooks that see every module's output during one forward pass, and what is kept of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, Node, get_gradient_edge
from torch.utils.hooks import RemovableHandle

from .layers import TOKENS, around, find_grid
from .modules import module_of, named
from .room import Weight, begin

SMALL = 2**16
"""Numbers in an output that is copied at little cost."""

CONVOLUTIONS = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._BatchNorm,
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd,
    nn.modules.pooling._AdaptiveAvgPoolNd,
    nn.Upsample,
)
"""Modules that return channels first, whatever the shape."""


@dataclass(slots=True)
class Entry:
    """One module's output: the tensor, the place in the graph where it was made, and how often it had been written
    to by then; and whether torch itself says that channels come first in what the module returns. One is made at every
    layer of every forward pass, so it is kept light: a frozen one takes four times as long.
    """

    output: Tensor
    edge: GradientEdge
    version: int
    copy: Tensor | None
    convolved: bool = False


class Tape:
    """Within ``with tape:`` every module of the model is listened to; after it no hook is left.

    An output may be overwritten by a later in-place operation (``BatchNorm`` then ``ReLU(inplace=True)``). Its place
    in the graph is noted when the module returns, so its gradient is right all the same; its values are gone unless
    ``copied`` names the module. See ``value``.

    Args:
        model: the network. source: where the graph begins. shape: of the input, ``(N, C, *spatial)``; outputs that
            are neither grids nor sequences for such inputs are not kept.
        wanted: names of the modules to listen to; None for all, while the layout of the model is not known yet.
        copied: names of modules whose output is copied at once, because it is known to be overwritten.
        weight: adds up what the modules return.
        start: the module from whose output on the graph is recorded; None where ``source`` is its beginning.
    """

    def __init__(
        self,
        model: nn.Module,
        source: Node | None,
        shape: Sequence[int],
        wanted: Collection[str] | None = None,
        copied: Collection[str] = (),
        weight: Weight | None = None,
        start: str | None = None,
    ) -> None:
        self._source = source
        self._weight, self._start = weight, start
        self.entries: dict[str, Entry] = {}
        self.without_grid: set[str] = set()
        self.shapes: dict[str, torch.Size] = {}
        self.given: dict[str, int] = {}
        self._model, self._shape, self._wanted, self._copied = model, shape, wanted, frozenset(copied)
        self._handles: list[RemovableHandle] = []
        self._listening: list[tuple[dict[str, Any], Any]] = []
        self._latest: tuple[str, Tensor] | None = None

    def __enter__(self) -> Tape:
        try:
            if self._start is not None:
                self._handles.append(module_of(self._model, self._start).register_forward_hook(self._begin))
            for name, module in named(self._model):
                # a ScriptModule has no twin and is the user's own: not a hook on it
                if (self._wanted is None or name in self._wanted) and not isinstance(module, torch.jit.ScriptModule):
                    self._listen(name, module)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()
        if self._latest is not None:
            name, copy = self._latest
            if self.overwritten(name):
                self.entries[name].copy = copy
            self._latest = None

    def _listen(self, name: str, module: nn.Module) -> None:
        """By a method of its own, since hooks would add a tenth to the forward pass of a small network. A hook only
        where the user's own may change what the module returns.
        """
        survey = self._wanted is None

        def see(args: tuple[Any, ...], output: Any) -> None:
            self._see(name, output)
            if survey:
                self._survey(name, module, args, output)

        if module._forward_hooks:
            self._handles.append(module.register_forward_hook(lambda _module, args, output: see(args, output)))
            return
        run, own = module.forward, module.__dict__

        def forward(*args: Any, **kwargs: Any) -> Any:
            output = run(*args, **kwargs)
            see(args, output)
            return output

        self._listening.append((own, own.get("forward")))
        own["forward"] = forward

    def _remove(self) -> None:
        while self._handles:
            self._handles.pop().remove()
        while self._listening:
            own, before = self._listening.pop()
            if before is None:
                del own["forward"]
            else:
                own["forward"] = before

    @property
    def source(self) -> Node:
        """Where the graph begins.

        Raises:
            ValueError: it has not begun.
        """
        if self._source is None:
            raise ValueError(f"the model did not run its layer {self._start!r}, from which on it is recorded")
        return self._source

    @property
    def whole(self) -> bool:
        """Whether the graph begins at the input."""
        return self._start is None

    def from_tokens(self, name: str) -> str | None:
        """The innermost module around this one that was given tokens, if it does not return a grid; else None."""
        for outer in around(name):
            if self.given.get(outer) == TOKENS:
                returned = self.shapes.get(outer)
                return outer if returned is None or len(returned) == TOKENS else None
        return None

    @property
    def axes(self) -> int:
        """Dimensions of the input, ``(N, C, *spatial)``."""
        return len(self._shape)

    def _begin(self, _module: nn.Module, _args: Any, output: Any) -> Any:
        if not isinstance(output, Tensor):  # a tuple, say, cannot be begun anew
            return output
        begun, self._source = begin(output)
        return begun

    def _see(self, name: str, returned: Any) -> None:
        if self._weight is not None:
            self._weight.add(returned)
        output = find_grid(returned, self._shape)
        if output is None or not output.requires_grad:
            self.without_grid.add(name)
            return
        # a module that runs several times counts where it ran last
        self.entries.pop(name, None)
        copy = output.detach().clone() if name in self._copied else None
        if self._wanted is None and output.numel() <= SMALL:
            # not known yet which will be overwritten: of the deepest, which is shown first, the values are kept
            self._latest = (name, output.detach().clone())
        self.entries[name] = Entry(output, _edge(output), output._version, copy)

    def _survey(self, name: str, module: nn.Module, args: tuple[Any, ...], returned: Any) -> None:
        """What the layout wants to know besides."""
        self.given[name] = len(next((arg.shape for arg in args if isinstance(arg, Tensor)), ()))
        output = find_grid(returned, self._shape)
        if output is not None:
            self.shapes.pop(name, None)
            self.shapes[name] = output.shape
        if name in self.entries:
            self.entries[name].convolved = isinstance(module, CONVOLUTIONS)

    def overwritten(self, name: str) -> bool:
        """Whether a later in-place operation wrote to what the module returned."""
        entry = self.entries[name]
        return entry.output._version != entry.version

    def value(self, name: str) -> Tensor | None:
        """What the module returned, detached, or None where it was overwritten."""
        entry = self.entries[name]
        if entry.copy is not None:
            return entry.copy
        return None if self.overwritten(name) else entry.output.detach()

    def edge(self, name: str) -> GradientEdge:
        """Where in the graph the module's output was made."""
        return self.entries[name].edge

    def keep(self, names: Collection[str]) -> None:
        """Forget all but these modules' outputs."""
        self.entries = {name: entry for name, entry in self.entries.items() if name in names}


def _edge(output: Tensor) -> GradientEdge:
    """As ``get_gradient_edge``, which takes its time over what is rare."""
    node: Any = output.grad_fn
    if node is None or isinstance(node, torch._C._FunctionBase):  # a leaf; a function written in Python
        return get_gradient_edge(output)
    return GradientEdge(node, output.output_nr)
