"""Functions that were put on a module and name other modules: the same functions, naming those of the twin."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn


def compiled_from(function: Any) -> Any:
    """The function that ``torch.compile`` was given, where this is what it returned; else None."""
    return getattr(function, "_torchdynamo_orig_callable", None)


def rebound(function: types.FunctionType, copies: Mapping[int, Any], translated: Callable[[Any], Any]) -> Any:
    """The function with modules of the twin in place of the original's, in its closure and among its globals, as in
    ``old = model.forward; model.forward = lambda x: old(x)["logits"]``; itself where it names none.

    Args:
        copies: id of a module of the original -> that of the twin.
        translated: gives the twin's version of anything else that may hold a module.
    """
    cells = tuple(_cell(cell, copies, translated) for cell in function.__closure__ or ())
    named = {
        name: translated(function.__globals__[name])
        for name in function.__code__.co_names
        if _of_original(function.__globals__.get(name), copies)
    }
    if not named and all(new is old for new, old in zip(cells, function.__closure__ or (), strict=True)):
        return function
    world = {**function.__globals__, **named} if named else function.__globals__
    made = types.FunctionType(function.__code__, world, function.__name__, function.__defaults__, cells or None)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(function.__dict__)
    return made


def _cell(cell: types.CellType, copies: Mapping[int, Any], translated: Callable[[Any], Any]) -> types.CellType:
    try:
        content = cell.cell_contents
    except ValueError:  # not filled yet
        return cell
    if not _may_hold(content, copies):
        return cell
    return types.CellType(translated(content))


def _may_hold(content: Any, copies: Mapping[int, Any]) -> bool:
    """Whether a variable of a closure is a module of the original, or a function or method of one. What a closure only
    writes to, such as a list, is the user's.
    """
    if isinstance(content, (list, tuple)):
        return any(_of_original(item, copies) for item in content)
    if isinstance(content, types.FunctionType):
        return content.__closure__ is not None
    return _of_original(content, copies)


def _of_original(value: Any, copies: Mapping[int, Any]) -> bool:
    if isinstance(value, types.MethodType):
        value = value.__self__
    return isinstance(value, nn.Module) and id(value) in copies
