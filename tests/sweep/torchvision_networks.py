"""Every network of ``torchvision.models`` that gives scores, with the grid that its strides make of the input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torchvision
from torch import nn
from torchvision import models

from tests.sweep.checks import Network

SMALL = (96, 128)


def after(*layers: tuple[int, int, int, bool], size: int) -> int:
    """Cells left of ``size`` by layers (kernel, stride, padding on both sides, rounded up?)."""
    for kernel, stride, padding, up in layers:
        steps = size + 2 * padding - kernel
        size = (-(-steps // stride) if up else steps // stride) + 1
    return size


def unpadded(sizes: tuple[int, ...], *layers: tuple[int, int, int, bool]) -> tuple[int, ...]:
    """As ``after``, for each side."""
    return tuple(after(*layers, size=size) for size in sizes)


POOL, POOL_UP = (3, 2, 0, False), (3, 2, 0, True)
THREE, HALF = (3, 1, 0, False), (3, 2, 0, False)
ALEXNET = ((11, 4, 2, False), POOL, POOL, POOL)
SQUEEZENET = {"squeezenet1_0": (7, 2, 0, False), "squeezenet1_1": HALF}
INCEPTION = (HALF, THREE, POOL, THREE, POOL, HALF, HALF)


def every() -> Iterator[Network]:
    """All classifiers of pictures and videos."""
    for name in models.list_models(module=torchvision.models):
        yield picture(name)
    for name in models.list_models(module=torchvision.models.video):
        yield video(name)


def dense() -> Iterator[Network]:
    """All networks that give scores for each pixel: their default layer is the backbone's last."""
    for name in models.list_models(module=torchvision.models.segmentation):
        stride = 16 if name.startswith("lraspp") or "mobilenet" in name else 8
        yield of_torchvision(name, SMALL, tuple(side // stride for side in SMALL), weights_backbone=None)


def picture(name: str) -> Network:
    """A classifier of pictures."""
    family = name.split("_", maxsplit=1)[0]
    if family == "vit":
        patch = int(name.rpartition("_")[2])
        return of_torchvision(name, (4 * patch,) * 2, (4, 4), image_size=4 * patch)
    if family == "maxvit":
        return of_torchvision(name, (224, 224), (7, 7))
    if family == "alexnet":
        return of_torchvision(name, (160, 224), unpadded((160, 224), *ALEXNET))
    if name in SQUEEZENET:
        return of_torchvision(name, SMALL, unpadded(SMALL, SQUEEZENET[name], POOL_UP, POOL_UP, POOL_UP))
    if family == "inception":
        return of_torchvision(name, (139, 171), unpadded((139, 171), *INCEPTION), init_weights=False)
    keywords = {"init_weights": False} if family in {"googlenet", "vgg11", "vgg13", "vgg16", "vgg19"} else {}
    return of_torchvision(name, SMALL, tuple(side // 32 for side in SMALL), **keywords)


def video(name: str) -> Network:
    """A classifier of videos: time and space are coarsened by different steps."""
    if name.startswith("mvit"):
        return of_torchvision(name, (8, 64, 96), (4, 2, 3), spatial_size=(64, 96), temporal_size=8)
    if name.startswith("swin3d"):
        return of_torchvision(name, (8, 64, 96), (4, 2, 3))
    if name == "s3d":  # its head wants seven cells a side
        return of_torchvision(name, (16, 224, 224), (2, 7, 7))
    time = 8 if name == "mc3_18" else 1
    return of_torchvision(name, (8, 64, 96), (time, 4, 6))


def of_torchvision(name: str, size: tuple[int, ...], grid: tuple[int, ...], **keywords: Any) -> Network:
    """A network of torchvision with random weights."""
    make: Callable[[], nn.Module] = partial(models.get_model, name, weights=None, **keywords)
    return Network(name, "torchvision", make, size, grid)
