"""A widget on the small network, and a fake front end on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget, answering
from tests.wire.front_end import NAMES, FrontEnd, settle


@pytest.fixture(autouse=True)
def _in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the selected class goes ahead depends on the machine's speed; it is tested with a clock of its own."""
    monkeypatch.setattr(answering, "FIRST_ANSWER", math.inf)


@pytest.fixture
def photo() -> Tensor:
    return torch.randn(3, 28, 28)  # so that the last grid is 7x7


@pytest.fixture
def make(cnn: nn.Module, photo: Tensor) -> Iterator[Callable[..., CamWidget]]:
    made: list[CamWidget] = []

    def new(**keywords: Any) -> CamWidget:
        made.append(CamWidget(cnn, photo, **({"labels": NAMES} | keywords)))
        return made[-1]

    yield new
    for widget in made:
        widget.close()
    settle()


@pytest.fixture
def w(make: Callable[..., CamWidget]) -> CamWidget:
    return make()


@pytest.fixture
def page(w: CamWidget) -> FrontEnd:
    return FrontEnd(w)


@pytest.fixture
def due(cnn: nn.Module, pictures: list[Tensor]) -> list[int]:
    """What each picture is called."""
    with torch.no_grad():
        return [int(cnn(picture[None]).argmax()) for picture in pictures]


@pytest.fixture
def film(cnn: nn.Module, pictures: list[Tensor]) -> Iterator[Callable[..., CamWidget]]:
    """Makes films of the test's own pictures, and closes them."""
    made: list[CamWidget] = []

    def new(**keywords: Any) -> CamWidget:
        made.append(CamWidget(cnn, pictures, **({"labels": NAMES} | keywords)))
        return made[-1]

    yield new
    for widget in made:
        widget.close()
    settle()
