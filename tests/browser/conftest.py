"""One JupyterLab and one Chromium for all browser tests, and one notebook that most of them use in turn."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from chrome import chromium
from desk import BEACONS, UNFORESEEN, Desk, show
from frames import prepare
from lab import PATIENCE, Notebook, Server, serve
from playwright.sync_api import Browser, Error, expect
from view import View

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data"

FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=1000 * PATIENCE)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # by pytest-rerunfailures; a test that needs it is named in the summary
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    item.stash[FAILED] = report.failed or (report.when != "setup" and item.stash.get(FAILED, False))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    again = terminalreporter.stats.get("rerun", [])
    if again:
        terminalreporter.section("failed at first, and were run again: find out why", red=True, bold=True)
        for report in again:
            terminalreporter.write_line(f"{report.nodeid} ({report.when})", red=True)
            terminalreporter.write_line(report.longreprtext[-2000:])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {"TORCH_HOME": str(SHARED)} if SHARED.is_dir() else {}
    with serve(tmp_path_factory.mktemp("lab"), environment) as running:
        for module in ("beacons.py", "expected.py", "waves.py"):
            shutil.copy(HERE / module, running.root)
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield prepare(running)


@pytest.fixture(scope="session")
def desk(server: Server, browser: Browser) -> Iterator[Desk]:
    desk = Desk(server, browser)
    yield desk
    desk.drop()


@pytest.fixture
def notebook(desk: Desk, shots: Path, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """The common notebook, empty, in light, at the usual size. No test may leave errors on its console."""
    notebook = desk.borrow()
    yield notebook
    if request.node.stash.get(FAILED, False):
        with suppress(Error):  # of a page that may be in any state
            notebook.page.screenshot(path=shots / f"failed-{request.node.originalname}.png")
        desk.drop()
    else:
        assert notebook.errors == []


@pytest.fixture
def view(notebook: Notebook) -> View:
    """A new widget of the beacons; the kernel calls it ``w``."""
    return show(notebook, *BEACONS)


@pytest.fixture
def asking_view(notebook: Notebook) -> View:
    """The same, and the kernel sends nothing unasked."""
    return show(notebook, UNFORESEEN, *BEACONS)


@pytest.fixture
def own_notebook(desk: Desk) -> Iterator[Callable[..., Notebook]]:
    """``own_notebook(width=…)`` opens one that nobody else uses."""
    opened: list[Notebook] = []

    def start(**size: int) -> Notebook:
        opened.append(desk.open(**size))
        return opened[-1]

    yield start
    for notebook in opened:
        desk.close(notebook)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: CAMWIDGET_SHOTS if set."""
    given = os.environ.get("CAMWIDGET_SHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def light_again(notebook: Notebook) -> Iterator[None]:
    yield
    notebook.theme("JupyterLab Light")
