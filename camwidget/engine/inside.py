"""A recording as the methods see it that need more than the activations and gradients of a layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge
from torch.nn.attention import SDPBackend, sdpa_kernel

from .layers import LayerInfo
from .methods.method import Network, Order, summed
from .methods.passes import Passes
from .preempt import Stop, Stopped, stoppable
from .relu import backward_rule
from .stale import STALE, StaleRecordingError
from .targets import Target
from .untouched import uncast
from .variants import Variant

if TYPE_CHECKING:
    from .recording import Recording


class Inside:
    """See ``method.Explained``."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.x, self.scores, self.returned = recording.x, recording.scores, recording._returned
        self.layers: Mapping[str, LayerInfo] = recording.layers
        self.network: Network = recording._engine
        self.shelf = recording._shelf
        self.bytes_each = recording._layout.bytes

    def mixes(self, stop: Stop | None) -> bool:
        """Whether the scores of an image depend on which others are in its batch, as where normalisation takes its
        statistics from the batch also in evaluation; or a batch must have a certain size. Found by a run in other
        company.
        """
        return self.shelf.get("mixes", lambda: self._found_to_mix(stop), lambda _mixes: 0)

    def _found_to_mix(self, stop: Stop | None) -> bool:
        one, own = self.x[:1], self.returned.scores[:1].detach()
        with self.steady():
            try:
                other = Passes(self, stop).run(torch.cat([one, one.flip(-1) / 2])).scores[:1]
            except Stopped:
                raise
            except Exception:  # noqa: BLE001  (models raise what they like where a batch has another size)
                return True
        if other.shape != own.shape:
            return True
        close = max(1e-3, 8 * torch.finfo(own.dtype).eps)
        return bool(((own - other).abs() > close * own.abs().max()).any())

    def signed(self, variant: Variant, order: Order) -> Tensor:
        """The signed maps of a variant: ``(N, T, *grid)`` float32."""
        if variant.method is not None:
            with torch.no_grad(), torch.inference_mode(False), uncast(self.scores.device):
                return variant.method(self, order)
        if variant.function is None:
            raise TypeError(f"variant {variant.id!r} has neither a function nor a method")
        maps = []
        for target in order.targets:
            g = self.gradient(target, order.layer, variant.rule, order.stop)
            with torch.no_grad(), torch.inference_mode(False), uncast(self.scores.device):
                maps.append(variant.function(self.activations(order.layer).float(), g.float()))
        return torch.stack(maps, dim=1)

    def activations(self, layer: str | None = None) -> Tensor:
        """As ``Recording.activations``."""
        return self._recording._activations_at(self._recording.resolve(layer))

    def gradient(self, target: Target, layer: str, rule: str = "standard", stop: Stop | None = None) -> Tensor:
        """g at a layer, ``(N, C, *grid)``."""
        return self._recording._gradients_at(target, [layer], rule, stop)[layer]

    def input_gradient(self, target: Target, rule: str = "standard", stop: Stop | None = None) -> Tensor:
        """d score / d x.

        Raises:
            ValueError: the first layers were left out of the recording.
        """
        recording = self._recording
        if recording.left_out:
            raise ValueError(
                f"a map at the input needs the graph down to it. {recording.left_out}; accepted: a smaller input, more "
                "memory, or a variant that needs a layer only, such as 'gradcam'"
            )
        places = [recording._tape.edge(name).node for name in self.layers] if stop is not None else []
        entrance = GradientEdge(recording._tape.source, 0)
        with recording._differentiating():
            root, start, factor = self.returned.start(target)
            rectifiers = recording._rectifiers.of(root) if rule != "standard" else []
            with backward_rule(rectifiers, rule), stoppable(places, stop):
                (found,) = torch.autograd.grad(root, [entrance], start, retain_graph=True)
        return found if factor == 1 else found.float() * factor

    def curvature(self, target: Target, layer: str, along: Tensor) -> Tensor | None:
        """(d2 score / d A2) ``along``: a backward pass through a backward pass of the recorded graph. Where an
        operation has no second derivative, such as fused attention, the model runs once more in its plain form.

        Raises:
            ValueError: it has none in its plain form either.
        """
        recording = self._recording
        output = recording._tape.entries[layer].output
        direction = torch.zeros(output.shape, dtype=output.dtype, device=output.device)
        info = self.layers[layer]
        info.channels_first(direction).copy_(along)
        with self.steady():
            try:
                found = _second(summed(target, self.returned, self.returned), recording._tape.edge(layer), direction)
            except RuntimeError as error:
                if recording.stale or not any(word in str(error) for word in ("derivative", "differentia")):
                    raise
                found = self._plainly(target, layer, direction)
        return None if found is None else info.channels_first(found)

    def _plainly(self, target: Target, layer: str, direction: Tensor) -> Tensor | None:
        passes = Passes(self, None, layer)
        try:
            with sdpa_kernel(SDPBackend.MATH):
                returned = passes.run(self.x)
                return _second(summed(target, returned, self.returned), passes.begun, direction)
        except RuntimeError as error:
            raise ValueError(
                f"what follows layer {layer!r} has no second derivative in torch ({error}); accepted: a variant that "
                "needs the first only, such as 'gradcam'"
            ) from error

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Within the block the model is run: of the weights that were recorded, or StaleRecordingError says so."""
        with self._recording._differentiating():
            yield
            if self._recording.stale:
                raise StaleRecordingError(STALE)


def _second(y: Tensor, place: Tensor | GradientEdge, direction: Tensor) -> Tensor | None:
    """H ``direction`` at a place in the graph of ``y``; None where y is piecewise linear behind it."""
    (g,) = torch.autograd.grad(y, place, create_graph=True)
    if not g.requires_grad:
        return None
    (found,) = torch.autograd.grad(g, place, direction, retain_graph=True, allow_unused=True)
    return found
