"""Grad-CAM as one writes it by hand: a graph that is kept, ``torch.autograd.grad``, two lines of arithmetic.

What is bare here is what nobody can do without; the bars say how little we add to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge


class ByHand:
    """One forward pass with its graph, and what the layers returned.

    Where an in-place operation overwrites what a layer returned (DenseNet's last norm), ``edges`` still point to the
    place where it was made, and ``activations`` are a copy.
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
        """``torch.autograd.grad`` from one class to one layer, ``(1, C, h, w)``, and nothing else."""
        (found,) = torch.autograd.grad(self.scores[0, target], [self.edges[layer]], retain_graph=True)
        return found

    def gradcam(self, target: int, layer: str) -> Tensor:
        """The signed map ``(1, h, w)``."""
        return gradcam(self.activations[layer], self.gradient(target, layer))


def gradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The signed Grad-CAM map."""
    return (gradients.mean((2, 3), keepdim=True) * activations).sum(1)


def hirescam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The signed HiResCAM map."""
    return (gradients * activations).sum(1)


def layercam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The signed LayerCAM map."""
    return (gradients.clamp(min=0) * activations).sum(1)
