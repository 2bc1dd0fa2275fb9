"""Run a model and leave it as it was: modes, buffers, hooks, random state, also after an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Within the block the model is in evaluation mode, with gradients enabled; after it everything is as it was.

    Modes are set as plain attributes and not by ``model.eval()``, which some models override with side effects.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(owner, name, b, b._version, b.detach().clone()) for owner, name, b in _buffers(model)]
    cpu_state = torch.get_rng_state()
    devices = sorted({p.device.index or 0 for p in model.parameters() if p.is_cuda})
    cuda_states = [torch.cuda.get_rng_state(d) for d in devices]
    for module, training in modes:
        if training:
            module.training = False
    try:
        with torch.inference_mode(False), torch.enable_grad():
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
        torch.set_rng_state(cpu_state)
        for device, state in zip(devices, cuda_states, strict=True):
            torch.cuda.set_rng_state(state, device)


def _buffers(model: nn.Module) -> Iterator[tuple[nn.Module, str, torch.Tensor]]:
    for module in model.modules():
        for name, buffer in module._buffers.items():
            if buffer is not None:
                yield module, name, buffer
