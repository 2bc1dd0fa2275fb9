"""Galleries of a small network, closed after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget import CamGallery
from tests.wire.front_end import NAMES, settle

Made = Callable[..., CamGallery]


@pytest.fixture
def data() -> tuple[Tensor, Tensor]:
    """Pictures that the small network does not all call the same, and labels."""
    return torch.randn(40, 3, 32, 32) * torch.linspace(0.1, 8, 40)[:, None, None, None], torch.arange(40) % 6


@pytest.fixture
def gallery(cnn: nn.Module) -> Iterator[Made]:
    made: list[CamGallery] = []

    def new(dataset: Any, **keywords: Any) -> CamGallery:
        made.append(CamGallery(keywords.pop("model", cnn), dataset, **({"labels": NAMES} | keywords)))
        return made[-1]

    yield new
    for one in made:
        one.close()
    settle()
