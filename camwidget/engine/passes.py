"""Running the network again as a whole: on other inputs, in chunks, with an open ear for a newer wish."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .method import Explained
from .preempt import Stop, check
from .returned import Returned

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
        self._network, self._stop = explained.network, stop
        self._model = self._network.copy()
        self._begun: Tensor | None = None
        listen(self._model, stop)
        if layer is not None:
            self._model.get_submodule(layer).register_forward_hook(self._begin)
        self.rows = chunk_rows(explained.bytes_each, explained.x.device)

    def run(self, x: Tensor) -> Returned:
        """What the model returns for ``x (B, ...)``.

        Raises:
            Stopped: ``stop`` said so.
        """
        check(self._stop)
        self._begun = None
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

    def _begin(self, _module: nn.Module, _args: object, output: Tensor) -> Tensor:
        # until the block ends in which the model runs
        torch.set_grad_enabled(True)
        self._begun = output.detach().requires_grad_()
        # a copy, since an in-place operation must not reach where the graph begins
        return self._begun.clone()


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
