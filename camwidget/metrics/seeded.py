"""Random numbers of our own, wherever torch draws them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from camwidget.engine.untouched import generators


class _Seeded(TorchDispatchMode):
    """What this thread draws within the block comes from generators of our own, one a device."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed
        self._own: dict[torch.device, torch.Generator] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        draws = torch.Tag.nondeterministic_seeded in func.tags and given.get("generator") is None
        if draws and any(a.name == "generator" for a in func._schema.arguments):  # noqa: SLF001 (no public way)
            given["generator"] = self._generator(next((a.device for a in args if isinstance(a, torch.Tensor)), None))
        return func(*args, **given)

    def _generator(self, device: torch.device | None) -> torch.Generator:
        device = device or torch.device("cpu")
        if device not in self._own:
            self._own[device] = torch.Generator(device).manual_seed(self._seed)
        return self._own[device]


@contextmanager
def seeded(seed: int, devices: set[torch.device]) -> Iterator[None]:
    """Within the block this thread draws what ``torch.manual_seed(seed)`` would have it draw, and torch's own random
    numbers stay as they were, for other threads may draw them meanwhile. What of torch takes no generator draws from
    the common one all the same, and is put back on the main thread only.

    Args:
        devices: on which may be drawn.
    """
    before = [(device, generators(device)) for device in devices]
    try:
        with _Seeded(seed):
            yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for device, states in before:
                if not all(torch.equal(a, b) for a, b in zip(states, generators(device), strict=True)):
                    torch.set_rng_state(states[0])
                    for cuda in states[1:]:
                        torch.cuda.set_rng_state(cuda, device)
