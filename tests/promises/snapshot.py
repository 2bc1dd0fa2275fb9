"""Everything that can be seen of a user's model, input and torch settings, and how two such views differ."""

from __future__ import annotations

import math
import random
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

HOOKS = [name for name in vars(nn.Module()) if "hooks" in name]
TABLES = {"_parameters", "_buffers", "_modules", *HOOKS}
PLAIN = (bool, int, float, str, bytes, type(None), torch.dtype, torch.device)


def of_tensor(t: Tensor | None) -> Any:
    """What can be seen of a tensor, and which object it is. Hooks of gradient accumulators cannot be listed: a training
    step afterwards shows them, see tests/unit/engine/test_untouched.py.
    """
    if t is None:
        return None
    return (
        ("object", id(t), t.data_ptr(), t.stride(), str(t.dtype), str(t.device)),
        ("values", t.detach().clone()),
        ("version", None if t.is_inference() else t._version),
        ("requires grad", t.requires_grad, t.is_leaf),
        ("grad", id(t.grad) if t.is_leaf else None, of_tensor(t.grad) if t.is_leaf else None),
        ("hooks", _table(t._backward_hooks), _table(getattr(t, "_post_accumulate_grad_hooks", None))),
    )


def _table(hooks: Any) -> dict[str, int]:
    return {str(key): id(hook) for key, hook in (hooks or {}).items()}


def of_value(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one for each kind
    """Contents of what a module keeps in an attribute, as far as a forward pass could change them."""
    if isinstance(value, Tensor):
        return of_tensor(value)
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.ndarray):
        return (id(value), value.tobytes())
    if depth < 3 and isinstance(value, (list, tuple, deque)):
        return (id(value), *(of_value(item, depth + 1) for item in value))
    if depth < 3 and isinstance(value, (dict, Counter)):
        return {"object": id(value), **{repr(key): of_value(item, depth + 1) for key, item in value.items()}}
    if isinstance(value, set):
        return (id(value), sorted(map(repr, value)))
    return id(value)


def of_module(module: nn.Module) -> dict[str, Any]:
    return {
        "attributes": list(vars(module)),
        "values": {name: of_value(value) for name, value in vars(module).items() if name not in TABLES},
        "hooks": {name: dict(getattr(module, name)) for name in HOOKS},
        "parameters": {name: of_tensor(p) for name, p in module._parameters.items()},
        "buffers": {name: of_tensor(b) for name, b in module._buffers.items()},
        "children": {name: id(child) for name, child in module._modules.items()},
        "class": (id(type(module)), id(type(module).forward), sorted(vars(type(module)))),
    }


def of_world() -> dict[str, Any]:
    """Random states and the settings of torch that a call could leave changed."""
    backends = torch.backends
    return {
        "torch": torch.get_rng_state(),
        "cuda": tuple(torch.cuda.get_rng_state_all()) if torch.cuda.is_initialized() else (),
        "numpy": repr(np.random.get_state(legacy=True)),  # noqa: NPY002 - the state that users' old code depends on
        "python": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": tuple((torch.is_autocast_enabled(d), torch.get_autocast_dtype(d)) for d in ("cpu", "cuda")),
        "autocast cache": torch.is_autocast_cache_enabled(),
        "default dtype": torch.get_default_dtype(),
        "default device": str(torch.get_default_device()),
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.utils.deterministic.fill_uninitialized_memory,
        ),
        "backends": (
            backends.cudnn.enabled,
            backends.cudnn.benchmark,
            backends.cudnn.deterministic,
            torch.get_float32_matmul_precision(),
        ),
        "anomaly": (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        "threads of torch": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("camwidget")),
        "global hooks": {
            name: _table(value)
            for name, value in vars(nn.modules.module).items()
            if name.startswith("_global") and name.endswith("hooks")
        },
    }


def of_everything(model: nn.Module, *inputs: Tensor) -> dict[str, Any]:
    modules = {name: of_module(module) for name, module in model.named_modules(remove_duplicate=False)}
    return {"modules": modules, "inputs": tuple(of_tensor(x) for x in inputs), "world": of_world()}


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            yield from differences(before.get(key, "(absent)"), after.get(key, "(absent)"), f"{path}/{key}")
    elif type(before) is not type(after):
        yield path
    elif isinstance(before, tuple):
        if len(before) != len(after):
            yield path
        for i, (one, two) in enumerate(zip(before, after, strict=False)):
            yield from differences(one, two, f"{path}[{before[0] if i and isinstance(before[0], str) else i}]")
    elif isinstance(before, Tensor):
        same = before.shape == after.shape and before.dtype == after.dtype
        if not (same and torch.equal(before.nan_to_num(), after.nan_to_num())):
            yield path
    elif isinstance(before, float) and math.isnan(before):
        if not math.isnan(after):
            yield path
    elif before != after:
        yield path


@contextmanager
def as_before(model: nn.Module, *inputs: Tensor) -> Iterator[None]:
    """The block, also one that raises, leaves everything as it was."""
    before = of_everything(model, *inputs)
    try:
        yield
    finally:
        found = list(differences(before, of_everything(model, *inputs)))
        assert not found, f"not as before: {found}"
