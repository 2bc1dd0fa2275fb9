"""The awkward networks, one after another."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn

from tests.promises.subjects import SIZE, SUBJECTS


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the older weight norm
        return SUBJECTS[request.param]()


@pytest.fixture
def x() -> Tensor:
    return torch.randn(2, 3, SIZE, SIZE)
