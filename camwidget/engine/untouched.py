"""What the user's model is asked, and in which surroundings its twin runs: nothing of the user's is changed."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode


def state(model: nn.Module) -> list[Tensor]:
    """All parameters and buffers, straight from the modules: asked at every answer, and torch's own walk takes three
    times as long.
    """
    return [tensor for module in _parts(model) for tensor in _tensors(module)]


def _parts(model: nn.Module) -> list[nn.Module]:
    """The model and all modules in it."""
    found, seen = [model], {model}
    for module in found:  # which grows
        for _, child in module._modules.items():  # noqa: PERF102  (those of a ScriptModule have no values())
            if child is not None and child not in seen:
                seen.add(child)
                found.append(child)
    return found


def _tensors(module: nn.Module) -> list[Tensor]:
    return [t for table in (module._parameters, module._buffers) for t in table.values() if t is not None]


def usable(model: nn.Module) -> None:
    """Look whether torch can differentiate through a model.

    Raises:
        ValueError: its weights were made in inference mode or have no data (yet).
    """
    tensors = state(model)
    try:
        inference = any(t.is_inference() for t in tensors)
    except ValueError as error:  # torch's own, of a tensor without a shape
        raise ValueError(
            "the model has lazy layers that have no weights yet; run it once on an input, such as model(x), before it "
            "is explained"
        ) from error
    if inference:
        raise ValueError(
            "the model was made in inference mode, so torch cannot differentiate through it; make or load it outside "
            "torch.inference_mode()"
        )
    if any(t.is_meta for t in tensors):
        raise ValueError("the model is on the meta device and has no weights; load them first")


def structure(model: nn.Module) -> tuple[Any, ...]:
    """How a model is built: equal until a part of it or what it runs forward is replaced by another, or a forward hook
    comes or goes.
    """
    marks: list[Any] = []
    for module in _parts(model):
        # weakly: what was let go must not be held, and a number of its own may be its successor's, too
        marks += (weakref.ref(module), type(module), module.__dict__.get("forward"))
        marks += (*module._forward_pre_hooks, *module._forward_hooks)
    return tuple(marks)


class Fingerprint(NamedTuple):
    """Equal until the structure of a model changes or a parameter or buffer is written to or replaced. In a forked
    process it is another, too: there a graph that was in use is held for ever by a thread that is not there.
    """

    process: int
    structure: tuple[Any, ...]
    tensors: tuple[tuple[int, int], ...]


def fingerprint(model: nn.Module) -> Fingerprint:
    """That of a model whose weights are ``usable``."""
    return Fingerprint(os.getpid(), structure(model), tuple((t._version, t.data_ptr()) for t in state(model)))


def uncast(device: torch.device) -> AbstractContextManager[object]:
    """Within the block the caller's ``torch.autocast`` is off, so that maps are float32 whatever surrounds them."""
    try:
        cast = torch.is_autocast_enabled(device.type)
    except RuntimeError:  # a device that has none
        cast = False
    return torch.autocast(device.type, enabled=False) if cast else nullcontext()


class _Drawing(TorchDispatchMode):
    """Within the block: whether this thread runs an operation that may draw numbers. Others may draw meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen = self.seen or torch.Tag.nondeterministic_seeded in func.tags
        return func(*args, **(kwargs or {}))


class RandomState:
    """Puts torch's generators back after a model that draws numbers even in evaluation mode.

    Whether a model draws is seen at its first run. One that does not is left alone from then on, since putting back
    would rewind what the user draws on another thread; for the same reason only the main thread puts back, and what
    such a model draws while a widget's thread makes a slow map is not put back. What the user's other threads draw in
    the meantime from the same generator is put back with it, where the model draws.
    """

    def __init__(self) -> None:
        self._draws: bool | None = None

    @property
    def draws(self) -> bool:
        """Whether the model was seen to draw."""
        return bool(self._draws)

    @contextmanager
    def kept(self, device: torch.device | None) -> Iterator[None]:
        """Within the block a model on this device may draw."""
        if self._draws is False or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = generators(device)
        drawing = _Drawing()
        try:
            with drawing if self._draws is None else nullcontext():
                yield
        finally:
            changed = any(not torch.equal(a, b) for a, b in zip(before, generators(device), strict=True))
            self._draws = bool(self._draws) or (changed and drawing.seen)
            if self._draws and changed:
                torch.set_rng_state(before[0])
                for cuda in before[1:]:
                    torch.cuda.set_rng_state(cuda, device or "cuda")


def generators(device: torch.device | None) -> list[Tensor]:
    """The states of torch's own generators: the CPU's, then that of a CUDA device."""
    cuda = [torch.cuda.get_rng_state(device)] if device is not None and device.type == "cuda" else []
    return [torch.get_rng_state(), *cuda]
