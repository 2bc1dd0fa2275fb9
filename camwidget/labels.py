"""Names of the classes: given, or found from the model, or "class 0", "class 1" and so on."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from torch import nn

from camwidget import preprocessing
from camwidget.engine.accepted import unwrap
from camwidget.engine.classes import index_by_name
from camwidget.text import line


def find(model: nn.Module, labels: object, k: int) -> tuple[str, ...]:
    """The ``k`` names of the classes of ``model``; ``labels`` None: found from the model where it knows them."""
    names = _known(unwrap(model), k) if labels is None else _given(labels, k)
    return tuple(_clean(names.get(index), index) for index in range(k))


def index_of(names: tuple[str, ...], target: object) -> int:
    """Index of a class given by its index or its name."""
    if isinstance(target, str):
        return index_by_name(names, _clean(target, -1))
    wanted = f"a class is given by its index, 0 to {len(names) - 1}, or its name, such as {names[0]!r}"
    kind = type(target).__name__
    if "bool" in f"{kind} {getattr(target, 'dtype', '')}":
        raise TypeError(f"{wanted}; given: {target!r}, a {kind}")
    try:
        index = operator.index(target)  # type: ignore[arg-type]  # NumPy's and torch's integers pass, floats do not
    except TypeError:
        raise TypeError(f"{wanted}; given: {target!r}, a {kind}") from None
    if not 0 <= index < len(names):
        raise ValueError(f"class {index} is out of range: {wanted}")
    return index


def _given(labels: object, k: int) -> Mapping[int, object]:
    meta = getattr(labels, "meta", labels)  # weights in place of weights.meta["categories"]
    if isinstance(meta, Mapping):
        return _sequence(meta["categories"], k) if "categories" in meta else _mapping(meta, k)
    if isinstance(labels, (str, bytes, AbstractSet)) or not isinstance(labels, Iterable):
        what = "sets have no order" if isinstance(labels, AbstractSet) else f"given: {labels!r:.60}"
        raise TypeError(
            f"labels must be a sequence of {k} names or a dict from index to name, such as "
            f'weights.meta["categories"]; {what}'
        )
    return _sequence(labels, k)


def _sequence(labels: Iterable[object], k: int) -> dict[int, object]:
    names = list(labels)
    if len(names) != k:
        hint = "for only some of the classes, give a dict from index to name"
        if len(names) == k + 1:
            hint = "is the first one a background class that this network does not have? Then give labels[1:]"
        raise ValueError(f"{len(names)} labels for {k} classes: the network gives {k} scores; {hint}")
    return dict(enumerate(names))


def _mapping(labels: Mapping[Any, object], k: int) -> dict[int, object]:
    names: dict[int, object] = {}
    for key, name in labels.items():
        index = _key(key)
        if index is None:
            hint = ""
            if _key(name) is not None:
                hint = ": this one goes the other way, give {index: name for name, index in labels.items()}"
            raise ValueError(f"a dict of labels goes from index to name; one key is {key!r:.60}{hint}")
        if not 0 <= index < k:
            raise ValueError(f"label {name!r:.60} has the index {index}, but the network's classes are 0 to {k - 1}")
        names[index] = name
    return names


def _key(key: object) -> int | None:
    """An index, also when written as text: JSON has no other keys."""
    if isinstance(key, bool):
        return None
    if isinstance(key, str):
        return int(key) if key.strip().isdecimal() else None
    try:
        return operator.index(key)  # type: ignore[arg-type]
    except TypeError:
        return None


def _known(model: nn.Module, k: int) -> Mapping[int, object]:
    """Names that the model brings, if their number is right; else nothing, and the classes keep their indices."""
    for labels in _offered(model, k):
        if isinstance(labels, Mapping):
            names = {_key(key): name for key, name in labels.items()}
            # "LABEL_0" is what a configuration says that was never told the names.
            if set(names) == set(range(k)) and any(str(name) != f"LABEL_{key}" for key, name in names.items()):
                return {key: name for key, name in names.items() if key is not None}
        elif isinstance(labels, (list, tuple)) and len(labels) == k:
            return dict(enumerate(labels))
    return {}


def _offered(model: nn.Module, k: int) -> Iterable[object]:
    yield getattr(model, "categories", None)
    yield getattr(getattr(model, "config", None), "id2label", None)
    for weights in preprocessing.torchvision_weights(model):
        yield weights.meta.get("categories")
    config = preprocessing.timm_config(model)
    yield config.get("label_names")
    if k == 1000 and str(config.get("tag", "")).endswith("in1k"):
        from torchvision.models import ResNet18_Weights

        yield ResNet18_Weights.DEFAULT.meta["categories"]


def _clean(name: object, index: int) -> str:
    """The name as one line that can travel."""
    if name is None:
        return f"class {index}"
    return line(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)) or f"class {index}"
