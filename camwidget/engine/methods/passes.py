"""Running the network again as a whole: on other inputs, in chunks, with an open ear for a newer wish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.hooks import RemovableHandle

from camwidget.engine.layers import find_grid
from camwidget.engine.modules import module_of
from camwidget.engine.preempt import Stop, check
from camwidget.engine.returned import Returned

from .method import Explained

CHUNK_BYTES = 256 * 2**20
"""Modules may return so many bytes in one run on a CPU. A newer wish does not wait for its end, only for a module's."""

GPU_SHARE = 8
"""On a GPU this share of the free memory."""

MOST_ROWS = 128


def chunk_rows(bytes_each: int, device: torch.device) -> int:
    """How many rows one run may take when modules return so many bytes for each: a power of two, so that the same
    question is answered by the same numbers.
    """
    most = CHUNK_BYTES
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        most = max(most, free // GPU_SHARE)
    fitting = max(1, min(MOST_ROWS, most // max(1, bytes_each)))
    return int(2 ** (fitting.bit_length() - 1))


class Passes:
    """A twin of the model that is run again and again.

    Args:
        explained: whose model. stop: asked before each module runs.
        layer: where a graph begins, if one is wanted: see ``begun``.

    Attributes:
        rows: how many inputs one run takes.
    """

    def __init__(self, explained: Explained, stop: Stop | None, layer: str | None = None) -> None:
        self._network, self._stop, self._shape = explained.network, stop, explained.x.shape
        self._model = self._network.copy()
        self._begun: Tensor | None = None
        listen(self._model, stop)
        if layer is not None:
            observe(module_of(self._model, layer), None, self._begin)
        self.rows = chunk_rows(explained.bytes_each, explained.x.device)

    def run(self, x: Tensor) -> Returned:
        """What the model returns for ``x (B, ...)``.

        Raises:
            Stopped: ``stop`` said so.
        """
        check(self._stop)
        self._begun, self._shape = None, x.shape
        returned = self._network.run(self._model, x, len(x))
        check(self._stop)  # a model may have caught what was raised inside of it
        return returned

    @property
    def begun(self) -> Tensor:
        """What the layer returned in the last run, and where its graph begins; where the layer ran several times, the
        last of them.

        Raises:
            ValueError: the layer did not run.
        """
        if self._begun is None:
            raise ValueError("the layer did not run when the model was run again: its control flow changes")
        return self._begun

    def _begin(self, returned: Any) -> Any:
        grid = find_grid(returned, self._shape)
        if grid is None:  # a rectifier that all share, say, is run on vectors, too
            return returned
        # until the block ends in which the model runs
        torch.set_grad_enabled(True)
        self._begun = grid.detach().requires_grad_()
        # a copy, since an in-place operation must not reach where the graph begins
        return put_back(returned, grid, self._begun.clone())


def grid_of(returned: Any, shape: Sequence[int]) -> Tensor:
    """The grid in what a layer returned for an input of ``shape``.

    Raises:
        ValueError: there is none.
    """
    found = find_grid(returned, shape)
    if found is None:
        raise ValueError("the layer returned no grid when the model was run again: its control flow changes")
    return found


def put_back(returned: Any, grid: Tensor, other: Tensor) -> Any:
    """What a layer returned, with another tensor in the place of its grid.

    Raises:
        ValueError: it is in something that cannot be made anew.
    """
    made = tree_map(lambda part: other if part is grid else part, returned)
    if made is not other and not any(part is other for part in tree_leaves(made)):
        raise ValueError(
            f"the layer returns a {type(returned).__name__}, into which no other values can be put; accepted: a "
            "variant that does not run the network again, such as 'gradcam'"
        )
    return made


def observe(module: nn.Module, enter: Callable[[], None] | None, leave: Callable[[Any], Any]) -> Callable[[], None]:
    """From now on ``enter`` is called before a module of a twin runs, and it returns what ``leave`` makes of what it
    returned; also where a model calls ``module.forward`` by itself, which hooks do not see; they serve where hooks of
    the user's may change what the module returns.

    Returns: what ends it.
    """
    if module._forward_hooks:
        handles: list[RemovableHandle] = [
            module.register_forward_hook(lambda _module, _args, returned: leave(returned))
        ]
        if enter is not None:
            handles.append(module.register_forward_pre_hook(lambda _module, _args: enter()))

        def remove() -> None:
            for handle in handles:
                handle.remove()

        return remove
    own, before, run = module.__dict__, module.__dict__.get("forward"), module.forward

    def forward(*args: Any, **keywords: Any) -> Any:
        if enter is not None:
            enter()
        return leave(run(*args, **keywords))

    def restore() -> None:
        if before is None:
            del own["forward"]
        else:
            own["forward"] = before

    own["forward"] = forward
    return restore


def listen(model: nn.Module, stop: Stop | None, but: frozenset[nn.Module] = frozenset()) -> None:
    """From now on a twin's runs end with Stopped, before the next module runs, where ``stop`` says so."""
    if stop is None:
        return
    for module in own_modules(model):
        if module not in but and not any(True for _ in module.children()):
            module.register_forward_pre_hook(lambda _module, _args: check(stop))


def own_modules(model: nn.Module) -> list[nn.Module]:
    """The modules of a twin, without ScriptModules: these have none, and are the user's own."""
    return [module for module in model.modules() if not isinstance(module, torch.jit.ScriptModule)]
