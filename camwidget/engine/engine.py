"""CamEngine: record an image batch once, then answer any (target, layer, variant)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge

from . import batches, lean, room
from .accepted import unwrap
from .classes import names_of, read_labels
from .explanations import Explanations
from .forks import Lock
from .known import Known
from .layers import find_grid
from .layout import Layout, fits, lay_out
from .methods.passes import listen, observe
from .modules import module_of
from .outputs import find_scores
from .preempt import Stop, check
from .recording import Recording
from .returned import Returned
from .room import Start, TooLarge, Weight
from .tape import Tape
from .twin import twin
from .untouched import fingerprint, structure, usable

LEAST_DIMENSIONS = 3

Forward = Callable[[nn.Module, Tensor], Any]


class CamEngine:
    """Explains the class scores of a model.

    The model is borrowed: after every call, also one that raised, its modes, ``requires_grad`` flags, ``.grad``,
    hooks, buffers and the random state are as before, and may change at any moment: what runs, in evaluation mode, is a
    twin that shares its parameters.

    Args:
        model: any classifier ``(N, C, *spatial) -> scores (N, K)``. ``DataParallel``, DDP and ``torch.compile`` are
            unwrapped.
        autocast: run the forward pass under ``torch.autocast`` with this dtype, such as ``torch.bfloat16``; maps are
            float32 all the same.
        memory: bytes that one recording may take, about; default: half of what is free on the device. A recording that
            would take more has fewer layers, see ``Recording.left_out``.
        forward: ``(model, x) -> output``, for a model that wants more than ``x``, or of whose output only a part is
            meant: ``lambda model, x: model(pixel_values=x, input_ids=ids)["logits"]``. It must use the model that it is
            given, which is a twin of yours. ``x`` comes as the model gets it: on its device, in its dtype. What else it
            passes is as it made it: it belongs to a batch of that size, and every call has as many images as the ``x``
            of ``record``.
        labels: names of the classes, a sequence or a dict from index to name: then a target may be given by its name.

    Attributes:
        model: the unwrapped model.
        forward: as given.
        lock: held while the model or a recorded graph is used; recordings may be asked from several threads.

    Raises:
        TypeError: ``model`` is no ``nn.Module``; or one that cannot be listened to, a ScriptModule or an exported
            graph; or a quantised one; another argument is nothing of its kind.

    Example:
        >>> engine = CamEngine(model)
        >>> recording = engine.record(x)                 # one forward pass
        >>> recording.cam(243)                           # (N, 7, 7), one small backward pass
        >>> recording.cam(281, layer="layer2", variant="layercam")
    """

    def __init__(
        self,
        model: nn.Module,
        autocast: torch.dtype | None = None,
        memory: int | None = None,
        forward: Forward | None = None,
        labels: Sequence[str] | Mapping[int, str] | None = None,
    ) -> None:
        self.model = unwrap(model)
        self.forward = _checked_forward(forward)
        self._labels = read_labels(labels)
        self.lock = Lock()
        self._autocast, self._memory = _checked_dtype(autocast), _checked_size(memory)
        self._known = Known(structure(self.model))

    @property
    def autocast(self) -> torch.dtype | None:
        """The dtype that forward passes are cast to, None where they are not."""
        return self._autocast

    def like(self, model: nn.Module, labels: Sequence[str] | Mapping[int, str] | None = None) -> CamEngine:
        """An engine of another model, or with other labels, that runs it in the same way. Raises: as ``CamEngine``."""
        return CamEngine(model, self._autocast, self._memory, self.forward, labels)

    def __repr__(self) -> str:
        return f"CamEngine({type(self.model).__name__})"

    def record(self, x: Tensor, layers: Sequence[str | None] | None = None, from_input: bool = False) -> Recording:
        """Run one forward pass and keep its graph.

        Args:
            x: ``(N, C, *spatial)`` floating point, preprocessed; moved to the model's device and dtype.
            layers: the only ones that will be asked, None among them for the default one: the graph then begins at
                the last place that everything passes before them, which is quicker and takes less memory. Default: all.
            from_input: with ``layers``, the graph reaches down to the input all the same, as a map at the input wants.

        Raises:
            TypeError, ValueError: ``x`` is no such tensor, is not finite, or the model returned no scores or has no
            spatial layer, or not those of ``layers``.
            MemoryError: not even the last layers of this model fit into the memory of their device with this input.
        """
        check_input(x)
        with self.lock:
            usable(self.model)
            before = fingerprint(self.model)
            if before.structure != self._known.structure:
                self._known = Known(before.structure)
        plan = None if layers is None else lean.plan(self, x, layers, from_input)
        with self.lock, torch.inference_mode(False), torch.enable_grad(), self._known.random.kept(self._device()):
            model = twin(self.model)
            # the copy keeps the user's tensor out of the graph
            leaf = self._placed(x).requires_grad_()
            try:
                found = None if plan is None else lean.run(self, model, leaf, plan)
                if plan is not None and found is None:  # run by now, and it may count its runs
                    model = twin(self.model)
                tape, returned, layout = found or self._recorded_within(model, leaf)
            except torch.cuda.OutOfMemoryError as error:
                raise MemoryError(
                    f"the device has not enough memory for this model with an input of shape {tuple(x.shape)}, not "
                    "even for its last layers; accepted: a smaller image, or a model on another device"
                ) from error
            except (RuntimeError, ValueError) as error:
                if lacks_batch_axis(x, self.model):
                    raise ValueError(
                        f"x has shape {tuple(x.shape)}, and the model failed on it ({error}); accepted: "
                        f"(N, C, *spatial), such as x[None] of shape {(1, *x.shape)}"
                    ) from error
                raise
            return Recording(self, leaf.detach(), returned, tape, layout, before)

    def explain(
        self,
        images: Tensor | Iterable[Any],
        labels: Any = None,
        layer: str | Sequence[str | None] | None = None,
        variant: str | Sequence[str] = "gradcam",
        *,
        batch_size: int = 32,
        size: str | int | Sequence[int] = "input",
    ) -> Explanations:
        """The maps of many images, batch by batch: one forward and one small backward pass each.

        Args:
            images: a tensor ``(N, C, *spatial)``, preprocessed; or an iterable of such batches or of ``(batch,
                labels)``, such as a ``DataLoader``. ``camwidget.explain`` also reads pictures, and streams to disk.
            labels: what is explained: a target as of ``Recording.cam``, the same for all, or a sequence with one class
                an image. Default: the predicted class of each.
            layer, variant: as of ``Recording.cam``; or sequences of them, all in the same passes.
            batch_size: images in one pass, at most: fewer where memory is short.
            size: "input", "grid" (the layer's own), or the numbers.

        Raises: as ``record`` and ``Recording.cam``; ValueError: there is not one label for each image.
        """
        many = labels.tolist() if isinstance(labels, (Tensor, np.ndarray)) else labels
        many = list(many) if isinstance(many, (list, tuple)) else many
        return batches.explain(self, images, many, batches.ask(layer, variant, size), batch_size)

    def _recorded_within(self, model: nn.Module, leaf: Tensor) -> tuple[Tape, Returned, Layout]:
        """Recorded whole, or what of it fits into memory."""
        limit, start = room.limit(self._device(), self._memory), None
        while True:
            try:
                return self._recorded(model, leaf, limit, start)
            except TooLarge:
                most = limit or 0
            except torch.cuda.OutOfMemoryError:
                if start is not None and (start.last or not start.kept):
                    raise
                most = None
            # out of the handlers, since an exception holds what the pass had made by then
            if most is None:
                torch.cuda.empty_cache()
                most = room.limit(self._device(), None) or 0
                if start is not None:  # what functions return is not weighed, and may be most of it
                    most = min(most, start.kept * leaf.shape[0] // 2)
            limit, start = None, self._start(model, leaf, most)

    def _recorded(
        self, model: nn.Module, leaf: Tensor, limit: int | None, start: Start | None
    ) -> tuple[Tape, Returned, Layout]:
        """One forward pass, and the layout of the model for this size of input.

        Raises:
            TooLarge: the graph would take more than ``limit`` bytes.
        """
        key = (leaf.shape[1:], start)
        layout = self._known.layouts.get(key)
        if layout is not None:
            if limit is not None and layout.bytes * leaf.shape[0] > limit:
                raise TooLarge
            tape, returned = self._run(model, leaf, layout, None, start)
            if fits(layout, tape):
                return tape, returned, layout
        # not seen before; or this image takes another way, or tells more: then all is listened to again
        weight = Weight(limit)
        tape, returned = self._run(model, leaf, None, weight, start)
        weight.check()
        left_out = "" if start is None else str(start)
        layout = replace(lay_out(tape, leaf, returned.scores), bytes=weight.bytes // leaf.shape[0], left_out=left_out)
        self._known.layouts[key] = layout
        tape.keep(layout.layers)
        return tape, returned, layout

    def _run(
        self, model: nn.Module, leaf: Tensor, layout: Layout | None, weight: Weight | None, start: Start | None
    ) -> tuple[Tape, Returned]:
        """The forward pass, with what its modules returned. A known layout says what to listen to."""
        wanted = layout.layers if layout else None
        copied = {layout.default} & layout.overwritten if layout else set()
        with torch.set_grad_enabled(start is None), self._cast():
            # in-place operations of the model must not reach the leaf
            source = leaf.clone()
            node = get_gradient_edge(source).node if start is None else None
            tape = Tape(model, node, source.shape, wanted, copied, weight, None if start is None else start.layer)
            with tape:
                output = self._call(model, source)
                scores = find_scores(output, source.shape)
        if self.forward is not None and layout is None and not tape.entries and not tape.without_grid:
            raise ValueError(
                "forward ran no module of the model that it was given: does it call another one, such as your own "
                "variable? Accepted: forward=lambda model, x: model(x, ...), which calls its first argument"
            )
        if scores.grad_fn is None:
            raise ValueError("the scores do not depend on the input: the model detaches or rounds on the way")
        return tape, self._returned(output, scores)

    def _returned(self, output: Any, scores: Tensor) -> Returned:
        return Returned(output, scores, self.names(scores.shape[1]))

    def names(self, k: int) -> tuple[str, ...] | None:
        """What ``k`` classes are called by ``labels``; None where these were not given.

        Raises:
            ValueError: there are not so many.
        """
        return names_of(self._labels, k)

    def _call(self, model: nn.Module, x: Tensor) -> Any:
        return model(x) if self.forward is None else self.forward(model, x)

    def _start(self, model: nn.Module, leaf: Tensor, limit: int) -> Start:
        """From where on this input is recorded: where an earlier one of this shape was, so that their layers are the
        same, unless that does not fit.
        """
        known = [start for shape, start in self._known.layouts if shape == leaf.shape[1:] and start is not None]
        fitting = (start for start in known if start.kept * leaf.shape[0] <= limit)
        found = next(fitting, None)
        if found is None:
            with self._cast():
                found = room.find_start(model, leaf.detach().clone(), limit, self._call)
        return next((start for start in known if start.layer == found.layer), found)

    def _cast(self) -> AbstractContextManager[object]:
        if self._autocast is None:
            return nullcontext()
        device = self._device()
        return torch.autocast("cpu" if device is None else device.type, self._autocast)

    def replay(self, x: Tensor, layer: str) -> Tensor:
        """What the layer returns for ``x``, by a second forward pass without a graph: for values that an in-place
        operation overwrote.
        """
        seen: list[Tensor] = []

        def keep(output: Any) -> Any:
            grid = find_grid(output, x.shape)
            if grid is not None:
                seen.append(grid.detach().clone())
            return output

        with self.lock, torch.inference_mode(False), torch.no_grad(), self._known.random.kept(self._device()):
            model = twin(self.model)
            observe(module_of(model, layer), None, keep)
            with self._cast():
                self._call(model, x.clone())
        return seen[-1]

    def copy(self) -> nn.Module:
        """A twin of the model that may be changed and run at will."""
        with self.lock, torch.inference_mode(False):
            return twin(self.model)

    def run(self, model: nn.Module, x: Tensor, rows: int) -> Returned:
        """What such a twin returns for ``x``, read as scores of ``rows`` images; without a graph unless a hook begins
        one.
        """
        with self.lock, torch.inference_mode(False), torch.no_grad(), self._known.random.kept(self._device()):
            with self._cast():
                output = self._call(model, x.clone())
            return Returned(output, find_scores(output, (rows, *x.shape[1:])))

    def answer(self, x: Tensor, stop: Stop | None = None) -> Returned:
        """What the model returns for ``x``, by one forward pass without a graph; ``scores`` are there, ``table`` and
        ``shares`` say them as numbers.

        Args:
            x: as of ``record``. stop: asked before each module runs.

        Raises: as ``record``, but for MemoryError. Stopped: ``stop`` said so.
        """
        check_input(x)
        with self.lock:
            usable(self.model)
            model = self.copy()
            listen(model, stop)
            returned = self.run(model, self._placed(x), len(x))
        check(stop)  # a model may have caught what was raised inside of it
        return returned

    def room(self, held: int = 0) -> int | None:
        """Bytes that one more recording may take while others hold so many; None where that is not known."""
        return room.limit(self._device(), None) if self._memory is None else self._memory - held

    @property
    def draws(self) -> bool:
        """Whether the model draws random numbers, so that each run gives other scores."""
        return self._known.random.draws

    @property
    def fixed(self) -> bool:
        """Whether each run must have the images of the recording, since ``forward`` passes more beside them."""
        return self.forward is not None

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


def _checked_size(memory: Any) -> int | None:
    if memory is not None and (isinstance(memory, bool) or not isinstance(memory, int) or memory < 0):
        raise TypeError(f"memory is {memory!r}; accepted: None or a number of bytes")
    return memory


def _checked_forward(forward: Any) -> Forward | None:
    if forward is not None and not callable(forward):
        raise TypeError(
            f"forward is {forward!r:.80}, a {type(forward).__name__}; accepted: a callable (model, x) -> output, "
            "such as lambda model, x: model(x, other)"
        )
    checked: Forward | None = forward
    return checked


def _checked_dtype(autocast: Any) -> torch.dtype | None:
    if autocast is not None and not (isinstance(autocast, torch.dtype) and autocast.is_floating_point):
        raise TypeError(f"autocast is {autocast!r}; accepted: None or a floating-point dtype such as torch.bfloat16")
    return autocast


def lacks_batch_axis(x: Tensor, model: nn.Module) -> bool:
    """Whether the first convolution of the model takes one axis more than ``x`` has."""
    first = next((m for m in model.modules() if isinstance(m, nn.modules.conv._ConvNd)), None)
    return first is not None and x.ndim == 1 + len(first.kernel_size)


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
    # a finite sum says it in one pass; one that is not may have overflowed
    if not math.isfinite(x.sum(dtype=torch.float32).item()) and not torch.isfinite(x).all():
        raise ValueError("x holds NaN or infinite values; accepted: finite numbers")
