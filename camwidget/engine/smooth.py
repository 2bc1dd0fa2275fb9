"""Smooth Grad-CAM++: Grad-CAM++ with derivatives that are means over noisy copies of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .arithmetic import weighted_sum
from .layers import LayerInfo, channels_first
from .method import Explained, Order, Target, nbytes, value
from .preempt import Stop, check
from .suffix import chunk_rows, own_modules

SAMPLES = 16
"""Noisy copies of each image."""

SIGMA = 0.15
"""Standard deviation of the noise, as a share of the range (maximum - minimum) of the input: Smilkov et al. (SmoothGrad,
2017) advise 0.1 to 0.2.
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
    run: _Noisy | None = None
    maps = []
    for i, target in enumerate(order.targets):
        known = _sums(explained, order, target)
        if known.done < len(a) * SAMPLES:
            run = run or _Noisy(explained, order.layer, order.stop)
            for done in known.add(run, explained):
                if order.progress is not None:
                    order.progress(i * len(a) * SAMPLES + done, len(order.targets) * len(a) * SAMPLES)
        maps.append(weighted_sum(known.weights(total), a))
    return torch.stack(maps, 1)


def _sums(explained: Explained, order: Order, target: Target) -> _Sums:
    # cubes of small gradients would vanish: they are counted in units of the clean input's largest
    g = explained.gradient(target, order.layer, stop=order.stop).float()
    unit = g.flatten(1).abs().amax(1)
    unit = torch.where(unit > 0, unit, 1)
    made = explained.shelf.get(
        ("smoothgradcam++", order.layer, target),
        lambda: _Sums(target, unit, torch.zeros(3, *g.shape, device=g.device)),
        lambda sums: nbytes(sums.powers),
    )
    return made


class _Sums:
    """Sums over the samples of g, g^2 and g^3: ``(3, N, C, *grid)``. Work that was stopped goes on where it ended."""

    def __init__(self, target: Target, unit: Tensor, powers: Tensor) -> None:
        self._target, self._unit, self.powers = target, unit, powers
        self.done = 0

    def add(self, run: _Noisy, explained: Explained) -> Any:
        """Run what is missing; after each chunk, how many samples of all images are done."""
        while self.done < len(self._unit) * SAMPLES:
            image, first = divmod(self.done, SAMPLES)
            samples = range(first, min(first + run.rows, SAMPLES))
            with explained.steady():
                g = run.gradients(image, samples, self._target) / self._unit[image]
            for power in (1, 2, 3):
                self.powers[power - 1, image] += (g**power).sum(0)
            self.done += len(samples)
            yield self.done

    def weights(self, total: Tensor) -> Tensor:
        """The weights of the channels ``(N, C)``; ``total (N, C, 1...)`` is the sum of each channel."""
        first, second, third = self.powers / SAMPLES
        unit = self._unit.reshape(-1, *(1,) * (first.ndim - 1))
        denominator = 2 * second + total * unit * third
        usable = (second > 0) & (denominator != 0)
        alpha = torch.where(usable, second / torch.where(usable, denominator, 1), 0)
        return (alpha * first.clamp(min=0) * unit).flatten(2).sum(2)


class _Noisy:
    """Gradients of noisy inputs at a layer; what lies before it runs without a graph."""

    def __init__(self, explained: Explained, layer: str, stop: Stop | None) -> None:
        self._network, self._x, self._stop = explained.network, explained.x, stop
        self._info: LayerInfo = explained.layers[layer]
        self._model = self._network.copy()
        self._begun: Tensor | None = None
        self._bytes = 0
        self._model.get_submodule(layer).register_forward_hook(self._begin)
        handles = [m.register_forward_hook(self._weigh) for m in own_modules(self._model)]
        with explained.steady():
            self._network.score(self._model, self._x[:1], 1)
        for handle in handles:
            handle.remove()
        for module in own_modules(self._model):
            if not any(True for _ in module.children()):
                module.register_forward_pre_hook(lambda _module, _args: check(stop))
        self.rows = chunk_rows(self._bytes, self._x.device)

    def _weigh(self, module: nn.Module, _args: object, output: object) -> None:
        if isinstance(output, Tensor) and not any(True for _ in module.children()):
            self._bytes += nbytes(output)

    def _begin(self, _module: nn.Module, _args: object, output: Tensor) -> Tensor:
        torch.set_grad_enabled(True)
        self._begun = output.detach().requires_grad_()
        # a copy, since an in-place operation must not reach where the graph begins
        return self._begun.clone()

    def gradients(self, image: int, samples: Sequence[int], target: Target) -> Tensor:
        """g of an image with the noise of these samples, as ``(B, C, *grid)`` float32."""
        check(self._stop)
        x = self._x[image]
        deviation = SIGMA * (x.amax() - x.amin())
        noisy = torch.stack([x + deviation * noise(i, x) for i in samples])
        scores = self._network.score(self._model, noisy, len(samples))
        check(self._stop)
        if self._begun is None:
            raise ValueError("the layer did not run when the model was run again: its control flow changes")
        explained = value(target, scores, image).sum()
        (g,) = torch.autograd.grad(explained, [self._begun])
        self._begun = None
        return channels_first(g, self._info.kind).float()


def noise(sample: int, like: Tensor) -> Tensor:
    """Standard normal numbers, the same for each image and on each device."""
    source = torch.Generator().manual_seed(SEED + sample)
    made = torch.randn(like.shape, generator=source, device="cpu", dtype=torch.float32)
    return made.to(like.device, like.dtype)
