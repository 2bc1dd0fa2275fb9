"""How much memory one recording holds, beside the graph that a bare forward pass holds: ``python -m … MODEL``.

Two ways to know, and both are printed, in MB. The resident set of this process, before and after, counts everything,
also what nobody thought of; with ``MALLOC_MMAP_THRESHOLD_`` set low and after ``malloc_trim`` it is exact to some
hundred kB. ``graph`` counts the distinct storages that the graph's nodes have saved, parameters and buffers excluded.
"""

from __future__ import annotations

import ctypes
import gc
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from tests.benchmarks.subjects import MODELS, Subject

ROUNDS = 3


def resident() -> int:
    """Bytes of this process that are in memory, after everything free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def held(task: Callable[[], object]) -> float:
    """MB that what the task returns keeps in memory: the median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        before = resident()
        kept = task()
        found.append(resident() - before)
        del kept
    return statistics.median(found) / 1e6


def saved(root: Node, model: nn.Module) -> float:
    """MB of the storages that the graph's nodes hold."""
    own = {t.untyped_storage().data_ptr() for t in [*model.parameters(), *model.buffers()]}
    sizes: dict[int, int] = {}
    seen: set[Node] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        waiting += [child for child, _ in node.next_functions if child is not None]
        for name in dir(node):
            value = getattr(node, name) if name.startswith("_saved_") else None
            for tensor in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(tensor, Tensor):
                    storage = tensor.untyped_storage()
                    sizes[storage.data_ptr()] = storage.nbytes()
    return sum(size for place, size in sizes.items() if place not in own) / 1e6


def main(name: str) -> None:
    """Print what is held as JSON."""
    torch.set_num_threads(2)
    subject = Subject(next(model for model in MODELS if model.name == name))
    held(subject.record)  # whatever is made once only is made now
    figures = {"camwidget": held(subject.record), "bare graph": held(lambda: subject.model(subject.x))}
    scores = subject.model(subject.x)
    assert scores.grad_fn is not None
    figures["bare graph, storages"] = saved(scores.grad_fn, subject.model)
    del scores
    recording = subject.record()
    figures["camwidget, storages"] = saved(recording._scores.grad_fn, subject.model)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
