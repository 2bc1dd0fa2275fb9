"""The network's scores for each channel of a layer, changed or masked: made once, for every class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from camwidget.engine.returned import Returned
from camwidget.engine.scoring import wide
from camwidget.engine.targets import Target

from .method import Explained, Order, Progress, in_step, values

TABLE_BYTES = 32 * 2**20
"""Tables of the scores of all classes up to this size are kept, so that another class is arithmetic; of larger ones
the values of what was asked.
"""

Variation = tuple[int, int]
"""Image, channel."""

Run = Callable[[Sequence[Variation]], Returned]
"""What the model returns for a chunk of variations: of one image, or one of each image of the recording."""


class Table:
    """One row a variation. Work that was stopped goes on where it ended.

    Args:
        changed: ``(N, C)`` booleans: of which images and channels there are variations.
        step: whether each chunk has one variation of each image, see ``in_step``; else it is of one image.
        targets: what is asked, where the scores of all classes would be too many.
    """

    def __init__(self, changed: Tensor, step: bool, targets: tuple[Target, ...] | None) -> None:
        self._shape, self.step, self._targets = changed.shape, step, targets
        n = len(changed)
        if step:
            self.variations = [(i, k) for k in changed.any(0).nonzero()[:, 0].tolist() for i in range(n)]
        else:
            self.variations = [(i, k) for i, k in changed.nonzero().tolist()]
        self._chunks: list[Tensor] = []
        self._index: Tensor | None = None
        self.done = 0

    def next(self, rows: int, image: int | None = None) -> Sequence[Variation]:
        """The next chunk, of at most so many rows, and of one image where that is asked; empty where all is done."""
        chunk = self.variations[self.done : self.done + (self._shape[0] if self.step else rows)]
        return chunk if self.step or image is None else [v for v in chunk if v[0] == image]

    def add(self, returned: Returned, recorded: Returned) -> None:
        """What the model returned for the next chunk."""
        image = None if self.step else self.variations[self.done][0]
        kept = returned.scores.detach()
        if self._targets is not None:
            kept = torch.stack([values(target, returned, recorded, image) for target in self._targets], 1)
        elif torch.finfo(kept.dtype).bits < 32:
            kept = kept.float()
        self._chunks.append(kept)
        self.done += len(kept)

    def values(self, target: Target, recorded: Returned, absent: float) -> Tensor:
        """The values of a target ``(N, C)``, float64 where the device has it, and ``absent`` where there is no
        variation.
        """
        device = recorded.scores.device
        made = wide(torch.full(self._shape, absent, device=device))
        if not self._chunks:
            return made
        self._chunks = [torch.cat(self._chunks)]
        if self._index is None:
            self._index = torch.tensor(self.variations, device=device).T
        images, channels = self._index
        for image in range(self._shape[0]):
            mine = images == image
            rows = self._chunks[0][mine]
            if self._targets is None:
                found = values(target, Returned(None, rows), recorded, image)
            else:
                found = rows[:, self._targets.index(target)]
            made[image, channels[mine]] = found.to(made.dtype)
        return made


def table(explained: Explained, order: Order, method: str, changed: Tensor) -> Table:
    """The table of a method at a layer, as far as it is made. ``changed``: see ``Table``."""
    step, scores = in_step(explained, order), explained.returned.scores
    # what a callable says may depend on more than its argument: asked anew each time, and of nothing but the output
    called = any(target.function is not None for target in order.targets)
    whole = changed.numel() * scores[0].numel() * 4
    asked = tuple(order.targets) if called or explained.returned.grid or whole > TABLE_BYTES else None
    if called:
        return Table(changed, step, asked)
    size = whole if asked is None else changed.numel() * len(asked) * 4
    return explained.shelf.get((method, order.layer, asked), lambda: Table(changed, step, asked), lambda _made: size)


def fill(
    table: Table, rows: int, run: Run, explained: Explained, progress: Progress | None, image: int | None = None
) -> None:
    """Run the network on what is missing (of an image), chunk by chunk.

    Raises:
        Stopped: what was made by then is kept.
    """
    while True:
        # of several threads each sees what the others have done
        with explained.steady():
            chunk = table.next(rows, image)
            if not chunk:
                return
            table.add(run(chunk), explained.returned)
        if progress is not None:
            progress(table.done, len(table.variations))
