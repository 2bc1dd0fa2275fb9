"""A small widget of every kind, and what its maps must be, worked out without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from camwidget import CamEngine, CamGallery, CamWidget
from tests.browser import waves
from tests.conftest import TinyCnn

SIDE = 28
PICTURES = 5
ITEMS = 12
KEPT = 100_000
"""Bytes of maps that the gallery keeps."""


class Segmenter(nn.Module):
    """Scores for every second pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.ReLU())
        self.late = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.late(self.early(x)))


@dataclass
class Subject:
    """A widget, and all that it may be asked for.

    Attributes:
        inputs: what the network is given, ``(1, C, *spatial)`` each; several of a film.
    """

    name: str
    model: nn.Module
    inputs: Sequence[Tensor]
    widget: CamWidget | CamGallery
    layers: Sequence[str] = field(init=False)
    classes: int = field(init=False)

    def __post_init__(self) -> None:
        self.layers = [layer["name"] for layer in self.widget.layers]
        self.classes = len(self.widget.labels)
        self.due = cache(self._due)

    def _due(self, index: int, target: int, layer: str) -> np.ndarray:
        """The Grad-CAM that must be shown, by an engine of its own."""
        return CamEngine(self.model).record(self.inputs[index]).cams([target], layer, "gradcam")[0, 0].numpy()


def _picture() -> tuple[nn.Module, Any]:
    return TinyCnn().eval(), torch.randn(3, SIDE, SIDE)


def _film() -> tuple[nn.Module, Any]:
    return TinyCnn().eval(), [*torch.randn(PICTURES, 3, SIDE, SIDE)]


def _signal() -> tuple[nn.Module, Any]:
    return waves.Tones().eval(), waves.tones()


def _volume() -> tuple[nn.Module, Any]:
    return waves.Lights().eval(), waves.lights()


def _segmentation() -> tuple[nn.Module, Any]:
    return Segmenter().eval(), torch.randn(3, SIDE, SIDE)


KINDS: Mapping[str, Callable[[], tuple[nn.Module, Any]]] = MappingProxyType(
    {"picture": _picture, "film": _film, "signal": _signal, "volume": _volume, "segmentation": _segmentation}
)


def _gallery() -> tuple[nn.Module, Any]:
    return TinyCnn().eval(), [*torch.randn(ITEMS, 3, SIDE, SIDE)]


GALLERY = "gallery"


def make(kind: str) -> Subject:
    """A new widget of this kind, always the same."""
    torch.manual_seed(0)
    if kind == GALLERY:
        model, given = _gallery()
        widget = CamGallery(model, (given, [i % 6 for i in range(ITEMS)]))
        # maps of every layer and variant would be kept, which takes thousands of messages to become steady
        widget._desk.thumbs._maps._most = KEPT
        return Subject(kind, model, [one[None] for one in given], widget)
    model, given = KINDS[kind]()
    inputs = [one[None] for one in given] if isinstance(given, list) else [given[None]]
    return Subject(kind, model, inputs, CamWidget(model, given, topk=3))
