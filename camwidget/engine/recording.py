"""A recorded forward pass: activations and graph kept, ready to answer any (target, layer, variant)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from .fields import Field, measure
from .graph import towards
from .layers import LayerInfo
from .layout import Layout
from .pooled import Jacobian, Neck, all_maps, find_neck, for_all
from .preempt import Stop, stoppable
from .relu import backward_rule, is_rectifier
from .suggest import unknown
from .tape import Tape
from .targets import class_indices, one_hot
from .untouched import fingerprint, state, uncast
from .variants import VARIANTS, Variant

GRADIENT_BYTES = 16 * 2**20
"""Gradients of past answers are kept up to this size, so that a second variant or layer of a class is arithmetic
only."""

STALE = "the model's parameters changed since the recording: record again"


class Owner(Protocol):
    """What a recording needs of the engine that made it."""

    @property
    def model(self) -> nn.Module:
        """The user's model."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while the model or the graph is used."""

    def replay(self, x: Tensor, layer: str) -> Tensor:
        """What the layer returns for ``x``, by another forward pass."""


class StaleRecordingError(RuntimeError):
    """The model's parameters changed after the recording: record again."""


class Recording:
    """One forward pass of a batch ``(N, ...)``. Made by ``CamEngine.record``.

    Attributes:
        x: the input as the network got it.
        scores: ``(N, K)`` float32, before any softmax of ours, detached.
        layers: name -> LayerInfo of every layer that can be explained, in order of execution.
        default_layer: the deepest layer that still has a grid.
        steps: of these, the chain that every path from input to scores passes.
        stages: the few layers that stand for the way from edges to object, ending at the default layer.
        left_out: why the first layers are not there, in a sentence; empty where all are.
    """

    def __init__(
        self, engine: Owner, x: Tensor, scores: Tensor, tape: Tape, layout: Layout, recorded_from: int
    ) -> None:
        self.x = x
        self.scores = scores.detach().float()
        self.layers: Mapping[str, LayerInfo] = MappingProxyType(layout.layers)
        self.default_layer = layout.default
        self.stages = layout.stages
        self.steps = layout.steps
        self.left_out = layout.left_out
        self._engine, self._scores, self._tape, self._layout = engine, scores, tape, layout
        self._gradients: OrderedDict[tuple[tuple[int, ...], str], dict[str, Tensor]] = OrderedDict()
        self._gradient_bytes = 0
        self._activations: dict[str, Tensor] = {}
        self._rectifiers: list[Node] | None = None
        self._above: dict[str, int] = {}
        self._necks: dict[str, tuple[Neck, Jacobian] | None] = {}
        self._fingerprint = recorded_from

    def __repr__(self) -> str:
        return f"Recording(x={tuple(self.x.shape)}, classes={self.scores.shape[1]}, layers={len(self.layers)})"

    @property
    def stale(self) -> bool:
        """Whether a parameter or buffer of the model changed since, e.g. by an optimiser step.

        Not asked at every click, since that would cost as much as the click: changed weights raise
        ``StaleRecordingError`` by themselves, changed batch statistics do not. The widget asks before each answer.
        """
        return self._fingerprint != fingerprint(state(self._engine.model))

    def cam(self, target: int | Sequence[int], layer: str | None = None, variant: str = "gradcam") -> Tensor:
        """The class activation map of ``target``: ``(N, *grid)`` float32 in raw units, after the variant's own ReLU.

        Args:
            target: a class index, or one an image of the batch.
            layer: a name in ``layers`` (or any module name with a grid); default ``default_layer``.
            variant: an id in ``VARIANTS``.

        Raises:
            TypeError, ValueError: unknown target, layer or variant; the message names the nearest right one.
            StaleRecordingError: the model changed since the recording.
        """
        chosen = find_variant(variant)
        signed = self._signed(class_indices(target, *self.scores.shape), self.resolve(layer), chosen)
        return signed.clamp(min=0) if chosen.relu else signed

    def cams(
        self,
        targets: Sequence[int],
        layer: str | None = None,
        variant: str = "gradcam",
        signed: bool = True,
        stop: Stop | None = None,
    ) -> Tensor:
        """A stack of maps, one a class of ``targets``: ``(N, T, *grid)`` float32, by default before the final ReLU.

        Args:
            stop: asked within and between the classes' backward passes.

        Raises: as ``cam``; also ValueError where ``targets`` is empty. Stopped: ``stop`` said so.
        """
        listed = _listed(targets)
        name, chosen = self.resolve(layer), find_variant(variant)
        n, k = self.scores.shape
        stack = torch.stack([self._signed(class_indices(t, n, k), name, chosen, stop) for t in listed], dim=1)
        return stack if signed or not chosen.relu else stack.clamp(min=0)

    def all_at_once(self, layer: str | None = None, variant: str = "gradcam") -> bool:
        """Whether ``all_cams`` can answer: the head sees the layer only through one number a channel, see
        ``pooled.py``.

        Raises: as ``cam``.
        """
        name, chosen = self.resolve(layer), find_variant(variant)
        if chosen.rule != "standard" and self.rectifiers_above(name):
            return False
        found = self._neck(name)
        return found is not None and for_all(chosen.function, found[0]) is not None

    def all_cams(
        self, layer: str | None = None, variant: str = "gradcam", signed: bool = True, stop: Stop | None = None
    ) -> Tensor:
        """The maps of all K classes by a few small matrix products: ``(N, K, *grid)`` float32, as ``cams`` gives them.

        Args:
            stop: asked between chunks of classes; what is done by then is kept for the next time.

        Raises: as ``cam``; also ValueError where ``all_at_once`` says no. Stopped: ``stop`` said so.
        """
        name, chosen = self.resolve(layer), find_variant(variant)
        found = self._neck(name) if self.all_at_once(name, variant) else None
        function = None if found is None else for_all(chosen.function, found[0])
        if found is None or function is None:
            raise ValueError(
                f"the scores see {name!r} in more ways than through one number a channel, so {chosen.name} of all "
                "classes takes one backward pass each; accepted: cams with a list of classes"
            )
        neck, jacobian = found
        a = self.activations(name)
        with self._differentiating(), torch.no_grad():
            rows = function(a.flatten(2).float(), neck.spread.flatten(2))
            flat = all_maps(rows, jacobian, self.scores.shape[1], stop)
        maps = flat.reshape(*flat.shape[:2], *a.shape[2:])
        return maps if signed or not chosen.relu else maps.clamp(min=0)

    def activations(self, layer: str | None = None) -> Tensor:
        """What the layer returned, read as ``(N, C, *grid)``, detached. Right also where a later in-place operation
        overwrote it.

        Raises: as ``cam``.
        """
        name = self.resolve(layer)
        with self._engine.lock:
            if name not in self._activations:
                kept = self._tape.value(name)
                if kept is None:
                    if self.stale:
                        raise StaleRecordingError(STALE)
                    kept = self._engine.replay(self.x, name)
                self._activations[name] = self.layers[name].channels_first(kept)
            return self._activations[name]

    def gradients(
        self,
        target: int | Sequence[int],
        layers: Sequence[str] | None = None,
        rule: str = "standard",
        stop: Stop | None = None,
    ) -> dict[str, Tensor]:
        """d score / d activations for each of ``layers`` (default: all stages), read as ``(N, C, *grid)``: one
        backward pass.

        Args:
            rule: how rectifiers pass gradients back, see ``relu.py``.
            stop: asked on the way back from layer to layer.

        Raises: as ``cam``. Stopped: ``stop`` said so.
        """
        indices = class_indices(target, *self.scores.shape)
        names = [self.resolve(name) for name in (self.stages if layers is None else layers)]
        with self._engine.lock:
            known = self._gradients.get((indices, rule), {})
            missing = [name for name in names if name not in known]
            if missing:
                known = self._keep(indices, rule, known | self._backward(indices, missing, rule, stop))
            elif known:
                self._gradients.move_to_end((indices, rule))
        return {name: known[name] for name in names}

    def rectifiers_above(self, layer: str | None = None) -> int:
        """How many rectifiers lie between the layer and the scores: with none, guided and deconv equal plain
        Grad-CAM.
        """
        name = self.resolve(layer)
        if name not in self._above:
            node = self._tape.edge(name).node
            self._above[name] = sum(is_rectifier(n) for n in towards(_node(self._scores), node) if n is not node)
        return self._above[name]

    def fields(self, layer: str | None = None) -> Field | None:
        """Where the cells of a layer look: centre, step and size of their receptive fields. Measured once for all
        layers of a model and a size of input, from the graph of this recording.

        None where the graph does not tell: layers behind flips, samplers or patches that overlap, recordings without
        their first layers (see ``left_out``), and torch before 2.6.

        Raises: as ``cam``.
        """
        name, known = self.resolve(layer), self._layout.fields
        if self.left_out:
            return None
        if name not in known:
            places = {other: self._tape.edge(other).node for other in self.layers}
            with self._differentiating():
                known.update(measure(_node(self._scores), self._tape.source, places, self.layers, self.x.shape))
        return known[name]

    def resolve(self, layer: str | None) -> str:
        """The name under which ``layers`` lists this layer; None is the default layer.

        Raises:
            TypeError: no text. ValueError: no such layer, or one without a grid.
        """
        if layer is None:
            return self.default_layer
        if not isinstance(layer, str):
            raise TypeError(
                f"layer is {layer!r}, a {type(layer).__name__}; accepted: a name such as {self.default_layer!r}"
            )
        if layer in self._layout.aliases:
            return self._layout.aliases[layer]
        if layer in self._layout.without_grid:
            if self.left_out:
                raise ValueError(f"layer {layer!r} is not recorded. {self.left_out}; first one: {self.steps[0]!r}")
            raise ValueError(
                f"layer {layer!r} has no grid of channels on the way to the scores, so there is nothing to draw; "
                f"deepest layer that has one: {self.default_layer!r}"
            )
        raise ValueError(unknown("layer", layer, list(dict.fromkeys([*self.stages, *self.layers]))))

    def _signed(self, indices: tuple[int, ...], layer: str, variant: Variant, stop: Stop | None = None) -> Tensor:
        g = self.gradients(indices, [layer], variant.rule, stop)[layer]
        with torch.no_grad(), torch.inference_mode(False), uncast(self.scores.device):
            return variant.function(self.activations(layer).float(), g.float())

    def _backward(self, indices: tuple[int, ...], layers: list[str], rule: str, stop: Stop | None) -> dict[str, Tensor]:
        edges = [self._tape.edge(name) for name in layers]
        rectifiers = self._find_rectifiers() if rule != "standard" else []
        places = [self._tape.edge(name).node for name in self.layers] if stop is not None else []
        with self._differentiating(), backward_rule(rectifiers, rule), stoppable(places, stop):
            found = torch.autograd.grad(self._scores, edges, one_hot(indices, self._scores), retain_graph=True)
        return {name: self.layers[name].channels_first(g) for name, g in zip(layers, found, strict=True)}

    def _neck(self, layer: str) -> tuple[Neck, Jacobian] | None:
        """Where the head sees this layer as one number a channel, and what is known of the Jacobian there."""
        with self._engine.lock:
            if layer not in self._necks:
                with self._differentiating():
                    neck = find_neck(self._scores, self._tape.edge(layer), self.layers[layer])
                self._necks[layer] = None if neck is None else (neck, Jacobian(self._scores, neck))
            return self._necks[layer]

    @contextmanager
    def _differentiating(self) -> Iterator[None]:
        """Within the block the graph may be walked; weights that were written to since are named as the reason."""
        with self._engine.lock, torch.inference_mode(False), uncast(self.scores.device):
            try:
                yield
            except RuntimeError as error:
                if self.stale:
                    raise StaleRecordingError(STALE) from error
                raise

    def _keep(self, indices: tuple[int, ...], rule: str, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
        before = self._gradients.pop((indices, rule), {})
        self._gradients[indices, rule] = gradients
        self._gradient_bytes += _bytes(gradients) - _bytes(before)
        while self._gradient_bytes > GRADIENT_BYTES and len(self._gradients) > 1:
            _, oldest = self._gradients.popitem(last=False)
            self._gradient_bytes -= _bytes(oldest)
        return gradients

    def _find_rectifiers(self) -> list[Node]:
        if self._rectifiers is None:
            nodes = towards(_node(self._scores), self._tape.source)
            self._rectifiers = [node for node in nodes if is_rectifier(node)]
        return self._rectifiers


def _listed(targets: Any) -> list[Any]:
    """The targets of a stack one by one."""
    if isinstance(targets, Tensor):
        targets = targets.tolist()
    if isinstance(targets, str) or not isinstance(targets, (Sequence, np.ndarray)) or not len(targets):
        raise ValueError(f"targets {targets!r}: accepted is a non-empty sequence of class indices")
    return list(targets)


def find_variant(variant: Any) -> Variant:
    """The variant of this id.

    Raises:
        ValueError: unknown; the message names the nearest right one.
    """
    if not isinstance(variant, str) or variant not in VARIANTS:
        raise ValueError(unknown("variant", variant, list(VARIANTS)))
    return VARIANTS[variant]


def _node(t: Tensor) -> Node:
    if t.grad_fn is None:
        raise ValueError("the scores do not depend on the input through operations that torch can differentiate")
    return t.grad_fn


def _bytes(gradients: Mapping[str, Tensor]) -> int:
    return sum(g.numel() * g.element_size() for g in gradients.values())
