"""Every host in turn: its tests run one after another on one page, then the next host's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kernels
import places
import pytest
from chrome import chromium
from frames import prepare
from lab import serve
from places import Ground, Host, Seat
from playwright.sync_api import Browser
from view import View

HERE = Path(__file__).parent

IPYKERNELS = ("6.29.5", "7.1.0", "7.2.0", "7.3.0")
HOSTS = {
    **{f"lab-{version}": places.lab for version in (*IPYKERNELS, "installed")},
    "voila": places.voila,
    "marimo-run": places.marimo,
    "marimo-edit": places.marimo,
}

NOISE = {
    # module federation and fonts from other hosts, offline; the widgets are shown all the same
    # a page that is left shuts its kernel down, and is refused when its token is gone
    "voila": ("/voila/api/shutdown/", "RUNTIME-012", "font-awesome", "ERR_NAME_NOT_RESOLVED", "ERR_INTERNET"),
}
"""What hosts log by themselves."""

TABLE = pytest.StashKey[dict[str, dict[str, str]]]()


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.hosts)
    elsewhere = [item for item in ours if not _belongs(item)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


def _belongs(item: pytest.Item) -> bool:
    """Whether a test is made for its host: ``only_on`` names where it says something new, or can be done at all."""
    mark, call = item.get_closest_marker("only_on"), getattr(item, "callspec", None)
    return mark is None or call is None or call.params.get("host") in mark.args


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> dict[str, dict[str, str]]:
    """What is found out about each host; it is printed at the end."""
    return request.config.stash.setdefault(TABLE, {})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield prepare(running)


@pytest.fixture(scope="session")
def ground(browser: Browser, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("hosts")
    modules = folder / "modules"
    modules.mkdir()
    browser_tests = HERE.parent / "browser"
    for path in (HERE / "spy.py", HERE / "slowly.py", browser_tests / "beacons.py", browser_tests / "expected.py"):
        shutil.copy(path, modules)
    pythonpath = os.pathsep.join(filter(None, [str(modules), os.environ.get("PYTHONPATH")]))
    data = folder / "lab" / "home" / "data"
    cache = pytestconfig.cache.mkdir("ipykernel")
    for version in IPYKERNELS:
        kernels.describe(f"lab-{version}", data, kernels.install(version, cache), pythonpath)
    kernels.describe("lab-installed", data, None, pythonpath)
    environment = {"PYTHONPATH": pythonpath}
    with serve(folder / "lab", environment) as lab:
        yield Ground(browser, folder, lab, environment)


@pytest.fixture(scope="session", params=HOSTS)
def host(request: pytest.FixtureRequest, ground: Ground, table: dict[str, dict[str, str]]) -> Iterator[Host]:
    name = request.param
    with HOSTS[name](ground, name) as seat:
        seat.listen()
        yield Host(name, seat, table.setdefault(name, {}))


@pytest.fixture
def seat(host: Host) -> Iterator[Seat]:
    """The host's page. What it logs as an error is one, but for the host's own noise."""
    host.seat.errors.clear()
    yield host.seat
    noise = next((words for name, words in NOISE.items() if host.name.startswith(name)), ())
    assert [text for text in host.seat.errors if not any(word in text for word in noise)] == []


@pytest.fixture
def view(seat: Seat) -> View:
    """A new widget."""
    return seat.fresh()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    table = config.stash.get(TABLE, {})
    columns = list(dict.fromkeys(column for facts in table.values() for column in facts))
    rows = [["host", *columns], *([name, *(facts.get(c, "-") for c in columns)] for name, facts in table.items())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    if table:
        terminalreporter.section("hosts")
        for row in rows:
            terminalreporter.write_line("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)))
