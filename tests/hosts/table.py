"""Which host does what, as ``docs/hosts.json``, ``docs/hosts.md`` and the block of README.md:
``python -m tests.hosts.table``.

Needs the standard library only, so that ``make test`` can compare the pages with ``docs/hosts.json``.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.marks import between

BEGIN, END = "<!-- make hosts writes from here -->", "<!-- to here, hosts -->"

COLUMNS = {
    "shows": "the map that the kernel works out is on screen, pixel for pixel",
    "click": "on another class: its map, and `w.target` follows",
    "hover": "a cell is read out, a class is previewed, the kernel hears nothing of it",
    "layer": "another layer: its map, and `w.layer` follows",
    "variant": "from the menu: its map, and `w.variant` follows",
    "theme": "light, dark, light: text and ground follow the host's, at least 4.5 : 1",
    "reload": "what the page shows when it is loaded again",
    "export": '`w.save("page.html")` opened without a network; the button saves **the picture**, all that a page has',
    "gallery": "a `CamGallery` sorts and filters; an item opens in full, answers a click, closes; the theme as above",
}
"""What is tried in each host; the tests of FILES have these names."""

FILES = ("test_matrix.py", "test_gallery.py")

HOSTS = {
    "lab-6.31.0": "JupyterLab",
    "lab-7.1.0": "JupyterLab",
    "lab-installed": "JupyterLab",
    "notebook": "Notebook",
    "voila": "Voila",
    "marimo-run": "marimo run",
    "marimo-edit": "marimo edit",
    "nbconvert": "nbconvert `--to camwidget`",
    "page": "page by `w.save`",
    "vscode": "VS Code *",
    "colab": "Colab *",
}
NOTE = "\\* Imitated in a real Chromium by the rules that could be read; see [docs/hosts.md](docs/hosts.md).\n"

Results = Mapping[str, Any]


def record(root: Path, found: Mapping[str, Mapping[str, str]], versions: Mapping[str, Mapping[str, str]]) -> None:
    """Write what was found. Cells that were not tried this time keep what they had, and so do the date and the versions
    of a row of which only some were.

    Args:
        found: by host and column. versions: by host, of what it is made of.
    """
    path = root / "docs" / "hosts.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    rows = {}
    for host in HOSTS:
        row = known.get(host, {"date": "", "versions": {}, "cells": {}})
        cells = found.get(host, {})
        if cells and (cells.keys() >= COLUMNS.keys() or not row["date"]):
            row = {"date": today, "versions": dict(versions.get(host, row["versions"])), "cells": row["cells"]}
        rows[host] = {**row, "cells": {**row["cells"], **cells}}
    lines = ",\n".join(f" {json.dumps(host)}: {json.dumps(row, ensure_ascii=False)}" for host, row in rows.items())
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    put(root)


def put(root: Path) -> None:
    """Make the pages from ``docs/hosts.json``."""
    results = json.loads((root / "docs" / "hosts.json").read_text(encoding="utf-8"))
    for name, text in (("README.md", short(results)), ("docs/hosts.md", full(results))):
        path = root / name
        path.write_text(between(path.read_text(encoding="utf-8"), BEGIN, END, text), encoding="utf-8")


def short(results: Results) -> str:
    """The table alone."""
    rows = [
        [_title(title, results[host]), *(_cell(results[host], column) for column in COLUMNS)]
        for host, title in HOSTS.items()
    ]
    return _markdown(["host", *COLUMNS], rows) + "\n\n" + NOTE


def full(results: Results) -> str:
    """The table, what its columns mean, and when each host was tried."""
    table = short(results).removesuffix(NOTE).strip()
    meaning = _markdown(["column", "what must happen"], [[name, text] for name, text in COLUMNS.items()])
    made_of = [
        [_title(title, results[host]), results[host]["date"] or "–", _versions(results[host])]
        for host, title in HOSTS.items()
    ]
    return "\n\n".join([table, meaning, _markdown(["host", "tried on", "with"], made_of)]) + "\n"


def _title(title: str, row: Mapping[str, Any]) -> str:
    """A host's name; several versions of the kernel are told apart."""
    kernel = row["versions"].get("ipykernel")
    return f"{title}, ipykernel {kernel}" if title == "JupyterLab" and kernel else title


def _versions(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in row["versions"].items()) or "–"


def _cell(row: Mapping[str, Any], column: str) -> str:
    word = row["cells"].get(column, "not tried")
    return f"**{word}**" if word == "no" else word


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, [":--"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    put(Path(__file__).parents[2])
