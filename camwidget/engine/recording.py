"""A recorded forward pass: activations and graph kept, ready to answer any (target, layer, variant)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .cases import why_of
from .channels import Channels, channels_of
from .classes import Class, listed
from .fields import Field, measure
from .gradients import Gradients
from .inside import Inside
from .layers import LayerInfo
from .layout import Layout
from .methods.method import Order, Owner, Progress, Shelf
from .pooled import Jacobian, Neck, all_maps, find_neck, for_all
from .preempt import Stop, stoppable
from .rectifiers import Rectifiers, node_of
from .relu import backward_rule
from .returned import Aim, Returned, UnconnectedError, unconnected
from .stale import STALE, StaleRecordingError, reason_of
from .tape import Tape
from .targets import Target
from .untouched import Fingerprint, fingerprint, uncast
from .variants import find_variant
from .why import Reason


class Recording:
    """One forward pass of a batch ``(N, ...)``. Made by ``CamEngine.record``.

    Attributes:
        x: the input as the network got it.
        scores: ``(N, K)`` float32, before any softmax of ours, detached. Of dense ones the mean over all their cells.
        output_grid: of dense scores ``(N, K, *out)``, such as those of a segmentation, their grid; else ``()``.
        squashed: whether the scores come out of a sigmoid, so that each is a probability already.
        layers: name -> LayerInfo of every layer that can be explained, in order of execution.
        default_layer: the deepest layer that still has a grid.
        steps: of these, the chain that every path from input to scores passes.
        stages: the few layers that stand for the way from edges to object, ending at the default layer.
        left_out: why the first layers are not there, in a sentence; empty where all are.
    """

    def __init__(
        self, engine: Owner, x: Tensor, returned: Returned, tape: Tape, layout: Layout, recorded_from: Fingerprint
    ) -> None:
        self.x = x
        self.output_grid = returned.grid
        self.scores = returned.table()
        self.squashed = returned.squashed
        self.layers: Mapping[str, LayerInfo] = MappingProxyType(layout.layers)
        self.default_layer = layout.default
        self.stages = layout.stages
        self.steps = layout.steps
        self.left_out = layout.left_out
        self._engine, self._returned, self._tape, self._layout = engine, returned, tape, layout
        self._scores = returned.scores
        self._gradients = Gradients()
        self._activations: dict[str, Tensor] = {}
        self._rectifiers = Rectifiers(returned.scores, tape)
        self._necks: dict[str, tuple[Neck, Jacobian] | None] = {}
        self._fingerprint = recorded_from
        self._shelf = Shelf()

    def __repr__(self) -> str:
        return f"Recording(x={tuple(self.x.shape)}, classes={self.scores.shape[1]}, layers={len(self.layers)})"

    @property
    def stale(self) -> bool:
        """Whether a parameter or buffer of the model changed since, e.g. by an optimiser step, or a part or a forward
        hook of it is another.

        Not asked at every click, since that would cost as much as the click: changed weights raise
        ``StaleRecordingError`` by themselves, changed batch statistics do not. The widget asks before each answer.
        """
        return self._fingerprint != fingerprint(self._engine.model)

    @property
    def bytes(self) -> int:
        """What the graph keeps, about."""
        return max(self._layout.bytes, self.x[0].nbytes) * len(self.x)

    def cam(  # noqa: PLR0913 (the signature that users type)
        self,
        target: Aim,
        layer: str | None = None,
        variant: str = "gradcam",
        *,
        against: Class | Sequence[Any] | None = None,
        gamma: float = 1.0,
        score: str = "logit",
        region: Any = None,
        stop: Stop | None = None,
        progress: Progress | None = None,
    ) -> Tensor:
        """The class activation map of ``target``: ``(N, *grid)`` float32 in raw units, after the variant's own ReLU.

        Args:
            target: a class by its index (or by its name, where the engine has ``labels``), one an image of the batch, a
                ``Target``, or a callable from what the model returned to one number an image.
            layer: a name in ``layers`` (or any module name with a grid); default ``default_layer``.
            variant: an id in ``VARIANTS``. The map of Guided Grad-CAM has the size of the input.
            against, gamma, score, region: as of a ``Target``.
            stop: asked often, between and within the runs of the network that some variants take.
            progress: told ``(done, total)`` after each chunk of these runs.

        Raises:
            TypeError, ValueError: unknown target, layer or variant; the message names the nearest right one. Or the
            target does not depend on the layer.
            StaleRecordingError: the model changed since the recording.
            Stopped: ``stop`` said so. What was done by then is kept for the next time, and the model untouched.
        """
        chosen = find_variant(variant)
        aim = self.resolve_target(target, against=against, gamma=gamma, score=score, region=region)
        signed = Inside(self).signed(chosen, Order([aim], self.resolve(layer), stop, progress))[:, 0]
        return signed.clamp(min=0) if chosen.relu else signed

    def cams(  # noqa: PLR0913 (the signature that users type)
        self,
        targets: Sequence[Aim],
        layer: str | None = None,
        variant: str = "gradcam",
        signed: bool = True,
        stop: Stop | None = None,
        *,
        against: Class | Sequence[Any] | None = None,
        gamma: float = 1.0,
        score: str = "logit",
        region: Any = None,
        progress: Progress | None = None,
    ) -> Tensor:
        """A stack of maps, one a class of ``targets``: ``(N, T, *grid)`` float32, by default before the final ReLU.

        Args:
            signed: before the final ReLU. stop: asked within and between the backward passes, and as in ``cam``.
            layer, variant, progress: as in ``cam``. against, gamma, score, region: as of a ``Target``, for all.

        Raises: as ``cam``; also ValueError where ``targets`` is empty. Stopped: ``stop`` said so.
        """
        given = listed(targets)
        name, chosen = self.resolve(layer), find_variant(variant)
        aims = [self.resolve_target(t, against=against, gamma=gamma, score=score, region=region) for t in given]
        stack = Inside(self).signed(chosen, Order(aims, name, stop, progress))
        return stack if signed or not chosen.relu else stack.clamp(min=0)

    def all_at_once(self, layer: str | None = None, variant: str = "gradcam") -> bool:
        """Whether ``all_cams`` can answer for this layer and variant: the head sees the layer only through one number a
        channel, see ``pooled.py``.

        Raises: as ``cam``.
        """
        name, chosen = self.resolve(layer), find_variant(variant)
        if chosen.rule != "standard" and self.rectifiers_above(name):
            return False
        found = self._neck(name)
        return found is not None and chosen.function is not None and for_all(chosen.function, found[0]) is not None

    def all_cams(
        self, layer: str | None = None, variant: str = "gradcam", signed: bool = True, stop: Stop | None = None
    ) -> Tensor:
        """The maps of all K classes by a few small matrix products: ``(N, K, *grid)`` float32, as ``cams`` gives them.

        Args:
            layer, variant, signed: as of ``cams``.
            stop: asked between chunks of classes; what is done by then is kept for the next time.

        Raises: as ``cam``; also ValueError where ``all_at_once`` says no. Stopped: ``stop`` said so.
        """
        name, chosen = self.resolve(layer), find_variant(variant)
        found = self._neck(name) if self.all_at_once(name, variant) else None
        function = None if found is None or chosen.function is None else for_all(chosen.function, found[0])
        if self.output_grid:
            raise ValueError(
                f"the scores are dense, {tuple(self._scores.shape)}, so {chosen.name} of all classes takes one "
                "backward pass each; accepted: cams with a list of classes"
            )
        if found is None or function is None:
            raise ValueError(
                f"the scores see {name!r} in more ways than through one number a channel, so {chosen.name} of all "
                "classes takes one backward pass each; accepted: cams with a list of classes"
            )
        neck, jacobian = found
        a = self._activations_at(name)
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
        return self._activations_at(self.resolve(layer)).clone()  # what users write to it must not reach the graph

    def _activations_at(self, name: str) -> Tensor:
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
        target: Aim,
        layers: Sequence[str] | None = None,
        rule: str = "standard",
        stop: Stop | None = None,
    ) -> dict[str, Tensor]:
        """d score / d activations for each of ``layers`` (default: all stages), read as ``(N, C, *grid)``: one
        backward pass.

        Args:
            target: as of ``cam``. rule: how rectifiers pass gradients back: "standard", "guided" or "deconv".
            stop: asked on the way back from layer to layer.

        Raises: as ``cam``. Stopped: ``stop`` said so.
        """
        names = [self.resolve(name) for name in (self.stages if layers is None else layers)]
        found = self._gradients_at(self.resolve_target(target), names, rule, stop)
        return {name: g.clone() for name, g in found.items()}

    def _gradients_at(self, aim: Target, names: list[str], rule: str, stop: Stop | None) -> dict[str, Tensor]:
        """``gradients`` of a resolved target at layers by their own names."""
        if aim.function is not None:  # what it returns may depend on more than its argument: asked anew each time
            return self._backward(aim, names, rule, stop) if names else {}
        with self._engine.lock:
            known = self._gradients.of(aim, rule)
            missing = [name for name in names if name not in known]
            if missing:
                known = self._gradients.keep(aim, rule, known | self._backward(aim, missing, rule, stop))
        return {name: known[name] for name in names}

    def rectifiers_above(self, layer: str | None = None) -> int:
        """How many rectifiers lie between the layer and the scores: with none, guided and deconv equal plain
        Grad-CAM.
        """
        return self._rectifiers.above(self.resolve(layer))

    def fields(self, layer: str | None = None) -> Field | None:
        """Where the cells of a layer look: centre, step and size of their receptive fields. Measured once for all
        layers of a model and a size of input, from the graph of this recording.

        None where the graph does not tell: layers behind flips, samplers or patches that overlap, recordings without
        their first layers (see ``left_out``), a model that has changed since, and torch before 2.6.

        Raises: as ``cam``.
        """
        name, known = self.resolve(layer), self._layout.fields
        if self.left_out:
            return None
        if name not in known:
            places = {other: self._tape.edge(other).node for other in self.layers}
            try:
                with self._differentiating():
                    known.update(measure(node_of(self._scores), self._tape.source, places, self.layers, self.x.shape))
            except StaleRecordingError:  # in training at this moment; the next recording tells
                return None
        return known[name]

    def why(
        self,
        target: Aim,
        layer: str | None = None,
        variant: str = "gradcam",
        *,
        image: int = 0,
        name: str | None = None,
        signed: npt.NDArray[np.float32] | None = None,
    ) -> Reason | None:
        """Why a map is blank and what to do about it, or what else must be known of it; None where it is as it should
        be. See ``why.py`` for the causes and their order.

        Args:
            target, layer, variant: as of ``cam``; the layer may also be one that has no map.
            image: which of the batch. name: what to call the target in the sentence; default: "class 7".
            signed: the signed map ``(*grid)`` of that image, where it is at hand.

        Raises: as ``cam``.
        """
        return why_of(self, target, layer, find_variant(variant), signed, image, name)

    def inside(
        self, target: Aim, layer: str | None = None, variant: str = "gradcam", top: int = 12, *, image: int = 0
    ) -> Channels:
        """What each channel of a layer adds to the signed map of one image, see ``Channels``; of the ``top`` strongest,
        their maps, too. Only of variants that are weighted sums of channels, see ``Variant.weights``.

        Args: as ``why``. Raises: as ``cam``; ValueError: a variant without weights, or no such image.
        """
        return channels_of(self, target, layer, variant, top, image)

    def resolve(self, layer: str | None) -> str:
        """The name under which ``layers`` lists this layer; None is the default layer.

        Raises:
            TypeError: no text. ValueError: no such layer, or one without a grid.
        """
        return self._layout.resolve(layer)

    def resolve_target(
        self,
        target: Aim,
        *,
        against: Class | Sequence[Any] | None = None,
        gamma: float = 1.0,
        score: str = "logit",
        region: Any = None,
    ) -> Target:
        """What is explained, as this recording reads it: with class indices, one an image.

        Args, Raises: as ``cam``.
        """
        return self._returned.resolve(target, against=against, gamma=gamma, score=score, region=region)

    def value(self, target: Aim) -> Tensor:
        """The number that is explained, one an image: ``(N,)`` float32. Where a callable makes a single number of a
        batch, each image is given that.

        Args, Raises: as ``cam``.
        """
        aim = self.resolve_target(target)
        with self._differentiating():
            return self._returned.value(aim)

    def shares(self) -> Tensor:
        """``(N, K)`` float32: the softmax probability of each class, of dense scores its mean over all cells, which is
        the share of the picture that the model gives to the class. Where there is but one class, the sigmoid.
        """
        return self._returned.shares()

    def means(self, region: Any = None) -> Tensor:
        """``(N, K)`` float32: the score of each class where it is explained: of dense ones the mean over the region, or
        over the cells where the class wins (else over all). Scores without a grid as they are.

        Raises: as ``cam``.
        """
        return self._returned.means(self.resolve_target(0, region=region).region)

    def cells_won(self) -> Tensor:
        """``(N, K)``: in how many cells of dense scores each class has the highest one; there it is explained where
        no region is given. A model of one class wins where its score is positive.
        """
        return self._returned.cells_won()

    def _backward(self, target: Target, layers: list[str], rule: str, stop: Stop | None) -> dict[str, Tensor]:
        edges = [self._tape.edge(name) for name in layers]
        places = [self._tape.edge(name).node for name in self.layers] if stop is not None else []
        with self._differentiating():
            root, start, factor = self._returned.start(target)
            rectifiers = self._rectifiers.of(root) if rule != "standard" else []
            with backward_rule(rectifiers, rule), stoppable(places, stop):
                grads = torch.autograd.grad(root, edges, start, retain_graph=True, allow_unused=True)
        found: tuple[Tensor | None, ...] = grads
        made = {}
        for name, g in zip(layers, found, strict=True):
            if g is None:
                raise UnconnectedError(unconnected(target, root, name, self._tape))
            made[name] = self.layers[name].channels_first(g if factor == 1 else g.float() * factor)
        return made

    def _neck(self, layer: str) -> tuple[Neck, Jacobian] | None:
        """Where the head sees this layer as one number a channel, and what is known of the Jacobian there."""
        with self._engine.lock:
            if self.output_grid:
                return None
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
                reason = reason_of(error)
                if reason is not None:
                    raise ValueError(reason) from error
                raise
