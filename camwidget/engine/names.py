"""A class by its name: the one that is called so, else the nearest names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .suggest import unknown

Names = Mapping[int, str]


def index_by_name(names: Sequence[str], wanted: str) -> int:
    """Index of the class that has this name, whatever its case where that tells it apart.

    Raises:
        ValueError: none is called so, or several are; the message says which ones, or the nearest name.
    """
    found = [index for index, name in enumerate(names) if name == wanted]
    if not found:
        folded = wanted.casefold()
        found = [index for index, name in enumerate(names) if name.casefold() == folded]
    if not found:
        raise ValueError(unknown("class", wanted, names))
    if len(found) > 1:
        indices = ", ".join(map(str, found[:-1])) + f" and {found[-1]}"
        raise ValueError(f"{len(found)} classes are called {wanted!r}: {indices}. Give the index instead of the name")
    return found[0]


def read_labels(labels: Any) -> tuple[str, ...] | None:
    """Names of the classes in their order, from a sequence of them or a dict ``{index: name}``. A class that the dict
    leaves out is called "class 3". None stays None.

    Raises:
        TypeError: neither; or a key of the dict is no index.
    """
    if labels is None:
        return None
    if isinstance(labels, Mapping):
        if not labels or any(isinstance(key, bool) or not isinstance(key, int) or key < 0 for key in labels):
            raise TypeError(f"labels is {labels!r:.80}; accepted: names in a sequence, or a dict from index to name")
        return tuple(str(labels.get(index, f"class {index}")) for index in range(max(labels) + 1))
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        raise TypeError(
            f"labels is {labels!r:.80}; accepted: the names of the classes in a sequence, such as "
            'weights.meta["categories"], or a dict from index to name, such as model.config.id2label'
        )
    return tuple(str(name) for name in labels)
