"""Smooth Grad-CAM++: Grad-CAM++ with derivatives that are means over noisy copies of the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from camwidget.engine.targets import Target

from .arithmetic import weighted_sum
from .method import Explained, Order, in_step, nbytes, summed, values
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
    runs = len(a) * SAMPLES
    maps = []
    for i, target in enumerate(order.targets):
        sums = _sums(explained, order, target)
        for done in sums.filled(explained, replace(order, targets=[target])):
            if order.progress is not None:
                order.progress(i * runs + done, len(order.targets) * runs)
        maps.append(weighted_sum(sums.weights(total), a))
    return torch.stack(maps, 1)


def _sums(explained: Explained, order: Order, target: Target) -> _Sums:
    # cubes of small gradients would vanish: they are counted in units of the clean input's largest
    g = explained.gradient(target, order.layer, stop=order.stop).float()
    unit = g.flatten(1).abs().amax(1)
    unit = torch.where(unit > 0, unit, 1)

    def make() -> _Sums:
        return _Sums(target, unit, torch.zeros(3, *g.shape, device=g.device))

    # what a callable says may depend on more than its argument: asked anew each time
    if target.function is not None:
        return make()
    return explained.shelf.get(("smoothgradcam++", order.layer, target), make, lambda sums: nbytes(sums.powers))


class _Sums:
    """Sums over the samples of g, g^2 and g^3: ``(3, N, C, *grid)``. Work that was stopped goes on where it ended."""

    def __init__(self, target: Target, unit: Tensor, powers: Tensor) -> None:
        self._target, self._unit, self.powers = target, unit, powers
        self._done = 0

    def filled(self, explained: Explained, order: Order) -> Iterator[int]:
        """Run what is missing; after each chunk, how many samples of all images are done."""
        n, step = len(self._unit), in_step(explained, order)
        if self._done == n * SAMPLES:
            return
        passes = Passes(explained, order.stop, order.layer)
        while self._done < n * SAMPLES:
            # of several threads each sees what the others have done
            with explained.steady():
                image, sample = (None, self._done // n) if step else divmod(self._done, SAMPLES)
                rows = min(1 if step else passes.rows, SAMPLES - sample)
                if self._done < n * SAMPLES:
                    g = self._gradients(explained, passes, image, range(sample, sample + rows))
                    self._add(image, explained.layers[order.layer].channels_first(g).float())
            yield self._done

    def _gradients(self, explained: Explained, passes: Passes, image: int | None, samples: Sequence[int]) -> Tensor:
        """g with the noise of these samples: of an image, or of each image with that of one sample."""
        x = (
            explained.x
            if image is None
            else explained.x[image : image + 1].expand(len(samples), *explained.x.shape[1:])
        )
        range_ = (x.flatten(1).amax(1) - x.flatten(1).amin(1)).reshape(-1, *(1,) * (x.ndim - 1))
        returned = passes.run(x + SIGMA * range_ * torch.stack([noise(i, x[0]) for i in samples]))
        if image is None:
            y = summed(self._target, returned, explained.returned)
        else:
            with torch.enable_grad():
                y = values(self._target, returned, explained.returned, image).sum()
        return torch.autograd.grad(y, [passes.begun])[0]

    def _add(self, image: int | None, g: Tensor) -> None:
        for power in (1, 2, 3):
            if image is None:
                self.powers[power - 1] += (g / self._spread(self._unit)) ** power
            else:
                self.powers[power - 1, image] += ((g / self._unit[image]) ** power).sum(0)
        self._done += len(g)

    def weights(self, total: Tensor) -> Tensor:
        """The weights of the channels ``(N, C)``; ``total (N, C, 1...)`` is the sum of each channel."""
        first, second, third = self.powers / SAMPLES
        unit = self._spread(self._unit)
        denominator = 2 * second + total * unit * third
        usable = (second > 0) & (denominator != 0)
        alpha = torch.where(usable, second / torch.where(usable, denominator, 1), 0)
        made: Tensor = (alpha * first.clamp(min=0) * unit).flatten(2).sum(2)
        return made

    def _spread(self, each: Tensor) -> Tensor:
        """One number an image as ``(N, 1, 1...)``."""
        return each.reshape(-1, *(1,) * (self.powers.ndim - 2))


def noise(sample: int, like: Tensor) -> Tensor:
    """Standard normal numbers, the same for each image and on each device."""
    source = torch.Generator().manual_seed(SEED + sample)
    made = torch.randn(like.shape, generator=source, device="cpu", dtype=torch.float32)
    return made.to(like.device, like.dtype)
