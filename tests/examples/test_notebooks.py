"""Every example runs from top to bottom in a real kernel, ends in a live widget, and is alive as a page without one."""

from __future__ import annotations

import base64
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from chrome import chromium
from gallery_page import Gallery
from nbclient import NotebookClient
from PIL import Image
from playwright.sync_api import Browser
from standalone import opened

from camwidget.notebooks import VIEW, Exporter

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))

NEEDS_PHOTO = {"photo"}
LOOKS_FOR_DATA = ("transformers", "why_did_it_fail")
"""They take real weights where they find some, and do with what is embedded elsewhere."""

# what nbconvert's own HTML asks for, in vain: the widgets need none of it
LIBRARIES = ("cdnjs.cloudflare.com", "unpkg.com", "cdn.jsdelivr.net")


def execute(name: str, folder: Path, data: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    told = {"TORCH_HOME": str(data)} if name in NEEDS_PHOTO else {"CAMWIDGET_DATA": str(data)}
    if "PYTEST_XDIST_WORKER" in os.environ:  # other processes are at work, too
        told["OMP_NUM_THREADS"] = "1"
    with mock.patch.dict(os.environ, told):
        done = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return nbformat.reads(nbformat.writes(done), as_version=4)  # as it is read back from its file


def ends_in_a_widget(done: nbformat.NotebookNode) -> bool:
    return bool(ours(code_cells(done)[-1:]))


def ours(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """What was shown of our widgets; a bar of tqdm is a widget, too."""
    shown = [output.get("data", {}) for cell in cells for output in cell.outputs]
    return [data for data in shown if VIEW in data and data["text/plain"].startswith("Cam")]


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module", params=NAMES)
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """An example that was executed, with the real weights where they are."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param in NEEDS_PHOTO:
        if not SHARED.is_dir():
            pytest.skip("the weights and photographs of ../shared/data are not here, and nothing is downloaded")
        shutil.copy(SHARED / "images" / "cat_dog.png", folder / "photo.png")
    return execute(request.param, folder, SHARED)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_example_runs_and_ends_in_a_widget(done: nbformat.NotebookNode) -> None:
    assert all(cell.execution_count for cell in code_cells(done))
    assert ends_in_a_widget(done)


def test_each_of_its_widgets_has_a_picture_for_where_none_runs(done: nbformat.NotebookNode) -> None:
    shown = ours(code_cells(done))
    assert shown
    for data in shown:
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"])))
        least, most = picture.convert("L").getextrema()
        assert min(picture.size) > 30 and most - least > 50


@pytest.mark.browser
def test_its_html_is_alive_without_a_network(done: nbformat.NotebookNode, browser: Browser, tmp_path: Path) -> None:
    count = len(ours(code_cells(done)))
    html, _ = Exporter().from_notebook_node(done)
    path = tmp_path / "lesson.html"
    path.write_text(html, encoding="utf-8")
    with opened(browser, path, foreign=LIBRARIES) as sheet:
        own = sheet.page.locator(".camwidget:not(.g-child .camwidget)")
        sheet.until(lambda: own.count() == count, "all of its widgets")
        if sheet.page.locator(".gallery").count():
            hangs(Gallery(sheet.page))
        for index, root in enumerate(sheet.page.locator(".camwidget").all()):
            root.scroll_into_view_if_needed()  # what is out of sight is not drawn
            if root.and_(sheet.page.locator(".gallery")).count():
                continue
            view = sheet.view(index)
            view.until_painted()
            assert view.question.startswith("Why ")


def hangs(gallery: Gallery) -> None:
    """The pictures are there, and the item that the lesson leaves open is, too, as a widget in the gallery."""
    gallery.root.scroll_into_view_if_needed()
    gallery.painted()
    assert gallery.items
    gallery.part(".g-child .camwidget").wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("name", LOOKS_FOR_DATA)
def test_example_runs_without_the_real_weights(name: str, tmp_path: Path) -> None:
    assert ends_in_a_widget(execute(name, tmp_path, tmp_path / "absent"))


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_committed_without_outputs(name: str) -> None:
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    nbformat.validate(notebook)
