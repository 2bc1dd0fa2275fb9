"""Score-CAM: what the network says of the parts of the picture that each channel lets through."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .arithmetic import weighted_sum
from .method import Explained, Order, nbytes
from .preempt import Stop, check
from .suffix import chunk_rows, own_modules
from .tables import Run, Variation, fill, table
from .upsample import upsample


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
    n, channels = a.shape[:2]
    flat = a.flatten(2)
    low, high = flat.amin(2), flat.amax(2)

    def variations() -> list[Variation]:
        return [(int(i), int(k)) for i, k in torch.nonzero(high > low).tolist()]

    made = table(explained, order, "scorecam", variations)
    runner: _Runner | None = None
    for image in range(n):
        if made.next(image):
            runner = runner or _Runner(explained, order.stop)
            fill(made, image, runner.rows, runner.masked(a[image], explained.x[image]), explained, order.progress)
    maps = []
    for target in order.targets:
        scores = made.values(target, (n, channels), absent=-torch.inf).to(a.device)
        # an image without any mask would give 0 / 0
        weights = torch.where((high > low).any(1, keepdim=True), scores.softmax(1), 0)
        maps.append(weighted_sum(weights, a))
    return torch.stack(maps, 1)


def masks(channels: Tensor, size: Sequence[int]) -> Tensor:
    """Channels ``(B, *grid)``, none of them constant, as masks ``(B, *size)`` from 0 to 1."""
    large = upsample(channels, size, "bilinear")
    flat = large.flatten(1)
    low, high = (t.reshape(-1, *(1,) * len(size)) for t in (flat.amin(1), flat.amax(1)))
    return (large - low) / torch.where(high > low, high - low, 1)


class _Runner:
    """The whole network, in chunks that the device has room for."""

    def __init__(self, explained: Explained, stop: Stop | None) -> None:
        self._network, self._stop = explained.network, stop
        self._model = self._network.copy()
        self._bytes = 0
        handles = [m.register_forward_hook(self._weigh) for m in own_modules(self._model)]
        with explained.steady():
            self._network.score(self._model, explained.x[:1], 1)
        for handle in handles:
            handle.remove()
        for module in own_modules(self._model):
            if not any(True for _ in module.children()):
                module.register_forward_pre_hook(lambda _module, _args: check(stop))
        self.rows = chunk_rows(self._bytes, explained.x.device)

    def _weigh(self, module: nn.Module, _args: object, output: object) -> None:
        if isinstance(output, Tensor) and not any(True for _ in module.children()):
            self._bytes += nbytes(output)

    def masked(self, activations: Tensor, x: Tensor) -> Run:
        """The scores of one image ``x (C, *spatial)`` behind the masks of its activations ``(C', *grid)``."""

        def run(channels: Sequence[int]) -> Tensor:
            check(self._stop)
            seen = masks(activations[list(channels)], x.shape[1:]).to(x.dtype)
            scores = self._network.score(self._model, x * seen[:, None], len(channels))
            check(self._stop)
            return scores

        return run
