"""A second set of modules over the same weights, so that the user's own are never touched."""

from __future__ import annotations

import functools
import types
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .rebound import compiled_from, rebound

OF_TORCH = frozenset(nn.Module().__dict__)
OF_TRAINING = ("_backward_hooks", "_backward_pre_hooks")
"""Hooks that the twin has none of: they belong to the user's own backward passes, of which ours are none."""

MADE_ANEW = frozenset(("_modules", "_buffers", *OF_TRAINING))
TABLES = tuple(
    name
    for name, value in nn.Module().__dict__.items()
    if isinstance(value, (dict, set)) and name not in MADE_ANEW and "state_dict" not in name
)
"""Attributes in which torch keeps hooks, parameters and the like: the twin has tables of its own. What is asked only
when weights are saved or loaded is nothing to a twin.
"""

PLAIN = (int, float, str)

MAPPINGS = frozenset((dict, OrderedDict, defaultdict))
CONTAINERS = frozenset((list, tuple, *MAPPINGS, set, deque, Counter, bytearray, np.ndarray))
FUNCTIONS = frozenset((types.MethodType, types.FunctionType, functools.partial))
PASSED = frozenset((bool, int, float, str, bytes, type(None), torch.dtype, torch.device, torch.Size, type))
"""Types of attributes by what is done with them, so that most are passed over quickly."""


WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)


def inner(module: nn.Module) -> nn.Module | None:
    """The module that a wrapper of torch's runs: below DataParallel, DDP and torch.compile; None for any other."""
    return module._modules.get("module" if isinstance(module, WRAPPERS) else "_orig_mod")


def twin(model: nn.Module) -> nn.Module:
    """The model once more, in evaluation mode: its own modules and buffers, the same parameters.

    The original may be trained on another thread meanwhile: neither sees the other's modes, hooks or buffers. Unlike a
    deep copy this costs little, and works for modules that hold locks, data sets or non-leaf tensors.

    What modules keep in attributes is the twin's own where a forward pass may write to it: tensors, lists, dicts, sets,
    arrays. Other objects are shared. Forward hooks run as in any pass of the user's, since they may belong to the
    computation (weight norm and pruning are made of them); backward hooks do not. What was compiled runs as it was
    written.
    """
    return _adopted(model, {})


def _adopted(model: nn.Module, copies: dict[int, Any]) -> nn.Module:
    """The copy of a module and of all below it, noted in ``copies`` by the id of the original."""
    modules = [module for module in model.modules() if id(module) not in copies]
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
        # hundreds of modules with tens of attributes each; tuples are mostly sizes of kernels
        kind = type(value)
        if kind not in PASSED and name not in OF_TORCH and not (kind is tuple and value and type(value[0]) is int):
            own[name] = _translated(value, copies)
    for name in TABLES:
        table = own.get(name)
        if table:
            own[name] = table.copy()
        elif table is not None:  # most are empty, and a new one is quicker made than copied
            own[name] = type(table)()
    for name in OF_TRAINING:
        own[name] = OrderedDict()
    own["_modules"] = {name: copies.get(id(child), child) for name, child in module._modules.items()}
    own["_buffers"] = {name: _copied(buffer, copies) for name, buffer in module._buffers.items()}
    own["training"] = False
    own["_compiled_call_impl"] = None  # compiled in place: that is the original's, and would not listen
    forward = _forward(module, copies)
    if forward is not None:
        own["forward"] = forward
    return own


def _forward(module: nn.Module, copies: dict[int, Any]) -> Any:
    """What the copy of a wrapper runs, and of a class whose ``forward`` was compiled; None for all others."""
    wrapped = inner(module)
    if wrapped is not None:
        # straight to what is wrapped: DDP notes each pass for its reducer, DataParallel listens on replicas
        return copies.get(id(wrapped), wrapped)
    written = compiled_from(type(module).forward)
    if written is None or "forward" in module.__dict__:
        return None
    return types.MethodType(written, copies[id(module)])


def _copied(tensor: Tensor | None, copies: dict[int, Any]) -> Tensor | None:
    if tensor is None:
        return None
    if id(tensor) not in copies:  # one buffer may belong to several modules
        copies[id(tensor)] = tensor.detach().clone()
    copied: Tensor = copies[id(tensor)]
    return copied


def _translated(value: Any, copies: dict[int, Any]) -> Any:
    """An attribute in which modules of the original, also as owners of methods, are those of the copy, and which the
    copy may write to.
    """
    kind = type(value)
    if id(value) in copies:
        return copies[id(value)]
    if kind in FUNCTIONS:
        return _translated_function(value, copies)
    if kind in CONTAINERS:
        return _translated_container(value, copies)
    if isinstance(value, nn.Module):  # hidden from its owner, as in a list, so that it is not among its modules
        return _adopted(value, copies)
    if isinstance(value, Tensor):
        # one that requires a gradient is a weight, or made of weights
        shared = value.requires_grad or isinstance(value, nn.Parameter)
        return value if shared else _copied(value, copies)
    return _translated_object(value, copies)


def _translated_container(value: Any, copies: dict[int, Any]) -> Any:
    kind = type(value)
    if kind is list or kind is tuple:
        if value and isinstance(value[0], PLAIN):
            return kind(value)
        return kind([_translated(item, copies) for item in value])
    made = value.copy()  # a defaultdict keeps its default
    if kind in MAPPINGS:
        for key, item in value.items():
            made[key] = _translated(item, copies)
    return made


def _translated_function(value: Any, copies: dict[int, Any]) -> Any:
    if isinstance(value, types.MethodType):
        return types.MethodType(value.__func__, copies.get(id(value.__self__), value.__self__))
    if isinstance(value, functools.partial):
        given = [_translated(argument, copies) for argument in value.args]
        named = {name: _translated(argument, copies) for name, argument in value.keywords.items()}
        return functools.partial(_translated(value.func, copies), *given, **named)
    written = compiled_from(value)
    if written is not None:
        return _translated(written, copies)
    copies[id(value)] = value  # one that calls itself is met again on the way
    copies[id(value)] = rebound(value, copies, functools.partial(_translated, copies=copies))
    return copies[id(value)]


def _translated_object(value: Any, copies: dict[int, Any]) -> Any:
    """Any other object: shared, unless it holds a module of the original, also in a list or dict. Then it is one of the
    same kind that holds the copy.
    """
    held = getattr(value, "__dict__", None)
    if type(held) is not dict or isinstance(value, types.ModuleType):
        return value
    if not any(_holds(item, copies) for item in held.values()):
        return value
    kept = {name: item for name, item in held.items() if id(item) in copies or _holds(item, copies)}
    found = {name: _translated(item, copies) for name, item in kept.items()}
    try:
        made = value.__class__.__new__(value.__class__)
    except TypeError:  # of a class that wants arguments
        return value
    made.__dict__.update({**held, **found})
    return made


def _holds(item: Any, copies: dict[int, Any]) -> bool:
    """Whether this is a module of the original, or a list or dict with one in it."""
    if isinstance(item, nn.Module):
        return id(item) in copies
    if type(item) in MAPPINGS:
        item = item.values()
    elif type(item) not in (list, tuple):
        return False
    return any(_holds(part, copies) for part in item)
