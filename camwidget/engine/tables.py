"""The network's scores for each channel of a layer, changed or masked: made once, for every class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .method import Explained, Order, Progress, Returned, Target, value

TABLE_BYTES = 32 * 2**20
"""Tables of the scores of all classes up to this size are kept, so that another class is arithmetic; of larger ones
the values of what was asked.
"""

Variation = tuple[int, int]
"""Image, channel."""

Run = Callable[[Sequence[int]], Returned]
"""What the model returns for an image with each of these channels changed."""


class Table:
    """One row of scores a variation, in a fixed order. Work that was stopped goes on where it ended.

    Args:
        variations: image and channel of each row, image by image.
        targets: what is asked, where the scores of all classes would be too many.
    """

    def __init__(self, variations: Sequence[Variation], targets: tuple[Target, ...] | None) -> None:
        self.variations = variations
        self._targets = targets
        self._chunks: list[Tensor] = []
        self.done = 0

    def next(self, image: int, rows: int = 1) -> Sequence[Variation]:
        """The variations of an image that are missing, up to so many; none where all is done."""
        return [v for v in self.variations[self.done : self.done + rows] if v[0] == image]

    def add(self, returned: Returned) -> None:
        """What the model returned for what ``next`` said."""
        image = self.variations[self.done][0]
        kept = returned.scores.float()
        if self._targets is not None:
            kept = torch.stack([value(target, returned, image).float() for target in self._targets], 1)
        self._chunks.append(kept)
        self.done += len(kept)

    def values(self, target: Target, shape: Sequence[int], absent: float) -> Tensor:
        """The values of a target ``(N, C)``, and ``absent`` where there is no variation."""
        rows = torch.cat(self._chunks) if self._chunks else torch.empty(0)
        self._chunks = [rows]
        made = torch.full(tuple(shape), absent, dtype=torch.float32, device=rows.device)
        for image in range(shape[0]):
            mine = [i for i, (n, _) in enumerate(self.variations) if n == image]
            if mine:
                channels = [self.variations[i][1] for i in mine]
                scores = rows[mine[0] : mine[-1] + 1]
                made[image, channels] = self._of(target, scores, image)
        return made

    def _of(self, target: Target, rows: Tensor, image: int) -> Tensor:
        if self._targets is None:
            return value(target, Returned(None, rows), image)
        return rows[:, self._targets.index(target)]


def table(explained: Explained, order: Order, method: str, variations: Callable[[], Sequence[Variation]]) -> Table:
    """The table of a method at a layer, as far as it is made."""
    n, classes = explained.scores.shape[0], explained.scores[0].numel()
    whole = n * explained.layers[order.layer].channels * classes * 4
    asked = None if whole <= TABLE_BYTES else tuple(order.targets)
    size = n * explained.layers[order.layer].channels * (classes if asked is None else len(asked)) * 4
    return explained.shelf.get((method, order.layer, asked), lambda: Table(variations(), asked), lambda _made: size)


def fill(table: Table, image: int, rows: int, run: Run, explained: Explained, progress: Progress | None) -> None:
    """Run the network on what is missing of an image, chunk by chunk.

    Raises:
        Stopped: what was made by then is kept.
    """
    while True:
        # of several threads each sees what the others have done
        with explained.steady():
            chunk = table.next(image, rows)
            if not chunk:
                return
            table.add(run([channel for _, channel in chunk]))
        if progress is not None:
            progress(table.done, len(table.variations))
