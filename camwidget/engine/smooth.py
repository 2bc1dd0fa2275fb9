"""Smooth Grad-CAM++: Grad-CAM++ with derivatives that are means over noisy copies of the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from .arithmetic import weighted_sum
from .method import Explained, Order, Target, nbytes, value
from .passes import Passes

SAMPLES = 16
"""Noisy copies of each image."""

SIGMA = 0.15
"""Standard deviation of the noise, as a share of the range (maximum - minimum) of the input. SmoothGrad (Smilkov et
al., 2017) advises 0.1 to 0.2.
"""

SEED = 20190803


def smoothgradcam_plus_plus(explained: Explained, order: Order) -> Tensor:
    """Smooth Grad-CAM++ (Omeiza et al., 2019): Grad-CAM++ on smoothed derivatives.

    D_p = mean over SAMPLES noisy inputs of g^p (with Y = exp(score), as in Grad-CAM++), alpha = D_2 / (2 D_2 +
    (sum A) D_3), weight = sum over the grid of alpha * ReLU(D_1); the weights are put on the clean input's A, and sum A
    is of the clean input, too. Where D_2 or the denominator is 0 alpha is 0. Without noise it is Grad-CAM++.

    The noise is normal, its standard deviation SIGMA times the range of the image's own input values. It comes from a
    generator of our own, seeded sample by sample: the same question has the same answer, images of a batch see the same
    noise as alone, and the user's random state is not used.

    Cost: SAMPLES forward passes for each target, in batches, each with a backward pass down to the layer. Unit:
    relative.
    """
    a = explained.activations(order.layer).float()
    total = a.flatten(2).sum(2).reshape(*a.shape[:2], *(1,) * (a.ndim - 2))
    passes: Passes | None = None
    maps = []
    for i, target in enumerate(order.targets):
        known = _sums(explained, order, target)
        if known.done < len(a) * SAMPLES:
            passes = passes or Passes(explained, order.stop, order.layer)
            for done in known.add(passes, explained):
                if order.progress is not None:
                    order.progress(i * len(a) * SAMPLES + done, len(order.targets) * len(a) * SAMPLES)
        maps.append(weighted_sum(known.weights(total), a))
    return torch.stack(maps, 1)


def _sums(explained: Explained, order: Order, target: Target) -> _Sums:
    # cubes of small gradients would vanish: they are counted in units of the clean input's largest
    g = explained.gradient(target, order.layer, stop=order.stop).float()
    unit = g.flatten(1).abs().amax(1)
    unit = torch.where(unit > 0, unit, 1)
    return explained.shelf.get(
        ("smoothgradcam++", order.layer, target),
        lambda: _Sums(order.layer, target, unit, torch.zeros(3, *g.shape, device=g.device)),
        lambda sums: nbytes(sums.powers),
    )


class _Sums:
    """Sums over the samples of g, g^2 and g^3: ``(3, N, C, *grid)``. Work that was stopped goes on where it ended."""

    def __init__(self, layer: str, target: Target, unit: Tensor, powers: Tensor) -> None:
        self.layer, self.target, self._unit, self.powers = layer, target, unit, powers
        self.done = 0

    def add(self, passes: Passes, explained: Explained) -> Iterator[int]:
        """Run what is missing; after each chunk, how many samples of all images are done."""
        total = len(self._unit) * SAMPLES
        while self.done < total:
            # of several threads each sees what the others have done
            with explained.steady():
                image, first = divmod(self.done, SAMPLES)
                samples = range(first, min(first + passes.rows, SAMPLES)) if self.done < total else range(0)
                if samples:
                    self._add_samples(_gradients(passes, explained, image, samples, self), image)
            yield self.done

    def _add_samples(self, gradients: Tensor, image: int) -> None:
        g = gradients / self._unit[image]
        for power in (1, 2, 3):
            self.powers[power - 1, image] += (g**power).sum(0)
        self.done += len(g)

    def weights(self, total: Tensor) -> Tensor:
        """The weights of the channels ``(N, C)``; ``total (N, C, 1...)`` is the sum of each channel."""
        first, second, third = self.powers / SAMPLES
        unit = self._unit.reshape(-1, *(1,) * (first.ndim - 1))
        denominator = 2 * second + total * unit * third
        usable = (second > 0) & (denominator != 0)
        alpha = torch.where(usable, second / torch.where(usable, denominator, 1), 0)
        made: Tensor = (alpha * first.clamp(min=0) * unit).flatten(2).sum(2)
        return made


def _gradients(passes: Passes, explained: Explained, image: int, samples: Sequence[int], sums: _Sums) -> Tensor:
    """g of an image with the noise of these samples, as ``(B, C, *grid)`` float32."""
    x = explained.x[image]
    deviation = SIGMA * (x.amax() - x.amin())
    returned = passes.run(torch.stack([x + deviation * noise(i, x) for i in samples]))
    (g,) = torch.autograd.grad(value(sums.target, returned, image).sum(), [passes.begun])
    return explained.layers[sums.layer].channels_first(g).float()


def noise(sample: int, like: Tensor) -> Tensor:
    """Standard normal numbers, the same for each image and on each device."""
    source = torch.Generator().manual_seed(SEED + sample)
    made = torch.randn(like.shape, generator=source, device="cpu", dtype=torch.float32)
    return made.to(like.device, like.dtype)
