"""The network of the demo: a small residual CNN that says which stickers are on a picture.

Built like a ResNet (ReLU, BatchNorm, global average pooling, linear head), so that everything said of those holds here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from camwidget.demo.scenes import CATEGORIES

INPUT = 192
"""Side of the network's input in pixels."""

MEAN = (0.60, 0.57, 0.53)
STD = (0.24, 0.23, 0.24)
WEIGHTS = Path(__file__).with_name("weights.safetensors")


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut: (N, C, H, W) -> (N, width, H / stride, W / stride)."""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, width, H / stride, W / stride)."""
        out: Tensor = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return cast("Tensor", self.relu2(out + self.shortcut(x)))


class DemoNet(nn.Module):
    """(N, 3, 192, 192) -> (N, 12) logits, one a class, for a sigmoid each: several classes may be on a picture.

    Grids of the stages: 96, 48, 24 and 12 cells a side. Any input whose sides divide by 16 works.
    """

    multi_label = True
    input_size = INPUT
    mean = MEAN
    std = STD

    def __init__(self, categories: Sequence[str] = CATEGORIES) -> None:
        super().__init__()
        self.categories = tuple(categories)
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 5, 2, 2, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.stage1 = nn.Sequential(Block(16, 24, 2))
        self.stage2 = nn.Sequential(Block(24, 48, 2), Block(48, 48))
        self.stage3 = nn.Sequential(Block(48, 96, 2), Block(96, 96), Block(96, 96))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(96, len(self.categories))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised pixels x (N, 3, H, W) -> logits (N, K)."""
        x = self.stage3(self.stage2(self.stage1(self.stem(x))))
        logits: Tensor = self.head(self.pool(x).flatten(1))
        return logits


class Preprocess:
    """Picture -> (3, 192, 192): short side to 192, middle square, values to about [-2, 2]."""

    def __init__(self) -> None:
        self.resize_size = [INPUT]
        self.crop_size = [INPUT]
        self.mean = list(MEAN)
        self.std = list(STD)

    def crop(self, image: Image.Image) -> Image.Image:
        """The square of ``image`` that the network sees, at its size."""
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
        return image.convert("RGB").resize((INPUT, INPUT), Image.Resampling.BILINEAR, box=box)

    def __call__(self, image: Image.Image) -> Tensor:
        """(3, 192, 192) float32 of a picture of any size and mode."""
        pixels = torch.from_numpy(np.array(self.crop(image), dtype=np.float32) / 255)
        return ((pixels - torch.tensor(self.mean)) / torch.tensor(self.std)).permute(2, 0, 1).contiguous()

    def __repr__(self) -> str:
        return (
            f"Preprocess(resize_size={self.resize_size}, crop_size={self.crop_size}, mean={self.mean}, std={self.std})"
        )


def load(path: Path = WEIGHTS) -> DemoNet:
    """The trained network in eval mode, float32 on the CPU. The caller's random numbers are left as they were."""
    from safetensors.torch import load_file

    with torch.device("meta"):
        net = DemoNet()
    state = {name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()}
    net.load_state_dict(state, assign=True)
    return net.requires_grad_(True).eval()


def save(net: DemoNet, path: Path = WEIGHTS, facts: Mapping[str, str] | None = None) -> None:
    """Store the weights: matrices as float16, which halves the file, statistics and biases as float32.

    ``facts`` say how they came about and are kept in the file's header.
    """
    from safetensors.torch import save_file

    small = {k: v.detach().half() if v.dim() > 1 else v.detach() for k, v in net.state_dict().items()}
    header = {"classes": ",".join(net.categories), **(facts or {})}
    save_file({k: v.contiguous() for k, v in small.items()}, path, metadata=header)
    path.chmod(0o644)


def facts(path: Path = WEIGHTS) -> dict[str, str]:
    """What the header of the weights says: classes, seed, threads, seconds of training."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as stored:
        return dict(stored.metadata() or {})
