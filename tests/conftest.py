"""What all tests share: a small network, an input for it, and the folder of real weights and pictures. And how they are
shared out to several processes.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

WORKER = "PYTEST_XDIST_WORKER" in os.environ
torch.set_num_threads(1 if WORKER else 2)

with suppress(ImportError):  # not needed by tests/gpu
    from hypothesis import HealthCheck, settings

    # what is found must not depend on how busy the machine is; the same examples each time, others with
    # --hypothesis-profile=default
    settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("steady")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n``: the tests of a file in one process, and those that need JupyterLab in two, which begin with them."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith("tests/browser/"):  # as long as each other
                return "tests/browser/a-le" if nodeid < "tests/browser/test_li" else "tests/browser/li-z"
            return nodeid.split("::", maxsplit=1)[0]

    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test has logged may hold half characters, which no process can be sent."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    return report


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Networks that a file of tests makes as it is imported are the same, whatever was imported before."""
    if isinstance(collector, pytest.Module):
        torch.manual_seed(0)


class TinyCnn(nn.Module):
    """Stages of 32, 16 and 8 cells a side; rectifiers in place and not, buffers, dropout; a pooled linear head."""

    def __init__(self, classes: int = 6) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True))
        self.pool1 = nn.MaxPool2d(2)
        self.block = nn.Sequential(nn.Conv2d(8, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU())
        self.pool2 = nn.MaxPool2d(2)
        self.last = nn.Sequential(nn.Conv2d(12, 16, 3, padding=1), nn.ReLU())
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(16, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool2(self.block(self.pool1(self.stem(x))))
        return self.fc(self.drop(self.last(x).mean((2, 3))))


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def cnn() -> TinyCnn:
    """A new small network, in evaluation mode."""
    return TinyCnn().eval()


@pytest.fixture
def x() -> Tensor:
    """Two inputs for it."""
    return torch.randn(2, 3, 32, 32)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real weights and pictures beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no real weights and pictures: {SHARED} is absent")
    return SHARED
