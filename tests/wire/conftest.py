"""A widget on the small network, and a fake front end on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget, session
from tests.wire.front_end import NAMES, FrontEnd, settle


@pytest.fixture(autouse=True)
def _in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the selected class goes ahead depends on the machine's speed; it is tested with a clock of its own."""
    monkeypatch.setattr(session, "FIRST_ANSWER", math.inf)


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
