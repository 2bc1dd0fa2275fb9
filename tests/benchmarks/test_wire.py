"""How heavy things are: messages, the bundle, a saved notebook. In kB of 1000 bytes."""

from __future__ import annotations

import base64
import json
from typing import Any

from ipywidgets import Widget

from camwidget import CamWidget
from camwidget.traits import BUNDLE
from tests.benchmarks.results import Results
from tests.benchmarks.subjects import Subject, photo
from tests.benchmarks.wire import Page, settle

A_LOOK = 4.0
"""Seconds after which all is sent that a look at one map brings with it; making maps ahead may still go on."""


def test_every_class_on_the_wire(resnet50: Subject, results: Results, wire, widget):
    """Where the head allows it all 1000 maps are sent at once; the heaviest stack is that one."""
    widget(resnet50.model, photo())
    settle(A_LOOK)
    largest = max(wire.carrying("stack"), key=lambda message: message.size)
    case = results.case("all classes on the wire", resnet50.name, unit="kB", at=resnet50.layer)
    targets = largest.state["stack"]["targets"]
    case.figures["stack"] = largest.size / 1e3
    case.notes.append(f"the heaviest stack holds {'all' if targets is None else len(targets)} classes")
    assert targets is None or len(targets) == resnet50.classes, f"no stack of all classes was sent: {case.notes}"
    whole = [m for m in wire.carrying("stack") if m.state["stack"]["targets"] is None]
    results.assert_bar(case, "stacks of all classes sent", len(whole), at_most=1)
    results.assert_bar(case, "stack, kB", case.figures["stack"], at_most=100)


def test_answers_on_the_wire(resnet50: Subject, results: Results, wire, widget):
    """Five listed classes at 7x7: the stack that answers a click on a variant."""
    page = Page(widget(resnet50.model, photo(), topk=5), wire)
    settle(A_LOOK)
    wire.messages.clear()
    page.request(variant="layercam")
    settle(A_LOOK)
    case = results.case("answer on the wire", resnet50.name, unit="kB", at=resnet50.layer)
    # the clicked class may go ahead of the others: the last one has all that are listed
    answers = [m for m in wire.carrying("stack") if m.state["stack"]["targets"] is not None]
    assert len(answers[-1].state["stack"]["targets"]) == 5
    case.figures["stack of 5 classes"] = answers[-1].size / 1e3
    case.figures["all messages of the click"] = sum(m.size for m in wire.messages) / 1e3
    results.assert_bar(case, "stack of 5 classes, kB", case.figures["stack of 5 classes"], at_most=2)


def test_bundle(results: Results):
    case = results.case("bundle", "", unit="kB")
    case.figures["widget.js"] = BUNDLE.stat().st_size / 1e3
    results.assert_bar(case, "widget.js, kB", case.figures["widget.js"], at_most=80)


def test_saved_notebook(resnet50: Subject, results: Results, widget):
    made = widget(resnet50.model, photo())
    settle(A_LOOK)
    case = results.case("saved notebook, one widget", resnet50.name, unit="kB")
    case.figures["notebook"] = len(json.dumps(notebook(made), indent=1, ensure_ascii=False).encode()) / 1e3
    case.figures["of it the picture"] = len(base64.b64encode(made.picture)) / 1e3
    results.assert_bar(case, "notebook, kB", case.figures["notebook"], at_most=400)


def notebook(widget: CamWidget) -> dict[str, Any]:
    """As JupyterLab saves it: the output of one cell, and the state of its widgets but for what is as by default."""
    data, metadata = widget._repr_mimebundle_() or ({}, {})
    state = Widget.get_manager_state(drop_defaults=True, widgets=[widget, widget.layout])
    output = {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": metadata}
    cell = {"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {}, "source": [], "outputs": [output]}
    kind = "application/vnd.jupyter.widget-state+json"
    return {"cells": [cell], "metadata": {"widgets": {kind: state}}, "nbformat": 4, "nbformat_minor": 5}
