"""A notebook that was executed without a browser: its picture, its size, and its HTML, alive without a network."""

from __future__ import annotations

import base64
import importlib
import io
import json
import re
from copy import deepcopy
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert.exporters import SlidesExporter
from PIL import Image
from playwright.sync_api import Browser
from standalone import opened

from camwidget import CamWidget, demo
from camwidget.notebooks import STATE, VIEW, Exporter, Inline

CELLS = (
    "from camwidget import CamWidget, demo",
    "w = CamWidget(demo.model(), demo.image(), target='star')\nw",
    "import ipywidgets\nipywidgets.IntSlider(3)",
)
PLAIN = (*CELLS[:2], "w.to_html('star', 'stage3', 'gradcam')")

# requests for nbconvert's own libraries, which are not there: this page needs none of them
OWN = ("cdnjs.cloudflare.com", "unpkg.com", "cdn.jsdelivr.net")


def executed(cells: tuple[str, ...], folder: Path) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    done = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return nbformat.reads(nbformat.writes(done), as_version=4)  # as it is read back from its file


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    return executed(CELLS, tmp_path_factory.mktemp("kernel"))


def alive(browser: Browser, path: Path) -> None:
    """The widget on a page shows its heat, and answers."""
    with opened(browser, path, foreign=OWN) as sheet:
        view = sheet.view()
        pixels = view.until_painted()
        assert view.question == "Why star?"
        view.part(".row").first.click()
        view.until_changed(pixels, "another class")
        assert view.question != "Why star?"


def test_the_notebook_holds_a_picture_with_its_heat_and_is_small(notebook: nbformat.NotebookNode) -> None:
    only = deepcopy(notebook)
    only.cells = only.cells[:2]
    assert len(nbformat.writes(only)) <= 400_000
    data = notebook.cells[1].outputs[0].data
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))).convert("RGB"), np.float32)
    with CamWidget(demo.model(), demo.image(), target="star", opacity=0) as bare:
        photo = np.asarray(Image.open(io.BytesIO(bare._still())).convert("RGB"), np.float32)
    changed = np.abs(picture - photo).max(-1) > 40
    (star,) = (thing.box for thing in demo.example(0).objects if thing.name == "star")
    rows, columns = np.nonzero(changed)
    scale = picture.shape[0] / demo.image().height
    middle = columns.mean() / scale, rows.mean() / scale
    assert star[0] < middle[0] < star[2] and star[1] < middle[1] < star[3]


def test_its_html_is_alive_without_a_network(notebook: nbformat.NotebookNode, browser: Browser, tmp_path: Path) -> None:
    html, _ = Exporter().from_notebook_node(deepcopy(notebook))
    path = tmp_path / "lesson.html"
    path.write_text(html, encoding="utf-8")
    alive(browser, path)


def test_widgets_of_others_are_left_to_them(notebook: nbformat.NotebookNode) -> None:
    copy = deepcopy(notebook)
    inlined, _ = Inline().preprocess(copy, {})
    ours, slider = (cell.outputs[0].data for cell in inlined.cells[1:])
    assert VIEW not in ours and "camwidget-page" in ours["text/html"]
    assert slider == notebook.cells[2].outputs[0].data
    before, after = (one.metadata.widgets[STATE].state for one in (notebook, inlined))
    assert after == {key: model for key, model in before.items() if key in after}
    gone = {key: before[key].model_name for key in before.keys() - after.keys()}
    assert [*gone.values()] == ["AnyModel"]  # its fragment holds all of it
    copy = deepcopy(notebook)
    copy.cells = copy.cells[:2]
    copy.metadata.widgets[STATE].state = {
        key: model for key, model in copy.metadata.widgets[STATE].state.items() if "Slider" not in model["model_name"]
    }
    copy.cells[1] = deepcopy(notebook.cells[1])
    alone, _ = Inline().preprocess(copy, {})
    assert "widgets" not in alone.metadata


def test_widgets_that_nothing_shows_do_not_go_along(notebook: nbformat.NotebookNode) -> None:
    copy = deepcopy(notebook)
    state = copy.metadata.widgets[STATE].state
    [name] = [key for key, model in state.items() if model.model_name == "AnyModel"]
    state["closed"], state["in a box"] = deepcopy(state[name]), deepcopy(state[name])
    state["box"] = {"model_name": "HBoxModel", "state": {"children": ["IPY_MODEL_in a box"]}}
    # an Output names it by its bare id, a gallery the item that is open in another way
    for one in ("in an output", "opened"):
        state[one] = deepcopy(state[name])
    shown = {"output_type": "display_data", "data": {VIEW: {"model_id": "in an output"}}}
    state["output"] = {"model_name": "OutputModel", "state": {"outputs": [shown]}}
    state["in a box"]["state"]["child"] = "anywidget:opened"
    inlined, _ = Inline().preprocess(copy, {})
    kept = inlined.metadata.widgets[STATE].state
    assert {"in a box", "in an output", "opened"} <= set(kept) and not {"closed", name} & set(kept)


def test_parts_whose_place_is_gone_are_left_out(notebook: nbformat.NotebookNode) -> None:
    """nbclient remembers them of what a widget was before: of a longer list, or where there is another value by now."""
    due, _ = Inline().preprocess(deepcopy(notebook), {})
    copy = deepcopy(notebook)
    [model] = [one for one in copy.metadata.widgets[STATE].state.values() if one.model_name == "AnyModel"]
    gone = (["strip", "maps", 99, "data"], ["classes", "unit"], ["target", "data"], ["nothing", "maps", 0])
    model.buffers += [{"encoding": "base64", "path": path, "data": "AAAA"} for path in gone]
    found, _ = Inline().preprocess(copy, {})
    assert found.cells[1].outputs[0].data == due.cells[1].outputs[0].data


def test_a_notebook_without_state_is_left_as_it_is(notebook: nbformat.NotebookNode) -> None:
    bare = deepcopy(notebook)
    del bare.metadata["widgets"]
    before = json.dumps(bare)
    inlined, _ = Inline().preprocess(bare, {})
    assert json.dumps(inlined) == before


def test_slides_take_the_preprocessor_too(notebook: nbformat.NotebookNode) -> None:
    exporter = SlidesExporter(preprocessors=[Inline])
    exporter.register_preprocessor(Inline, enabled=True)
    html, _ = exporter.from_notebook_node(deepcopy(notebook))
    assert "camwidget-page" in html


def test_html_in_a_cell_is_alive_in_plain_nbconvert(browser: Browser, tmp_path: Path) -> None:
    from nbconvert.exporters import HTMLExporter

    html, _ = HTMLExporter().from_notebook_node(executed(PLAIN, tmp_path))
    path = tmp_path / "plain.html"
    path.write_text(html, encoding="utf-8")
    with opened(browser, path, foreign=OWN) as sheet:
        assert sheet.view().until_painted().any()


def test_nbconvert_finds_the_exporter_by_name() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'\[project.entry-points."nbconvert.exporters"\]\ncamwidget = "(.*):(.*)"', text)
    assert found is not None
    module, name = found.groups()
    assert getattr(importlib.import_module(module), name) is Exporter
