"""What the tests on a CUDA device share. They need torch, torchvision, numpy and pytest: ``pytest tests/gpu``.

``CAMWIDGET_TEST_DEVICE=cpu`` runs them on the CPU instead, to test the tests where there is no such device.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

DEVICE = torch.device(os.environ.get("CAMWIDGET_TEST_DEVICE", "cuda"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = "no CUDA device: torch.cuda.is_available() is False"
    for item in items:
        if "tests/gpu" in item.path.as_posix():
            item.add_marker(pytest.mark.gpu)
            if DEVICE.type == "cuda" and not torch.cuda.is_available():
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def device() -> torch.device:
    return DEVICE


@pytest.fixture(autouse=True)
def _exact() -> Iterator[None]:
    """float32 products in full precision, as on the CPU that they are compared with."""
    torch.manual_seed(0)
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]
