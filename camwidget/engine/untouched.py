"""Run a model and leave it as it was: modes, buffers, hooks, random state, also after an exception."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

log = logging.getLogger("camwidget")


@contextmanager
def untouched(model: nn.Module, apart: bool = False) -> Iterator[nn.Module]:
    """Within the block: the model to run, in evaluation mode and with gradients enabled. After it all is as it was.

    A model in training mode is not switched over, since it may be training on another thread at this moment: what runs
    is a copy that shares its parameters. ``apart`` asks for that copy in any case. A model that cannot be copied is
    switched and put back.
    """
    with _random_state(model), torch.inference_mode(False), torch.enable_grad():
        twin = _twin(model) if apart or any(module.training for module in model.modules()) else None
        if twin is not None:
            yield twin
        else:
            with _put_back(model):
                yield model


def state(model: nn.Module) -> list[torch.Tensor]:
    """All parameters and buffers, straight from the modules: asked at every answer, and torch's own walk is slow.

    Raises:
        ValueError: they were made in inference mode or have no data, so that torch cannot differentiate.
    """
    tables = [table for m in model.modules() for table in (m._parameters, m._buffers)]
    tensors = [t for table in tables for t in table.values() if t is not None]
    if any(t.is_inference() for t in tensors):
        raise ValueError(
            "the model was made in inference mode, so torch cannot differentiate through it; make or load it outside "
            "torch.inference_mode()"
        )
    if any(t.is_meta for t in tensors):
        raise ValueError("the model is on the meta device and has no weights; load them first")
    return tensors


def fingerprint(tensors: Iterable[torch.Tensor]) -> int:
    """A number that changes when one of them is written to, or replaced by another."""
    return hash(tuple([(t._version, t.data_ptr()) for t in tensors]))


def _twin(model: nn.Module) -> nn.Module | None:
    """A copy of the modules in evaluation mode, with the model's own parameters and copies of its buffers."""
    shared = {id(parameter): parameter for parameter in model.parameters()}
    try:
        twin = copy.deepcopy(model, shared)
    except Exception:  # whatever a user's module holds that cannot be copied
        log.debug("%s cannot be copied", type(model).__name__, exc_info=True)
        return None
    for module in twin.modules():
        module.training = False
    return twin


@contextmanager
def _put_back(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, set as a plain attribute and not by ``model.eval()``, which some models override."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(owner, name, b, b._version, b.detach().clone()) for owner, name, b in _buffers(model)]
    for module, training in modes:
        if training:
            module.training = False
    try:
        yield
    finally:
        for module, training in modes:
            if module.training != training:  # also where forward itself switched a mode
                module.training = training
        for owner, name, buffer, version, before in buffers:
            if buffer._version != version:
                with torch.no_grad():
                    buffer.copy_(before)
            owner._buffers[name] = buffer


@contextmanager
def _random_state(model: nn.Module) -> Iterator[None]:
    """Put torch's generators back; on the main thread only, since from another that would rewind the user's draws."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    cpu_state = torch.get_rng_state()
    devices = _cuda_devices(model) if torch.cuda.is_initialized() else []
    cuda_states = [torch.cuda.get_rng_state(d) for d in devices]
    try:
        yield
    finally:
        torch.set_rng_state(cpu_state)
        for device, state in zip(devices, cuda_states, strict=True):
            torch.cuda.set_rng_state(state, device)


def _buffers(model: nn.Module) -> Iterator[tuple[nn.Module, str, torch.Tensor]]:
    for module in model.modules():
        for name, buffer in module._buffers.items():
            if buffer is not None:
                yield module, name, buffer


def _cuda_devices(model: nn.Module) -> list[int]:
    return sorted({p.device.index or 0 for p in model.parameters() if p.is_cuda})
