"""Grad-CAM as one writes it by hand: a graph that is kept, ``torch.autograd.grad``, two lines of arithmetic.

What is bare here is what nobody can do without; the bars say how little we add to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

TOKENS = 3
"""Dimensions of what a layer between two blocks of a transformer returns."""


class ByHand:
    """One forward pass with its graph, and what the layers returned.

    Where an in-place operation overwrites what a layer returned (DenseNet's last norm), ``edges`` still point to the
    place where it was made, and ``activations`` are a copy. Maps are made of what ``on_grid`` makes of both.
    """

    def __init__(self, model: nn.Module, x: Tensor, layers: Sequence[str]) -> None:
        self.activations: dict[str, Tensor] = {}
        self.edges: dict[str, GradientEdge] = {}
        self.after: dict[str, Tensor] = {}
        """What stands in the layer's output after the forward pass, in-place operations included."""
        handles = [model.get_submodule(name).register_forward_hook(self._see(name)) for name in layers]
        self.scores: Tensor = model(x)
        for handle in handles:
            handle.remove()
        for name, output in self.after.items():
            if torch.equal(output, self.activations[name]):
                self.activations[name] = output.detach()

    def _see(self, name: str) -> Any:
        def hook(_module: nn.Module, _args: Any, output: Tensor) -> None:
            self.edges[name] = get_gradient_edge(output)
            self.after[name], self.activations[name] = output, output.detach().clone()

        return hook

    def gradient(self, target: int, layer: str) -> Tensor:
        """``torch.autograd.grad`` from one class to one layer, in the form of its output, and nothing else."""
        (found,) = torch.autograd.grad(self.scores[0, target], [self.edges[layer]], retain_graph=True)
        return found

    def gradcam(self, target: int, layer: str) -> Tensor:
        """The signed map ``(1, h, w)``."""
        return gradcam(on_grid(self.activations[layer]), on_grid(self.gradient(target, layer)))


def on_grid(output: Tensor) -> Tensor:
    """``(1, C, h, w)`` as it is, and of the tokens ``(1, T, C)`` of a square picture those that stand for a patch:
    the last h * w of them, behind the class token.
    """
    if output.ndim != TOKENS:
        return output
    side = math.isqrt(output.shape[1])
    return output[:, -side * side :].unflatten(1, (side, side)).movedim(-1, 1)


def gradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The signed Grad-CAM map."""
    return (gradients.mean((2, 3), keepdim=True) * activations).sum(1)


def hirescam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The signed HiResCAM map."""
    return (gradients * activations).sum(1)


def layercam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The signed LayerCAM map."""
    return (gradients.clamp(min=0) * activations).sum(1)
