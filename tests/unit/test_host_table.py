"""The pages of hosts show the committed results, and what was not tried is said."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.hosts import table
from tests.marks import between

ROOT = Path(__file__).parents[2]


@pytest.fixture
def results() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "hosts.json").read_text(encoding="utf-8"))


def test_the_pages_show_the_committed_results(results: dict[str, Any]) -> None:
    for name, text in (("README.md", table.short(results)), ("docs/hosts.md", table.full(results))):
        page = (ROOT / name).read_text(encoding="utf-8")
        assert page.count(table.BEGIN) == 1
        assert between(page, table.BEGIN, table.END, text) == page, "python -m tests.hosts.table"


def test_every_column_is_a_test() -> None:
    source = "".join((ROOT / "tests" / "hosts" / name).read_text(encoding="utf-8") for name in table.FILES)
    assert re.findall(r"^def test_(\w+)", source, re.MULTILINE) == list(table.COLUMNS)


def test_a_run_of_some_hosts_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/hosts.md"):
        (tmp_path / name).write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    table.record(tmp_path, {"voila": {"shows": "yes", "click": "yes"}}, {"voila": {"voila": "1"}})
    table.record(tmp_path, {"page": {"shows": "yes"}, "voila": {"click": "no"}}, {"page": {}, "voila": {"voila": "2"}})
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| Voila | yes | **no** | not tried |" in readme
    assert "| page by `w.save` | yes | not tried |" in readme
    assert readme.startswith("before\n") and readme.endswith("after\n") and "old" not in readme


def test_a_row_is_dated_anew_only_where_all_its_columns_were_tried(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/hosts.md"):
        (tmp_path / name).write_text(f"{table.BEGIN}\n{table.END}\n", encoding="utf-8")
    path, every = tmp_path / "docs" / "hosts.json", dict.fromkeys(table.COLUMNS, "yes")

    def row_after(cells: dict[str, str], version: str) -> dict[str, Any]:
        table.record(tmp_path, {"voila": cells}, {"voila": {"voila": version}})
        return json.loads(path.read_text(encoding="utf-8"))["voila"]

    first = row_after({"shows": "yes"}, "1")
    assert first["date"] and first["versions"] == {"voila": "1"}, "a new row"
    path.write_text(path.read_text(encoding="utf-8").replace(first["date"], "2026-01-01"), encoding="utf-8")
    part = row_after({"gallery": "no"}, "2")
    assert part == {"date": "2026-01-01", "versions": {"voila": "1"}, "cells": {"shows": "yes", "gallery": "no"}}
    whole = row_after(every, "3")
    assert whole["date"] != "2026-01-01" and whole["versions"] == {"voila": "3"} and whole["cells"] == every
