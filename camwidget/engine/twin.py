"""A second set of modules over the same weights, so that the user's own are never touched."""

from __future__ import annotations

import functools
import types
from typing import Any

import torch
from torch import Tensor, nn

OF_TORCH = frozenset(nn.Module().__dict__)
TABLES = tuple(
    name
    for name, value in nn.Module().__dict__.items()
    if isinstance(value, (dict, set)) and name not in {"_modules", "_buffers"} and "state_dict" not in name
)
"""Attributes in which torch keeps hooks, parameters and the like: the twin has tables of its own. What is asked only
when weights are saved or loaded is nothing to a twin.
"""

PLAIN = (int, float, str)

TRANSLATED = frozenset((types.MethodType, functools.partial, list, tuple, dict))
"""Types of attributes in which a module of the original may hide."""


def twin(model: nn.Module) -> nn.Module:
    """The model once more, in evaluation mode: its own modules and buffers, the same parameters, nothing else copied.

    The original may be trained on another thread meanwhile: neither sees the other's modes, hooks or buffers. Unlike a
    deep copy this costs little, and works for modules that hold locks, data sets or non-leaf tensors.
    """
    modules = list(model.modules())
    copies: dict[int, Any] = {}
    for module in modules:
        # a ScriptModule lives in C++ and is used as it is
        copies[id(module)] = module if isinstance(module, torch.jit.ScriptModule) else object.__new__(type(module))
    for module in modules:
        if copies[id(module)] is not module:
            # not by nn.Module's own __setattr__, which looks for parameters
            object.__setattr__(copies[id(module)], "__dict__", _attributes(module, copies))
    second: nn.Module = copies[id(model)]
    return second


def _attributes(module: nn.Module, copies: dict[int, Any]) -> dict[str, Any]:
    own = module.__dict__.copy()
    for name, value in module.__dict__.items():
        # hundreds of modules with tens of attributes each: most are passed over quickly
        if type(value) in TRANSLATED and name not in OF_TORCH:
            own[name] = _translated(value, copies)
    for name in TABLES:
        table = own.get(name)
        if table:
            own[name] = table.copy()
        elif table is not None:  # most are empty, and a new one is quicker made than copied
            own[name] = type(table)()
    own["_modules"] = {name: copies.get(id(child), child) for name, child in module._modules.items()}
    own["_buffers"] = {name: _copied(buffer, copies) for name, buffer in module._buffers.items()}
    own["training"] = False
    own["_compiled_call_impl"] = None  # compiled in place: that is the original's, and would not listen
    return own


def _copied(buffer: Tensor | None, copies: dict[int, Any]) -> Tensor | None:
    if buffer is None:
        return None
    if id(buffer) not in copies:  # one buffer may belong to several modules
        copies[id(buffer)] = buffer.detach().clone()
    copied: Tensor = copies[id(buffer)]
    return copied


def _translated(value: Any, copies: dict[int, Any]) -> Any:
    """An attribute in which modules of the original, also as owners of methods, are those of the copy."""
    kind = type(value)
    if kind is types.MethodType:
        return types.MethodType(value.__func__, copies.get(id(value.__self__), value.__self__))
    if kind is functools.partial:
        given = [_translated(argument, copies) for argument in value.args]
        named = {name: _translated(argument, copies) for name, argument in value.keywords.items()}
        return functools.partial(_translated(value.func, copies), *given, **named)
    if kind is list or kind is tuple:
        if value and isinstance(value[0], PLAIN):
            return value
        return kind([_translated(item, copies) for item in value])
    if kind is dict:
        return {key: _translated(item, copies) for key, item in value.items()}
    return copies.get(id(value), value) if isinstance(value, nn.Module) else value
