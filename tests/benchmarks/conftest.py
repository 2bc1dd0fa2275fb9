"""Two threads, as on the machine that the bars were set on; and the medians of a run by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def _threads() -> None:
    torch.set_num_threads(2)


@pytest.fixture
def median(request: pytest.FixtureRequest) -> Callable[[str], float]:
    """``median(name)``: seconds that the benchmark of this name took in this run; skips where it did not run."""

    def look_up(name: str) -> float:
        for done in request.config._benchmarksession.benchmarks:  # type: ignore[attr-defined]
            if done.name == name:
                return float(done.stats.median)
        pytest.skip(f"{name} was not run")

    return look_up
