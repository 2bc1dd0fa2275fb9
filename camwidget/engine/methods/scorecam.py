"""Score-CAM: what the network says of the parts of the picture that each channel lets through."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from camwidget.engine.returned import Returned
from camwidget.engine.upsample import upsample

from .arithmetic import weighted_sum
from .method import Explained, Order
from .passes import Passes
from .tables import Run, Variation, fill, table


def scorecam(explained: Explained, order: Order) -> Tensor:
    """Score-CAM (Wang et al., CVPR workshops 2020): weight = softmax over the channels of the score of x * H_k.

    H_k is A_k stretched to the input (bilinear, ``align_corners=False``) and brought to 0..1 by its own minimum and
    maximum; x is the input as the network gets it, so 0 is the mean colour. The paper takes the increase over a
    baseline input; the softmax over channels cancels it. A constant channel (a dead one, say) has no mask: it is left
    out of the softmax, weighs 0 and costs no run. Without any other channel the map is 0.

    The authors' code differs from their paper: it uses the class's softmax probability and no softmax over channels,
    and sums stretched maps. Here, as in the paper, the score before softmax is used.

    Cost: the whole network once a channel that is not constant, in batches; all classes come from the same runs. Unit:
    relative (the weights are positive and sum to 1).
    """
    a = explained.activations(order.layer).float()
    flat = a.flatten(2)
    masked = flat.amax(2) > flat.amin(2)
    made = table(explained, order, "scorecam", masked)
    if made.next(1):
        passes = Passes(explained, order.stop)
        for image in [None] if made.step else range(len(a)):
            fill(made, passes.rows, _masked(passes, a, explained.x), explained, order.progress, image)
    maps = []
    for target in order.targets:
        scores = made.values(target, explained.returned, absent=-torch.inf)
        scores = torch.where(masked, scores, -torch.inf)
        # an image without any mask would give 0 / 0
        weights = torch.where(masked.any(1, keepdim=True), scores.softmax(1), 0)
        maps.append(weighted_sum(weights.float(), a))
    return torch.stack(maps, 1)


def masks(channels: Tensor, size: Sequence[int]) -> Tensor:
    """Channels ``(B, *grid)`` as masks ``(B, *size)`` from 0 to 1; of a constant one 0."""
    large = upsample(channels, size, "bilinear")
    flat = large.flatten(1)
    low, high = (t.reshape(-1, *(1,) * len(size)) for t in (flat.amin(1), flat.amax(1)))
    return (large - low) / torch.where(high > low, high - low, 1)


def _masked(passes: Passes, activations: Tensor, x: Tensor) -> Run:
    """The model on images ``x (N, C, *spatial)`` behind the masks of their activations ``(N, C', *grid)``."""

    def run(chunk: Sequence[Variation]) -> Returned:
        images, channels = torch.tensor(chunk, device=x.device).T
        seen = masks(activations[images, channels], x.shape[2:]).to(x.dtype)
        return passes.run(x[images] * seen[:, None])

    return run
