"""Memory: how much a recording may take, and from which layer on a model is recorded that would take more.

A forward pass with a graph keeps about what its modules return. Their bytes are added up while it runs; once they pass
the limit it is given up, the bytes of all layers are weighed by a pass without a graph, and the model is recorded from
the first layer on from which the rest fits. What lies before it runs without a graph and cannot be explained.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node, get_gradient_edge

from .layers import find_grid
from .modules import shown

SHARE = 0.5
"""Of the memory that is free: outputs of functions are not weighed, and gradients and the user's own work want room."""

LISTS = (nn.Sequential, nn.ModuleList)

CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


class TooLarge(Exception):
    """The graph of a forward pass would take more memory than it may."""


@dataclass(frozen=True)
class Start:
    """Where the graph of a large model begins.

    Attributes:
        layer: the first module whose output is in the graph.
        needed: bytes that the whole graph would take, about. limit: bytes that it may take.
        kept: bytes of what is recorded, about, for one image.
        last: nothing more can be left out.
    """

    layer: str
    needed: int
    limit: int
    kept: int
    last: bool

    def __str__(self) -> str:
        return (
            f"Too large to be recorded whole ({_readable(self.needed)}, and {_readable(self.limit)} may be used): "
            f"layers before {self.layer} are left out"
        )


class Weight:
    """Adds up what modules return while a forward pass runs.

    Args:
        limit: bytes; None for any number.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit, self.bytes = limit, 0
        self._last: object = None

    def add(self, output: Any) -> None:
        """Count what a module returned; a container returns its last module's output again.

        Raises:
            TooLarge: that was too much.
        """
        if isinstance(output, Tensor) and output is not self._last:
            self._last, self.bytes = output, self.bytes + output.numel() * output.element_size()
            self.check()

    def check(self) -> None:
        """To be called after the pass as well: a model may have caught what was raised inside of it.

        Raises:
            TooLarge: the limit is passed.
        """
        if self.limit is not None and self.bytes > self.limit:
            raise TooLarge


def limit(device: torch.device | None, given: int | None) -> int | None:
    """Bytes that a recording may take: as given, else a share of what is free; None where that is not known."""
    if given is not None:
        return given
    free = _free_on_gpu(device) if device is not None and device.type == "cuda" else _free_here()
    return None if free is None else int(free * SHARE)


def find_start(
    model: nn.Module, x: Tensor, most: int, call: Callable[[nn.Module, Tensor], Any] = nn.Module.__call__
) -> Start:
    """Where to begin so that the rest takes at most so many bytes, by one forward pass without a graph (``call``); the
    last layer with a grid where nothing fits.

    Raises:
        ValueError: no layer has a grid.
    """
    weight, passed, sequences = Weight(None), dict[str, int](), set[str]()

    def see(name: str, output: Any) -> None:
        weight.add(output)
        # what is no tensor itself cannot be begun anew
        if isinstance(output, Tensor) and find_grid(output, x.shape) is not None:
            cells = output.shape[2:] if output.ndim == x.ndim else output.shape[1:2]
            if cells.numel() > 1:
                passed[name] = weight.bytes
            if output.ndim < x.ndim:
                sequences.add(name)

    handles = [
        m.register_forward_hook(lambda _m, _a, out, name=name: see(name, out))
        for name, m in model.named_modules()
        if not isinstance(m, torch.jit.ScriptModule)  # as in Tape
    ]
    try:
        with torch.no_grad():
            call(model, x)
    finally:
        for handle in handles:
            handle.remove()
    trunk = list(_trunk(model, passed, sequences))
    if not trunk:
        raise ValueError("no layer has a grid of channels (N, C, H, W), so there is no map to draw")
    trunk.sort(key=passed.__getitem__)
    fitting = (name for name in trunk if weight.bytes - passed[name] <= most)
    layer = next(fitting, trunk[-1])
    return Start(shown(layer), weight.bytes, most, (weight.bytes - passed[layer]) // x.shape[0], layer == trunk[-1])


def begin(output: Tensor) -> tuple[Tensor, Node]:
    """A layer's output as the beginning of a graph, and the graph's node there. From here on gradients are recorded,
    until the block that switched them off ends.
    """
    torch.set_grad_enabled(True)
    begun = output.detach().requires_grad_().clone()
    return begun, get_gradient_edge(begun).node


def _trunk(model: nn.Module, grids: Container[str], sequences: Container[str], prefix: str = "") -> Iterator[str]:
    """Of the modules that returned grids, those that run one after another: the model's own, and what is inside of its
    sequences and of modules around the whole (a backbone returns scores, a list of stages nothing; the encoder of a
    transformer returns tokens, and holds its blocks).
    """
    for name, child in model.named_children():
        full = prefix + name
        if full in grids:
            yield full
        encoder = full in sequences and any(isinstance(part, LISTS) for part in child.children())
        if full not in grids or encoder or isinstance(child, nn.Sequential):
            yield from _trunk(child, grids, sequences, f"{full}.")


def _free_on_gpu(device: torch.device) -> int:
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def _free_here() -> int | None:
    """Bytes that this process may still take: of the machine, and of the container that it may run in."""
    found = [_meminfo(), _cgroup()]
    return min((n for n in found if n is not None), default=None)


def _meminfo() -> int | None:
    try:
        lines = MEMINFO.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return None


def _cgroup() -> int | None:
    try:
        most, used = ((CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return None if most == "max" else max(0, int(most) - int(used) + _cached())
    except (OSError, ValueError):
        return None


def _cached() -> int:
    """Bytes of files that the kernel keeps in memory while nobody wants it: they count as used by the container."""
    try:
        lines = (CGROUP / "memory.stat").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "active_file ")))
    except (OSError, ValueError, IndexError):
        return 0


def _readable(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1000:.1f} kB"
