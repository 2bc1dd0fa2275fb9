"""Classes as users give them, by index or by name, one for all images or one each; and what they are called."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from .suggest import unknown

Class = int | str
Classes = tuple[Class, ...]
Labels = tuple[str, ...] | dict[int, str]


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


def read_labels(labels: Any) -> Labels | None:
    """Names of the classes, from a sequence of them or a dict ``{index: name}``. None stays None.

    Raises:
        TypeError: neither; or a key of the dict is no index.
    """
    if labels is None:
        return None
    if isinstance(labels, Mapping):
        if not labels or any(isinstance(key, bool) or not isinstance(key, int) or key < 0 for key in labels):
            raise TypeError(f"labels is {labels!r:.80}; accepted: names in a sequence, or a dict from index to name")
        return {index: str(name) for index, name in labels.items()}
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        raise TypeError(
            f"labels is {labels!r:.80}; accepted: the names of the classes in a sequence, such as "
            'weights.meta["categories"], or a dict from index to name, such as model.config.id2label'
        )
    return tuple(str(name) for name in labels)


def names_of(labels: Labels | None, k: int) -> tuple[str, ...] | None:
    """The names of ``k`` classes. One that a dict leaves out is called "class 3", say.

    Raises:
        ValueError: a sequence has not so many, or a dict has more.
    """
    if labels is None:
        return None
    if isinstance(labels, dict):
        if max(labels) >= k:
            raise ValueError(f"labels has the index {max(labels)}, but the model's {k} classes are 0 to {k - 1}")
        return tuple(labels.get(index, f"class {index}") for index in range(k))
    if len(labels) != k:
        raise ValueError(f"{len(labels)} labels for {k} classes: the model gives {k} scores an image")
    return labels


def class_indices(target: Any, n: int, k: int, names: Sequence[str] | None = None) -> tuple[int, ...]:
    """One class index an image, from one class for all or a sequence of ``n`` of them. ``k`` is the number of classes,
    ``names`` what they are called.

    Raises:
        TypeError: not an integer, or a name where none are known.
        ValueError: out of range, unknown, or a sequence of the wrong length.
    """
    if isinstance(target, (Tensor, np.ndarray)):
        target = target.tolist()
    if isinstance(target, Sequence) and not isinstance(target, str):
        if len(target) != n:
            raise ValueError(f"{len(target)} targets for {n} image(s); accepted: one class index, or one an image")
        return tuple(class_index(t, k, names) for t in target)
    return (class_index(target, k, names),) * n


def class_index(given: Any, k: int, names: Sequence[str] | None = None, what: str = "target") -> int:
    """One class's index. ``what`` it is given as.

    Raises: as ``class_indices``.
    """
    if isinstance(given, str) and names is not None:
        return index_by_name(names, given)
    if isinstance(given, bool) or not isinstance(given, numbers.Integral):
        way = ", or one of the names that CamEngine(model, labels=...) was given" if isinstance(given, str) else ""
        raise TypeError(f"{what} {given!r} is a {type(given).__name__}; accepted: a class index from 0 to {k - 1}{way}")
    index = int(given)
    if not 0 <= index < k:
        raise ValueError(f"{what} {index} is out of range; the model has {k} classes, so accepted: 0 to {k - 1}")
    return index


def listed(targets: Any) -> list[Any]:
    """The targets of a stack one by one."""
    if isinstance(targets, Tensor):
        targets = targets.tolist()
    if isinstance(targets, str) or not isinstance(targets, (Sequence, np.ndarray)) or not len(targets):
        raise ValueError(f"targets {targets!r}: accepted is a non-empty sequence of class indices, names or targets")
    return list(targets)


def read_classes(given: Any, what: str = "target") -> Any:
    """Classes in a form that can be hashed, nested as they came."""
    if isinstance(given, (Tensor, np.ndarray)):
        given = given.tolist()
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        return tuple(read_classes(one, what) for one in given)
    if isinstance(given, str):
        return given
    if not isinstance(given, bool) and isinstance(given, numbers.Integral):
        return int(given)
    also = ", or a callable" if what == "target" else ""
    raise TypeError(
        f"{what} {given!r:.80} is a {type(given).__name__}; accepted: a class by its index or name, or a sequence of "
        f"them{also}"
    )


def written(classes: Any) -> str:
    """Such as "class 3" or "classes 3 and 4"."""
    parts = classes if isinstance(classes, tuple) else (classes,)
    flat = list(dict.fromkeys(c for part in parts for c in (part if isinstance(part, tuple) else (part,))))
    words = [repr(c) if isinstance(c, str) else str(c) for c in flat]
    if len(words) == 1:
        return f"class {words[0]}"
    shown = ", ".join(words[:3]) if len(words) > 3 else ", ".join(words[:-1])
    return f"classes {shown} and {len(words) - 3} more" if len(words) > 3 else f"classes {shown} and {words[-1]}"
