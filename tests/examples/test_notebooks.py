"""Every example runs from top to bottom in a real kernel and ends in a live widget."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
WIDGET = "application/vnd.jupyter.widget-view+json"

NEEDS_PHOTO = {"photo"}


def execute(name: str, folder: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    return NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.ipynb")))
def test_example_runs_and_ends_in_a_widget(name, tmp_path, monkeypatch):
    if name in NEEDS_PHOTO:
        if not SHARED.is_dir():
            pytest.skip("the weights and photographs of ../shared/data are not here, and nothing is downloaded")
        monkeypatch.setitem(os.environ, "TORCH_HOME", str(SHARED))
        shutil.copy(SHARED / "images" / "cat_dog.png", tmp_path / "photo.png")

    done = execute(name, tmp_path)

    code = [cell for cell in done.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert any(WIDGET in output.get("data", {}) for output in code[-1].outputs)


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.ipynb")))
def test_examples_are_committed_without_outputs(name):
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    nbformat.validate(notebook)
