"""Small networks of many forms for the methods that run the network again, and plain loops to compare with."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Residual(nn.Module):
    """One rectifier for all, in place, and an identity that stands beside the block."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv3 = nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.conv1(x)))
        out = self.conv3(self.relu(self.conv2(x)))
        out += x
        return self.fc(self.relu(out).mean((2, 3)))


class Dense(nn.Module):
    """Features are concatenated: a batch of one beside a batch of many is an error."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(6, 7, 3, padding=1)
        self.conv3 = nn.Conv2d(13, 9, 3, padding=1)
        self.fc = nn.Linear(9, classes)

    def forward(self, x: Tensor) -> Tensor:
        first = F.relu(self.conv1(x))
        second = torch.cat([first, F.relu(self.conv2(first))], 1)
        return self.fc(F.relu(self.conv3(second)).flatten(2).amax(2))


class Silent(nn.Module):
    """What comes in is mixed over the batch by a view, which raises nothing."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1)
        self.fc = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        n = len(x)
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        pooled = x.flatten(2).mean(2).reshape(n, -1, 6).mean(1)
        return self.fc(pooled).repeat(len(x) // n, 1)


class Overwriting(nn.Module):
    """A rectifier is called for what it does to its argument, and what it returns is not used."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1)
        self.fc = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        self.relu(x)
        return self.fc(F.relu(self.conv2(x) + x).mean((2, 3)))


class LastAxis(nn.Module):
    """Channels come last at the layer ``norm``, as in Swin."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 7, 3, stride=4)
        self.norm = nn.LayerNorm(7)
        self.mlp = nn.Linear(7, 7)
        self.fc = nn.Linear(7, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x).movedim(1, -1))
        return self.fc((x + F.gelu(self.mlp(x))).mean((1, 2)))


class Signal(nn.Module):
    def __init__(self, dimensions: int, classes: int = 5) -> None:
        super().__init__()
        conv = {1: nn.Conv1d, 3: nn.Conv3d}[dimensions]
        self.conv1 = conv(2, 6, 3, stride=2, padding=1)
        self.conv2 = conv(6, 6, 3, padding=1)
        self.fc = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        return self.fc((x + F.relu(self.conv2(x))).flatten(2).mean(2))


class Tokens(nn.Module):
    """A small vision transformer: a class token stands before the grid, and is all that the head sees."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.norm1, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.qkv, self.mlp = nn.Linear(8, 24), nn.Linear(8, 8)
        self.fc = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        q, k, v = self.qkv(self.norm1(x)).reshape(len(x), x.shape[1], 3, 2, 4).permute(2, 0, 3, 1, 4)
        x = x + F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        return self.fc(F.gelu(self.mlp(self.norm2(x)))[:, 0])


CASES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], str]] = {
    # name: the network, the shape of its input, a layer
    "residual, in the block": (Residual, (2, 3, 16, 16), "conv2"),
    "residual, behind the block": (Residual, (2, 3, 16, 16), "conv3"),
    "dense": (Dense, (2, 3, 16, 16), "conv2"),
    "dense, behind": (Dense, (2, 3, 16, 16), "conv3"),
    "mixed by a view": (Silent, (2, 3, 16, 16), "conv1"),
    "called for its side effect": (Overwriting, (2, 3, 16, 16), "conv2"),
    "channels last": (LastAxis, (2, 3, 18, 22), "norm"),
    "tokens": (Tokens, (2, 3, 16, 24), "norm1"),
    "1-D": (lambda: Signal(1), (2, 2, 40), "conv1"),
    "3-D": (lambda: Signal(3), (2, 2, 8, 6, 8), "conv1"),
}


def read(case: str, output: Tensor) -> Tensor:
    """View what the layer returned as ``(N, C, *grid)``."""
    if case == "tokens":
        return output[:, 1:].transpose(1, 2).unflatten(2, (4, 6))
    return output.movedim(-1, 1) if case == "channels last" else output


def made(case: str) -> tuple[nn.Module, Tensor, str]:
    build, shape, layer = CASES[case]
    torch.manual_seed(3)
    return build().eval(), torch.randn(shape), layer


def replaced(model: nn.Module, x: Tensor, layer: str, change: Callable[[Tensor], Tensor]) -> Tensor:
    """The scores of a plain run in which the layer returns something else."""
    handle = model.get_submodule(layer).register_forward_hook(lambda _m, _a, out: change(out.clone()))
    try:
        with torch.no_grad():
            return model(x)
    finally:
        handle.remove()


def relative_error(found: Tensor, expected: Tensor) -> float:
    """Largest difference, as a share of the largest value."""
    assert found.shape == expected.shape
    scale = float(expected.abs().max())
    assert scale > 0
    return float((found - expected).abs().max()) / scale
