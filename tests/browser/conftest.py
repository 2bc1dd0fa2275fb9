"""One JupyterLab and one Chromium for all browser tests; one page a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from lab import Notebook, Server, serve
from playwright.sync_api import Browser, sync_playwright

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

DEMO = [
    "from camwidget import CamWidget, demo",
    "w = CamWidget(demo.model(), demo.image())\nw",
]


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {"TORCH_HOME": str(SHARED)} if SHARED.is_dir() else {}
    with serve(tmp_path_factory.mktemp("lab"), environment) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        # without a Chromium on the machine Playwright's own is taken, which `make test` installs
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def lab(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """``lab(cells, width=…)`` opens a notebook of these cells, runs it and waits for the widget."""
    opened: list[Notebook] = []

    def start(cells: Sequence[str] = DEMO, width: int = 1400, height: int = 1000) -> Notebook:
        context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=1)
        notebook = Notebook(context.new_page())
        notebook.listen()
        opened.append(notebook)
        notebook.open(server.write(f"{request.node.name}.ipynb".replace("/", "_"), cells))
        notebook.run_all()
        notebook.page.locator(".camwidget .heat").first.wait_for(timeout=30_000)
        return notebook

    yield start
    for notebook in opened:
        notebook.page.evaluate("() => window.panel.sessionContext.shutdown().catch(() => undefined)")
        notebook.page.context.close()
