"""Two threads, one network at a time; what was found is written down where that is asked for."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.sweep import table
from tests.sweep.checks import Found

FOUND = pytest.StashKey[list[Found]]()
FINISHED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-table", action="store_true", help="write docs/models.json, docs/models.md and README.md")


def pytest_configure(config: pytest.Config) -> None:
    torch.set_num_threads(2)
    config.stash[FOUND] = []


@pytest.fixture
def rows(request: pytest.FixtureRequest) -> Iterator[list[Found]]:
    """Where rows of the table go."""
    yield request.config.stash[FOUND]
    gc.collect()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if session.config.getoption("--write-table") and exitstatus in FINISHED:
        table.write(Path(__file__).parents[2], session.config.stash[FOUND])
