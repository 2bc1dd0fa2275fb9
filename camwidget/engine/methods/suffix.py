"""What follows a layer, run again and again with other values in the layer's place.

The layers before it run once, for one image. From then on their modules hand out what they returned, and the layer
returns a batch of variations: whatever stands beside it, such as the identity of a residual block, has a batch of one
and broadcasts. Where it does not (``torch.cat`` in DenseNet and U-Net, a position embedding of its own) or where code
outside of modules changes values in place, the answer differs or an error is raised; both are found by comparing two
rows with a plain run of two images, and then the whole network runs on a batch of repeated images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from camwidget.engine.layers import find_grid
from camwidget.engine.modules import module_of
from camwidget.engine.preempt import Stop, check
from camwidget.engine.returned import Returned

from .method import Network, nbytes
from .passes import chunk_rows, grid_of, listen, observe, own_modules, put_back

Put = Callable[[Tensor], Tensor]
"""The layer's output for one image, ``(1, ...)``, to the batch that is put in its place, ``(B, ...)``."""

UNSHARED = (RuntimeError, ValueError, TypeError, IndexError, AssertionError)
"""What models raise where two batch sizes meet."""


class Suffix:
    """The network from one layer on, for one image.

    Args:
        network: runs the model. x: the image, ``(1, ...)``. layer: a module's name.
        stop: asked before each module runs. step: ``x`` is a batch, and each run has as many variations, one an image.
        shares: whether the layers before it may run once only; None where that is not known yet, see ``shares``.
    """

    def __init__(
        self,
        network: Network,
        x: Tensor,
        layer: str,
        stop: Stop | None,
        step: bool = False,
        shares: bool | None = None,
    ) -> None:
        self._network, self._x, self._layer, self._stop, self._step = network, x, layer, stop, step
        model = network.copy()
        watch = _Watch(model, module_of(model, layer), stop, x.shape)
        with watch:
            network.run(model, x, len(x))
        check(stop)
        self._returned, self._grid = watch.returned, grid_of(watch.returned, x.shape)
        self._calls, self._after, self._all = watch.calls, watch.bytes_after, watch.bytes_all
        self._short = _Stand(model, module_of(model, layer), watch.before, stop)
        self._whole: _Stand | None = None
        self.shares = self._found_to_share() if shares is None else shares

    @property
    def rows(self) -> int:
        """How many variations one run takes."""
        return len(self._x) if self._step else chunk_rows(self._after if self.shares else self._all, self._x.device)

    def run(self, put: Put, rows: int) -> Returned:
        """What the model returns with ``put(output)``, a batch of ``rows``, in the layer's place.

        Raises:
            Stopped: ``stop`` said so.
        """
        return self._run_short(put, rows) if self.shares else self._run_whole(put, rows)

    def _run_short(self, put: Put, rows: int) -> Returned:
        self._short.begin(partial(self._instead, put))
        # the model is given one image, and answers for all variations
        returned = self._network.run(self._short.model, self._x, rows)
        check(self._stop)
        return returned

    def _run_whole(self, put: Put, rows: int) -> Returned:
        if self._whole is None:
            model = self._network.copy()
            self._whole = _Stand(model, module_of(model, self._layer), None, self._stop, self._calls)
        self._whole.begin(partial(self._instead, put))
        x = self._x.expand(rows, *self._x.shape[1:])
        returned = self._network.run(self._whole.model, x, rows)
        check(self._stop)
        return returned

    def _instead(self, put: Put) -> Any:
        """What the layer returns with a batch of variations in it."""
        return put_back(self._returned, self._grid, put(self._grid))

    def _found_to_share(self) -> bool:
        """Whether the short way gives what the long one does: for the layer as it is, and with half of it gone."""
        rows = len(self._x) if self._step else 2

        def put(output: Tensor) -> Tensor:
            changed = output.clone().flatten()
            changed[::2] = 0
            half = changed.reshape(output.shape)
            return half if self._step else torch.cat([output, half])

        try:
            short = self._run_short(put, rows).scores
        except UNSHARED:
            return False
        whole = self._run_whole(put, rows).scores
        self._whole = None
        eps = max(1e-4, 8 * torch.finfo(whole.dtype).eps)
        short, whole = short.float(), whole.float()
        return short.shape == whole.shape and bool(((short - whole).abs() <= eps * whole.abs().amax()).all())


class _Watch:
    """Sees, in one forward pass, which modules were done when a layer began, what they returned, and how many bytes
    all modules and those behind the layer return.
    """

    def __init__(self, model: nn.Module, layer: nn.Module, stop: Stop | None, shape: Sequence[int]) -> None:
        self._model, self._layer, self._stop, self._shape = model, layer, stop, shape
        self.before: list[tuple[nn.Module, Any]] = []
        self.calls = self.bytes_after = self.bytes_all = 0
        self.returned: Any = None
        # the outermost modules that are done, and where in this list each open one began
        self._done: list[tuple[nn.Module, Any]] = []
        self._began: list[int] = []
        self._turns = 0
        self._ends: list[Callable[[], None]] = []

    def __enter__(self) -> _Watch:
        for module in own_modules(self._model):
            self._ends.append(observe(module, self._enter, partial(self._leave, module)))
        return self

    def __exit__(self, *_error: object) -> None:
        while self._ends:
            self._ends.pop()()
        self._done = []

    def _enter(self) -> None:
        check(self._stop)
        self._began.append(len(self._done))

    def _leave(self, module: nn.Module, output: Any) -> Any:
        began = self._began.pop()
        before = self._done[:began] if module is self._layer else []
        if isinstance(output, Tensor) and began == len(self._done):
            self.bytes_after += nbytes(output)
            self.bytes_all += nbytes(output)
        # copied, since a later operation may write to it in place
        self._done[began:] = [(module, _copied(output))]
        if module is self._layer:
            self._turns += 1
            grid = find_grid(output, self._shape)
            # the last of several calls that gives a grid: a rectifier that all share is run on vectors, too
            if grid is not None:
                self.before, self.calls, self.returned = before, self._turns, _copied(output)
                # the batch that is put there, and a copy of it
                self.bytes_after = 2 * nbytes(grid)
        return output


class _Stand:
    """A twin in which a layer returns what it is told, where it runs last; and in which modules that were done before
    it return what they did then. ``calls``: at which of its calls the layer does.
    """

    def __init__(
        self,
        model: nn.Module,
        layer: nn.Module,
        before: list[tuple[nn.Module, Any]] | None,
        stop: Stop | None,
        calls: int = 1,
    ) -> None:
        self.model = model
        known: dict[nn.Module, list[Any]] = {layer: []}
        for module, output in before or ():
            known.setdefault(module, []).append(output)
        self._served = [_Served(module, outputs) for module, outputs in known.items()]
        self._served[0].passed = calls - 1 if before is None else 0
        listen(model, stop, frozenset(known))

    def begin(self, last: Callable[[], Any]) -> None:
        """Before each run: what the layer shall return in place of what was recorded."""
        for served in self._served:
            served.turn = 0
        self._served[0].last = last


class _Served:
    """Stands for the forward of a module: hands out, call by call, what the module returned in an earlier pass. After
    that comes what was put there for the next call, if anything was; at any other call the module itself.
    """

    def __init__(self, module: nn.Module, outputs: list[Any]) -> None:
        self._outputs, self._forward = outputs, module.forward
        self.turn = self.passed = 0
        self.last: Callable[[], Any] | None = None
        for name in HOOKS:  # the outputs were seen behind the user's hooks
            getattr(module, name).clear()
        module.__dict__["forward"] = self

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        self.turn += 1
        if self.turn <= len(self._outputs):
            return _copied(self._outputs[self.turn - 1])
        if self.last is not None and self.turn == self.passed + len(self._outputs) + 1:
            return self.last()
        return self._forward(*args, **keywords)


HOOKS = tuple(name for name in nn.Module().__dict__ if "forward" in name and "hooks" in name)


def _copied(output: Any) -> Any:
    return tree_map(lambda t: t.detach().clone() if isinstance(t, Tensor) else t, output)
