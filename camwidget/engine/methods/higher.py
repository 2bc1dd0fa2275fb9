"""The methods that go further than the gradient at one layer: second derivatives, and the way down to the input."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from camwidget.engine.preempt import check
from camwidget.engine.upsample import upsample

from .arithmetic import gradcam
from .method import Explained, Order


def shapleycam(explained: Explained, order: Order) -> Tensor:
    """ShapleyCAM (Cai, 2025): weight = mean over the grid of g - H A / 2, with H = d2 y / dA2.

    The Shapley values of the cells, when the score is taken for its Taylor polynomial of the second degree around A.
    H A is made by a second backward pass through the recorded graph. Where the network behind the layer is piecewise
    linear (rectifiers, pooling, linear layers) H is 0 and the map is that of Grad-CAM.

    Cost: two backward passes a target. Operations without a second derivative, such as fused attention, are run once
    more from the layer on in their plain form. Unit: score.
    """
    a = explained.activations(order.layer).float()
    maps = []
    for target in order.targets:
        check(order.stop)
        g = explained.gradient(target, order.layer, stop=order.stop).float()
        bent = explained.curvature(target, order.layer, a)
        maps.append(gradcam(a, g if bent is None else g - bent.float() / 2))
    return torch.stack(maps, 1)


def guided_gradcam(explained: Explained, order: Order) -> Tensor:
    """Guided Grad-CAM (Selvaraju et al., ICCV 2017, section 3.2): guided backpropagation to the input times Grad-CAM.

    The Grad-CAM map, after its ReLU, is stretched to the input (bilinear, ``align_corners=False``) and multiplies the
    guided gradient of each input channel; the map is the sum over the input channels, ``(N, *spatial)``, and has no
    ReLU of its own. Input channels of unlike signs may cancel.

    Cost: one backward pass to the layer and one to the input. Unit: relative.

    Raises:
        ValueError: the recording has no graph down to the input (see ``Recording.left_out``).
    """
    a = explained.activations(order.layer).float()
    maps = []
    for target in order.targets:
        guided = explained.input_gradient(target, "guided", order.stop).float().sum(1)
        g = explained.gradient(target, order.layer, stop=order.stop).float()
        maps.append(guided * stretched(gradcam(a, g).clamp(min=0), guided.shape[1:]))
    return torch.stack(maps, 1)


def stretched(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Maps ``(N, *grid)`` at the size of the input."""
    return upsample(maps, size, "bilinear")
