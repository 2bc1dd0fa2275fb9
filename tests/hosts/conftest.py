"""Every host in turn: its tests run one after another on one page, then the next host's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import places
import process
import pytest
from chrome import chromium
from frames import prepare
from lab import serve
from places import Ground, Host, Seat
from playwright.sync_api import Browser
from view import View

from tests.hosts import table as table_of_hosts

HERE = Path(__file__).parent

IPYKERNELS = ("6.29.5", "6.31.0", "7.1.0", "7.2.0", "7.3.0")
KERNELS: dict[str, places.Start] = {
    **{f"lab-{version}": places.lab for version in (*IPYKERNELS, "installed")},
    "notebook": places.notebook,
    "voila": places.voila,
    "marimo-run": places.marimo,
    "marimo-edit": places.marimo,
}
OTHERS: dict[str, places.Start] = {
    "nbconvert": process.nbconvert,
    "page": process.page,
    "vscode": process.vscode,
    "colab": process.colab,
}
"""Without a kernel, or imitated."""
HOSTS = KERNELS | OTHERS

NOISE = {
    # module federation and fonts from other hosts, offline; the widgets are shown all the same
    # a page that is left shuts its kernel down, and is refused when its token is gone
    "voila": ("/voila/api/shutdown/", "RUNTIME-012", "font-awesome", "ERR_NAME_NOT_RESOLVED", "ERR_INTERNET"),
    # its splash goes twice where a theme is chosen while the page loads; we never remove a node this way
    "lab": ("Failed to execute 'removeChild' on 'Node'",),
    # with fresh settings, too
    "notebook": ("Cannot read properties of undefined (reading 'schema')",),
    # the page around the widget asks for libraries that its other parts would need
    "nbconvert": ("ERR_INTERNET", "require is not defined", "MathJax"),
}
"""What hosts log by themselves."""

TABLE = pytest.StashKey[dict[str, dict[str, str]]]()
CELLS = pytest.StashKey[dict[str, dict[str, str]]]()
WORD = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-table", action="store_true", help="write docs/hosts.json, docs/hosts.md and README.md")


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
    return call is None or call.params.get("host") in (KERNELS if mark is None else mark.args)


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> dict[str, dict[str, str]]:
    """What is found out about each host; it is printed at the end."""
    return request.config.stash.setdefault(TABLE, {})


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says what stands in the table of hosts if the test passes, instead of "yes"."""

    def say(word: str) -> None:
        request.node.stash[WORD] = word

    return say


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    report: Any = yield
    if item.path.name in table_of_hosts.FILES and (report.when == "call" or not report.passed):
        cells = item.config.stash.setdefault(CELLS, {}).setdefault(item.callspec.params["host"], {})  # type: ignore[attr-defined]
        column = item.originalname.removeprefix("test_")  # type: ignore[attr-defined]
        if report.when == "setup":
            cells[column] = "not tried"
        else:
            cells[column] = item.stash.get(WORD, "yes") if report.passed else "no"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    found = session.config.stash.get(CELLS, {})
    if session.config.getoption("--write-table") and found:
        facts = session.config.stash.get(TABLE, {})
        table_of_hosts.record(HERE.parents[1], found, {host: versions(host, facts.get(host, {})) for host in found})


def versions(host: str, facts: Mapping[str, str]) -> dict[str, str]:
    """What a host is made of."""
    named = {"lab": "jupyterlab", "marimo": "marimo", "page": "", "vscode": "", "colab": ""}
    first = named.get(host.split("-", maxsplit=1)[0], host)
    found = {first: metadata.version(first)} if first else {}
    known = {name: facts[name] for name in ("ipykernel", "Chromium") if facts.get(name)}
    return {**found, "anywidget": metadata.version("anywidget"), **known}


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
    ours = (HERE / name for name in ("spy.py", "slowly.py", "many.py"))
    for path in (*ours, browser_tests / "beacons.py", browser_tests / "expected.py"):
        shutil.copy(path, modules)
    pythonpath = os.pathsep.join(filter(None, [str(modules), os.environ.get("PYTHONPATH")]))
    with ExitStack() as opened:
        environment = {"PYTHONPATH": pythonpath}
        lab = cache(lambda: opened.enter_context(serve(folder / "lab", environment)))
        yield Ground(browser, folder, lab, environment, pytestconfig.cache.mkdir("ipykernel"))


@pytest.fixture(scope="session", params=HOSTS)
def host(request: pytest.FixtureRequest, ground: Ground, table: dict[str, dict[str, str]]) -> Iterator[Host]:
    name = request.param
    with HOSTS[name](ground, name) as seat:
        seat.listen()
        facts = table.setdefault(name, {})
        facts["Chromium"] = ground.browser.version
        yield Host(name, seat, facts)


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
