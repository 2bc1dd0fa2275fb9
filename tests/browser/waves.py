"""A signal and a volume of which everything is known, and the networks for them. The kernel imports it.

The signal is silence with one burst of a fast tone and one of a slow tone; a class for each, and one for neither. The
volume is dark with two blobs of light that have their own place and depth; a class for each of the halves of its depth.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

RATE = 200.0
SECONDS = 8
FAST, SLOW = (40.0, 2.0), (10.0, 5.5)  # Hz, and the second at whose middle the burst is
NOTES = ("fast", "slow", "neither")

DEPTH, HEIGHT, WIDTH = 16, 48, 64
NEAR, FAR = (11, 14, 45), (4, 33, 20)  # slice, row and column of the middle of each blob
PLACES = ("near", "far", "anywhere")


class Tones(nn.Module):
    """Two pairs of filters, a sine and a cosine of each tone; their energy is smoothed and pooled twice."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Sequential(nn.Conv1d(1, 8, 41, padding=20, bias=False), nn.ReLU(), nn.AvgPool1d(4))
        self.energy = nn.Sequential(nn.Conv1d(8, 2, 15, padding=7), nn.ReLU(), nn.AvgPool1d(2))
        self.head = nn.Linear(2, len(NOTES))
        t = (torch.arange(41) - 20) / RATE
        window = torch.hann_window(41, periodic=False)
        with torch.no_grad():
            self.energy[0].weight.zero_()
            self.energy[0].bias.fill_(-0.05)
            for i, (hertz, _) in enumerate((FAST, SLOW)):
                angle = 2 * math.pi * hertz * t
                for k, wave in enumerate((angle.cos(), -angle.cos(), angle.sin(), -angle.sin())):
                    self.filters[0].weight[4 * i + k, 0] = wave * window / 20
                self.energy[0].weight[i, 4 * i : 4 * i + 4] = 1 / 15
            self.head.weight.copy_(torch.tensor([[60.0, -20.0], [-20.0, 60.0], [-10.0, -10.0]]))
            self.head.bias.copy_(torch.tensor([0.5, 0.0, 1.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.energy(self.filters(x)).mean(2))


def tones() -> Tensor:
    """The signal, (1, L)."""
    t = torch.arange(int(RATE * SECONDS)) / RATE
    bursts = [torch.sin(2 * math.pi * hertz * t) * torch.exp(-(((t - at) / 0.35) ** 2)) for hertz, at in (FAST, SLOW)]
    return torch.stack(bursts).sum(0)[None]


class Lights(nn.Module):
    """Channel 0 and 1 of every layer are the light of the volume's far and near half in depth; pooled by two, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Sequential(nn.Conv3d(2, 2, 3, padding=1), nn.ReLU(), nn.AvgPool3d(2))
        self.late = nn.Sequential(nn.Conv3d(2, 2, 3, padding=1), nn.ReLU(), nn.AvgPool3d(2))
        self.head = nn.Linear(2, len(PLACES))
        with torch.no_grad():
            for stage in (self.early, self.late):
                stage[0].weight.zero_()
                stage[0].bias.fill_(-0.05)
                for channel in range(2):
                    stage[0].weight[channel, channel] = 1 / 27
            self.head.weight.copy_(torch.tensor([[-30.0, 90.0], [90.0, -30.0], [5.0, 5.0]]))
            self.head.bias.copy_(torch.tensor([1.0, 0.5, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        half = (torch.arange(x.shape[2], device=x.device) >= x.shape[2] // 2).to(x.dtype)[:, None, None]
        x = torch.cat([x * (1 - half), x * half], 1)
        return self.head(self.late(self.early(x)).mean((2, 3, 4)))


def lights() -> Tensor:
    """The volume, (1, D, H, W)."""
    axes = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in (DEPTH, HEIGHT, WIDTH)), indexing="ij")
    volume = 0.15 + 0.1 * axes[2] / WIDTH
    for middle in (NEAR, FAR):
        z, y, x = (axis - at for axis, at in zip(axes, middle, strict=True))
        volume = volume + 0.75 * torch.exp(-((z / 2.5) ** 2 + (y / 5) ** 2 + (x / 5) ** 2))
    return volume.clamp(0, 1)[None]
