"""CamEngine: record an image batch once, then answer any (target, layer, variant)."""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge

from .layout import Layout, lay_out
from .recording import Recording
from .tape import Tape
from .targets import find_scores
from .twin import twin
from .untouched import RandomState, fingerprint, state

LEAST_DIMENSIONS = 3


class CamEngine:
    """Explains the class scores of a model.

    The model is borrowed: after every call, also one that raised, its modes, ``requires_grad`` flags, ``.grad``,
    hooks, buffers and the random state are as before, and may change at any moment: what runs, in evaluation mode, is a
    twin that shares its parameters.

    Args:
        model: any classifier ``(N, C, *spatial) -> scores (N, K)``. ``DataParallel``, DDP and ``torch.compile`` are
            unwrapped.

    Attributes:
        model: the unwrapped model.
        lock: held while the model or a recorded graph is used; recordings may be asked from several threads.

    Raises:
        TypeError: ``model`` is no ``nn.Module``, or one that cannot be listened to (a ScriptModule).

    Example:
        >>> engine = CamEngine(model)
        >>> recording = engine.record(x)                 # one forward pass
        >>> recording.cam(243)                           # (N, 7, 7), one small backward pass
        >>> recording.cam(281, layer="layer2", variant="layercam")
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = unwrap(model)
        self.lock = threading.RLock()
        self._layouts: dict[torch.Size, Layout] = {}
        self._random = RandomState()

    def __repr__(self) -> str:
        return f"CamEngine({type(self.model).__name__})"

    def record(self, x: Tensor) -> Recording:
        """Run one forward pass and keep its graph.

        Args:
            x: ``(N, C, *spatial)`` floating point, preprocessed; moved to the model's device and dtype.

        Raises:
            TypeError, ValueError: ``x`` is no such tensor, is not finite, or the model returned no scores or has no
            spatial layer.
        """
        check_input(x)
        with self.lock, torch.inference_mode(False), torch.enable_grad(), self._random.kept(self._device()):
            before = fingerprint(state(self.model))
            model = twin(self.model)
            # the copy keeps the user's tensor out of the graph, and in-place operations of the model out of that tensor
            leaf = self._placed(x).requires_grad_()
            source = leaf.clone()
            layout = self._layouts.get(x.shape[1:])
            tape, scores = _run(model, source, layout)
            if layout is None or not set(layout.layers) <= set(tape.entries):
                if layout is not None:  # control flow may differ from image to image: then all is listened to again
                    tape, scores = _run(model, source, None)
                layout = self._layouts[x.shape[1:]] = lay_out(tape, x, scores)
                tape.keep(layout.layers)
            return Recording(self, leaf.detach(), scores, tape, layout, before)

    def replay(self, x: Tensor, layer: str) -> Tensor:
        """What the layer returns for ``x``, by a second forward pass without a graph: for values that an in-place
        operation overwrote.
        """
        seen: list[Tensor] = []

        def keep(_module: nn.Module, _args: Any, output: Tensor) -> None:
            seen.append(output.detach().clone())

        with self.lock, torch.inference_mode(False), torch.no_grad(), self._random.kept(self._device()):
            model = twin(self.model)
            model.get_submodule(layer).register_forward_hook(keep)
            model(x.clone())
        return seen[-1]

    def _device(self) -> torch.device | None:
        parameter = next(self.model.parameters(), None)
        return None if parameter is None else parameter.device

    def _placed(self, x: Tensor) -> Tensor:
        parameter = next(self.model.parameters(), None)
        x = x.detach()
        if parameter is not None:
            dtype = parameter.dtype if parameter.is_floating_point() else x.dtype
            x = x.to(parameter.device, dtype)
        return x.clone()


def _run(model: nn.Module, source: Tensor, layout: Layout | None) -> tuple[Tape, Tensor]:
    """The forward pass, with what its modules returned. A known layout says what to listen to."""
    wanted = layout.layers if layout else None
    copied = {layout.default} & layout.overwritten if layout else set()
    tape = Tape(model, get_gradient_edge(source).node, source.ndim, wanted, copied)
    with tape:
        scores = find_scores(model(source), source.shape[0])
    if scores.grad_fn is None:
        raise ValueError("the scores do not depend on the input: the model detaches or rounds on the way")
    return tape, scores


def unwrap(model: Any) -> nn.Module:
    """The module that does the work, below DataParallel, DDP and torch.compile.

    Raises:
        TypeError: not an ``nn.Module``, or a ScriptModule.
    """
    while isinstance(model, nn.Module):
        if isinstance(model, torch.jit.ScriptModule):
            raise TypeError(
                "a ScriptModule cannot be listened to; accepted: the nn.Module it was scripted or traced from"
            )
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = model.module
        if inner is None:
            return model
        model = inner
    raise TypeError(f"model is a {type(model).__name__}; accepted: a torch.nn.Module")


def check_input(x: Any) -> None:
    """Raise TypeError or ValueError unless ``x`` is a finite floating-point tensor ``(N, C, *spatial)`` that is not
    empty.
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"x is a {type(x).__name__}; accepted: a torch.Tensor (N, C, *spatial), preprocessed")
    if not x.is_floating_point():
        raise TypeError(f"x has dtype {x.dtype}; accepted: a floating-point tensor, preprocessed (scaled, normalised)")
    if x.ndim < LEAST_DIMENSIONS or x.numel() == 0:
        raise ValueError(
            f"x has shape {tuple(x.shape)}; accepted: (N, C, *spatial), not empty, such as (1, 3, 224, 224)"
        )
    if not torch.isfinite(x).all():
        raise ValueError("x holds NaN or infinite values; accepted: finite numbers")
