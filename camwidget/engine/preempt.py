"""Work that a newer wish may end half-way: within one backward pass, and between two pieces of anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from torch.autograd.graph import Node

Stop = Callable[[], bool]
"""Says whether the work at hand is no longer wanted. Asked often, so it must be quick."""


class Stopped(Exception):
    """The work was no longer wanted and was dropped. What was finished before is kept."""


def check(stop: Stop | None) -> None:
    """Raise Stopped where ``stop`` says so."""
    if stop is not None and stop():
        raise Stopped


@contextmanager
def stoppable(nodes: Iterable[Node], stop: Stop | None) -> Iterator[None]:
    """Within the block, a backward pass that comes to one of ``nodes`` ends with Stopped where ``stop`` says so.

    A pass that ended so leaves the graph whole: with ``retain_graph`` nothing of it is freed on the way.
    """
    with ExitStack() as hooks:
        if stop is not None:
            for node in nodes:
                hooks.callback(node.register_prehook(lambda _gradients: check(stop)).remove)
        yield
