"""Networks made by hand, small and of kinds that the two libraries do not have. ``make test`` tries them, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tests.sweep.checks import Network


class Signal(nn.Module):
    """Unpadded convolutions along a signal ``(N, 4, L)``, pooled."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(4, 16, 5, stride=2), nn.BatchNorm1d(16), nn.ReLU(inplace=True),
            nn.Conv1d(16, 24, 5, stride=2), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(24, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).mean(2))


class Block(nn.Module):
    """Attention and a small network, each after its norm; returns a tuple, as blocks that hand out attention do."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layernorm_before, self.layernorm_after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.layernorm_before(x)
        attention = (self.query(y) @ self.key(y).transpose(1, 2) / y.shape[-1] ** 0.5).softmax(-1)
        x = x + attention @ self.value(y)
        return x + self.mlp(self.layernorm_after(x)), attention


class Transformer(nn.Module):
    """A vision transformer in the manner of Hugging Face: tuples between blocks, a dict at the end.

    Args:
        patch: its size, a side each of the input's; given as a number of axes by its length.
        before: class token and registers. pooled: the mean of all tokens instead of the class token.
        convolved: patches by a convolution; else cut out by hand.
    """

    def __init__(
        self, patch: Sequence[int], before: int = 1, pooled: bool = False, convolved: bool = True, classes: int = 5
    ) -> None:
        super().__init__()
        axes, width = len(patch), 36
        self.patch, self.pooled = tuple(patch), pooled
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
        self.projection: nn.Module = (
            conv(3, width, self.patch, self.patch) if convolved else nn.Linear(3 * torch.Size(patch).numel(), width)
        )
        self.before = nn.Parameter(torch.randn(1, before, width)) if before else None
        self.layer = nn.ModuleList([Block(width) for _ in range(4)])
        self.layernorm, self.classifier = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> dict[str, Any]:
        if isinstance(self.projection, nn.Linear):
            high, wide = self.patch
            x = x.unflatten(3, (-1, wide)).unflatten(2, (-1, high)).permute(0, 2, 4, 1, 3, 5)
            x = self.projection(x.flatten(3).flatten(1, 2))
        else:
            x = self.projection(x).flatten(2).transpose(1, 2)
        if self.before is not None:
            x = torch.cat([self.before.expand(len(x), -1, -1), x], 1)
        for layer in self.layer:
            x = layer(x)[0]
        x = self.layernorm(x)
        return {"logits": self.classifier(x.mean(1) if self.pooled else x[:, 0])}


class Mixer(nn.Module):
    """An MLP-Mixer with as many channels as patches, so that shapes alone do not tell one from the other."""

    def __init__(self, cells: int = 24, classes: int = 5) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, cells, 8, 8)
        self.norms = nn.ModuleList([nn.LayerNorm(cells) for _ in range(6)])
        self.mixers = nn.ModuleList(
            [nn.Sequential(nn.Linear(cells, 2 * cells), nn.GELU(), nn.Linear(2 * cells, cells)) for _ in range(6)]
        )
        self.norm, self.head = nn.LayerNorm(cells), nn.Linear(cells, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2).transpose(1, 2)
        for i in range(0, 6, 2):
            x = x + self.mixers[i](self.norms[i](x).transpose(1, 2)).transpose(1, 2)
            x = x + self.mixers[i + 1](self.norms[i + 1](x))
        return self.head(self.norm(x).mean(1))


def every() -> Iterator[Network]:
    """All of these."""
    yield Network("1-D convolutions", "by hand", Signal, (200,), (47,), channels=4, batch=2)
    yield Network("1-D transformer", "by hand", lambda: Transformer((8,)), (256,), (32,), batch=2)
    yield Network("2-D transformer, class token", "by hand", lambda: Transformer((8, 8)), (32, 48), (4, 6), batch=2)
    yield Network("… and 4 registers", "by hand", lambda: Transformer((8, 8), before=5), (48, 32), (6, 4))
    yield Network("… pooled", "by hand", lambda: Transformer((8, 8), pooled=True), (32, 48), (4, 6), batch=2)
    yield Network(
        "… patches cut by hand", "by hand", lambda: Transformer((8, 8), convolved=False), (32, 64), (4, 8), batch=2
    )
    yield Network("3-D transformer", "by hand", lambda: Transformer((2, 8, 8)), (4, 32, 48), (2, 4, 6), batch=2)
    yield Network("MLP-Mixer, 24 channels", "by hand", Mixer, (32, 48), (4, 6), batch=2)
