"""A JupyterLab and a Chromium, as the browser tests have them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chrome import chromium
from desk import Desk
from lab import Notebook, serve

HERE = Path(__file__).resolve().parent
BROWSER_TESTS = HERE.parent / "browser"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A notebook that nobody else uses."""
    with serve(tmp_path_factory.mktemp("lab"), {}) as server, chromium() as browser:
        for module in (BROWSER_TESTS / "beacons.py", BROWSER_TESTS / "expected.py", HERE / "pools.py"):
            shutil.copy(module, server.root)
        desk = Desk(server, browser)
        notebook = desk.open()
        yield notebook
        desk.close(notebook)
