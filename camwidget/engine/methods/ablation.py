"""Ablation-CAM: what the score loses when a channel is switched off."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from camwidget.engine.layers import LayerInfo
from camwidget.engine.returned import Returned

from .arithmetic import weighted_sum
from .method import Explained, Order
from .suffix import Put, Suffix
from .tables import Table, Variation, fill, table


def ablationcam(explained: Explained, order: Order) -> Tensor:
    """Ablation-CAM (Desai and Ramaswamy, WACV 2020): weight = (y - y_k) / |y|, with y_k the score when A_k := 0.

    The paper divides by y, so that for a class with a negative score every weight, and with it the map, would change
    its sign; by |y| a channel that speaks for the class weighs positively whatever its score. Where y is 0 the
    differences are not divided. A_k is 0 on the grid; tokens before the grid, such as the class token, stay.

    Cost: the layers before this one run once an image, those behind it once a channel, in batches (see ``suffix.py``);
    all classes come from the same runs. Unit: relative.
    """
    a = explained.activations(order.layer).float()
    n, channels = a.shape[:2]
    # the last of each image has nothing switched off: y by the very runs that give y_k, since a rounding that all
    # channels shared would add up
    made = table(explained, order, "ablationcam", torch.ones(n, channels + 1, dtype=torch.bool))
    for image in [None] if made.step else range(n):
        if made.next(1, image):
            _ablate(explained, order, made, image)
    maps = []
    for target in order.targets:
        scores = made.values(target, explained.returned, absent=0)
        y = scores[:, -1:]
        weights = (y - scores[:, :-1]) / torch.where(y != 0, y.abs(), 1)
        maps.append(weighted_sum(weights.float(), a))
    return torch.stack(maps, 1)


def _ablate(explained: Explained, order: Order, made: Table, image: int | None) -> None:
    """Run what follows the layer with each channel that is missing switched off: of an image, or of all in step."""
    info, x = explained.layers[order.layer], explained.x if image is None else explained.x[image : image + 1]
    known = explained.shelf.get(("shares", order.layer, made.step), dict[str, bool], lambda _known: 0)
    with explained.steady():
        suffix = Suffix(explained.network, x, order.layer, order.stop, made.step, known.get("shares"))
    known["shares"] = suffix.shares

    def run(chunk: Sequence[Variation]) -> Returned:
        return suffix.run(without([channel for _, channel in chunk], info), len(chunk))

    fill(made, suffix.rows, run, explained, order.progress, image)


def without(channels: Sequence[int], info: LayerInfo) -> Put:
    """Of a layer's output of one image a batch, one for each of these channels, which is 0 there; or of an output of so
    many images the same, each without its own channel. A number behind the last channel leaves it as it is.
    """

    def put(output: Tensor) -> Tensor:
        batch = output.expand(len(channels), *output.shape[1:]).clone()
        rows = torch.arange(len(channels), device=output.device)
        chosen = torch.tensor(channels, device=output.device)
        off = chosen < info.channels
        # read as channels on a grid, which is a view: written to where the layer has it
        info.channels_first(batch)[rows[off], chosen[off]] = 0
        return batch

    return put
