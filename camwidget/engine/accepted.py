"""Which models can be explained, and for those that cannot the sentence that names the way out."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .twin import inner

QUANTISED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized", "torch.nn.quantized", "torchao.quantization")
"""Packages of modules that compute in whole numbers."""


def unwrap(model: Any) -> nn.Module:
    """The module that does the work, below DataParallel, DDP and torch.compile.

    Raises:
        TypeError: not an ``nn.Module``; or one that cannot be listened to, a ScriptModule or a flat graph; or one that
            cannot be differentiated, being quantised.
    """
    while isinstance(model, nn.Module):
        if isinstance(model, torch.jit.ScriptModule):
            raise TypeError(
                "a ScriptModule cannot be listened to; accepted: the nn.Module it was scripted or traced from"
            )
        if isinstance(model, torch.fx.GraphModule) and _is_flat(model):
            raise TypeError(
                "the model is a flat graph of operations, as torch.export makes it, and has no modules to listen to; "
                "accepted: the nn.Module it was made from, or torch.export.unflatten(program)"
            )
        wrapped = inner(model)
        if wrapped is None:
            _check_differentiable(model)
            return model
        model = wrapped
    if isinstance(model, torch.export.ExportedProgram):
        raise TypeError(
            "model is an ExportedProgram; accepted: the nn.Module it was exported from, or "
            "torch.export.unflatten(program)"
        )
    raise TypeError(f"model is a {type(model).__name__}; accepted: a torch.nn.Module")


def _is_flat(model: torch.fx.GraphModule) -> bool:
    """Whether a graph computes, and calls none of the modules with weights to do so."""
    called = {str(node.target) for node in model.graph.nodes if node.op == "call_module"}
    weighty = {name for name, module in model.named_modules() if name and any(True for _ in module.parameters())}
    return not called & weighty


def _check_differentiable(model: nn.Module) -> None:
    for name, module in model.named_modules():
        if type(module).__module__.startswith(QUANTISED):
            raise TypeError(
                f"the model is quantised (layer {name!r} is a {_kind(module)}), and torch has no gradients of whole "
                "numbers; accepted: the floating-point model it was made from"
            )


def _kind(module: nn.Module) -> str:
    return f"{type(module).__module__.removeprefix('torch.')}.{type(module).__name__}"
