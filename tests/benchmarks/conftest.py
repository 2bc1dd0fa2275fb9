"""Two threads, as on the machine that the bars were set on; what is measured; where it is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from camwidget import CamWidget
from tests.benchmarks import plot, table
from tests.benchmarks.machine import about, load
from tests.benchmarks.peers import PEERS, Peer
from tests.benchmarks.results import Results
from tests.benchmarks.subjects import MODELS, Subject
from tests.benchmarks.wire import Wire, settle

RESULTS = pytest.StashKey[Results]()
FINISHED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
LOAD = pytest.StashKey[float | None]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-results", action="store_true", help="write benchmarks.json, its plot, and the table of README.md"
    )


def pytest_configure(config: pytest.Config) -> None:
    torch.set_num_threads(2)
    config.stash[RESULTS], config.stash[LOAD] = Results(), load()


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Results:
    """Where figures, notes and bars go. Any test in this folder may add cases."""
    return request.config.stash[RESULTS]


@pytest.fixture(scope="session", params=MODELS, ids=lambda model: model.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    """One of the networks. Only one is held at a time: pytest runs all tests of one before those of the next."""
    return Subject(request.param)


@pytest.fixture(scope="session")
def resnet50() -> Subject:
    """For what is asked of one network only."""
    return Subject(MODELS[0])


@pytest.fixture(params=PEERS, ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Peer:
    """One of the other libraries."""
    found: Peer = request.param
    return found


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Stands in for the kernel's side of the comm: widgets that are made now send here."""
    found = Wire()
    monkeypatch.setattr("ipywidgets.widgets.widget.comm.create_comm", found.create_comm)
    return found


@pytest.fixture
def widget(wire: Wire) -> Iterator[Callable[..., CamWidget]]:
    """Makes widgets, and closes them."""
    made: list[CamWidget] = []

    def make(*args: Any, **keywords: Any) -> CamWidget:
        made.append(CamWidget(*args, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.close()
    settle()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash[RESULTS]
    for case in found.cases.values():
        figures = ", ".join(f"{who} {value:.4g}" for who, value in case.figures.items())
        terminalreporter.write_line(f"{case.case} · {case.model} · {case.at or ''}: {figures} {case.unit}")
        for bar in case.bars:
            terminalreporter.write_line(f"    {bar}", red=not bar.met, green=bar.met)
    for growth in found.growths:
        costs = ", ".join(f"{size}: {ms:.3g}" for size, ms in zip(growth.sizes, growth.ms, strict=True))
        terminalreporter.write_line(
            f"{growth.case} ~ {growth.of} ** {growth.exponent:.2f} ({growth.model}; ms {costs})"
        )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    if not config.getoption("--write-results"):
        return
    if exitstatus not in FINISHED or session.shouldfail:  # -x
        print("\nended before its time: benchmarks.json is left as it is")
        return
    found, root = config.stash[RESULTS], Path(config.rootpath)
    run, part = about(config.stash[LOAD]), config.option.keyword or config.option.markexpr
    if part:
        run = found.join(root / "benchmarks.json", run["date"])
    # the tables first: what they cannot show must not replace what was measured before
    table.put(root / "README.md", found.plain(run))
    found.write(root / "benchmarks.json", run)
    if not part:
        plot.draw(found.growths, root / "docs" / "growth.png")
