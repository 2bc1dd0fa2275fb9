"""The other libraries, each asked as its users ask it, and what each is known to draw.

A call of ``ask`` is what their users run for another class, layer or method on the same image: none of them keeps what
the image's forward pass has shown, so each call makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
import torchcam.methods as torchcam
from captum.attr import LayerGradCam, LayerGradientXActivation
from pytorch_grad_cam import GradCAM, HiResCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from tests.benchmarks import by_hand
from tests.benchmarks.by_hand import ByHand, on_grid

Ask = Callable[[int], Tensor]
"""From a class to a map."""


@dataclass(frozen=True)
class Peer:
    """One library.

    Attributes:
        package: its name on PyPI.
        gradcam: ``(model, layer, x)`` -> ask, by Grad-CAM. other: the same by another method of the library's.
        method: which method ``other`` is, as its formula ``(activations, gradients) -> signed map``.
        shown: from the signed map to what the library returns for it, before any scaling that depends on the map.
        overwritten: what it draws of a layer whose output is overwritten in place: see ``values``.
        tokens: whether it can be told how tokens lie on the picture.
    """

    name: str
    package: str
    gradcam: Callable[[nn.Module, str, Tensor], Ask]
    other: Callable[[nn.Module, str, Tensor], Ask]
    method: Callable[[Tensor, Tensor], Tensor]
    shown: Callable[[Tensor, Tensor], Tensor]
    overwritten: str
    tokens: bool = False

    def must_read(self, hand: ByHand, layer: str) -> None:
        """Skips the test where this library has no map of the layer."""
        if hand.activations[layer].ndim == by_hand.TOKENS and not self.tokens:
            pytest.skip(f"{self.name} draws no map of a layer of tokens")

    def values(self, hand: ByHand, target: int, layer: str) -> tuple[Tensor, Tensor]:
        """Activations and gradients, in the form of the layer's output, of which this library draws its map.

        Where a later in-place ReLU overwrites the layer's output, one sees the layer as it returned ("before"), one
        the ReLU's output in its place ("after"), and one the activations after it with the gradients before it
        ("mixed"), which is the Grad-CAM of no layer.
        """
        before = hand.activations[layer], hand.gradient(target, layer)
        if self.overwritten == "before" or torch.equal(hand.after[layer], hand.activations[layer]):
            return before
        if self.overwritten == "mixed":
            return hand.after[layer].detach(), before[1]
        (after,) = torch.autograd.grad(hand.scores[0, target], hand.after[layer], retain_graph=True)
        return hand.after[layer].detach(), after

    def note(self, hand: ByHand, layer: str) -> str | None:
        """What must be said beside this library's figure at this layer."""
        if torch.equal(hand.after[layer], hand.activations[layer]):
            return None
        return NOTES[self.overwritten]


NOTES = {
    "before": None,
    "after": "its map is that of the ReLU that overwrites the layer's output in place: right, but of another layer",
    "mixed": "its map is wrong here: activations after the in-place ReLU with gradients before it",
}


def _captum(kind: type[LayerGradCam | LayerGradientXActivation]) -> Callable[[nn.Module, str, Tensor], Ask]:
    def prepare(model: nn.Module, layer: str, x: Tensor) -> Ask:
        peer = kind(model, model.get_submodule(layer))
        # LayerGradientXActivation leaves the sum over channels, which makes it HiResCAM, to the caller
        return lambda target: peer.attribute(x, target).sum(1)

    return prepare


def _pytorch_grad_cam(kind: type[GradCAM]) -> Callable[[nn.Module, str, Tensor], Ask]:
    def prepare(model: nn.Module, layer: str, x: Tensor) -> Ask:
        def ask(target: int) -> Tensor:
            with kind(model=model, target_layers=[model.get_submodule(layer)], reshape_transform=on_grid) as peer:
                return torch.from_numpy(peer(input_tensor=x, targets=[ClassifierOutputTarget(target)]))

        return ask

    return prepare


def _torchcam(kind: type[torchcam.GradCAM | torchcam.LayerCAM]) -> Callable[[nn.Module, str, Tensor], Ask]:
    def prepare(model: nn.Module, layer: str, x: Tensor) -> Ask:
        def ask(target: int) -> Tensor:
            with kind(model, layer) as peer:
                return peer(target, model(x))[0]

        return ask

    return prepare


def _as_it_is(signed: Tensor, _x: Tensor) -> Tensor:
    return signed


def _unit(signed: Tensor, epsilon: float) -> Tensor:
    least = signed - signed.amin()
    return least / (least.amax() + epsilon)


def _enlarged(signed: Tensor, x: Tensor) -> Tensor:
    """pytorch-grad-cam scales to [0, 1] before and after enlarging to the size of the input."""
    small = _unit(signed.relu(), 1e-7)
    return _unit(torch.nn.functional.interpolate(small[None], x.shape[2:], mode="bilinear")[0], 1e-7)


PEERS = (
    Peer(
        name="captum",
        package="captum",
        gradcam=_captum(LayerGradCam),
        other=_captum(LayerGradientXActivation),
        method=by_hand.hirescam,
        shown=_as_it_is,
        overwritten="before",
    ),
    Peer(
        name="pytorch-grad-cam",
        package="grad-cam",
        gradcam=_pytorch_grad_cam(GradCAM),
        other=_pytorch_grad_cam(HiResCAM),
        method=by_hand.hirescam,
        shown=_enlarged,
        overwritten="mixed",
        tokens=True,
    ),
    Peer(
        name="torchcam",
        package="torchcam",
        gradcam=_torchcam(torchcam.GradCAM),
        other=_torchcam(torchcam.LayerCAM),
        method=by_hand.layercam,
        shown=lambda signed, _x: _unit(signed.relu(), 1e-8),
        overwritten="after",
    ),
)
