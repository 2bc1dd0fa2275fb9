"""The pages of networks that were tried show the committed results, and miss no network that they promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torchvision

from tests.sweep import table

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "models.json").read_text(encoding="utf-8"))


def test_the_pages_show_the_committed_results(results: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count(table.BEGIN) == 1
    assert table.with_summary(readme, results) == readme, "python -m tests.sweep.table"
    assert (ROOT / "docs" / "models.md").read_text(encoding="utf-8") == table.page(results)


def test_every_network_of_torchvision_is_there_and_works(results: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in results["networks"] if row["library"] == "torchvision"}
    modules = (torchvision.models, torchvision.models.video, torchvision.models.segmentation)
    known = {name for module in modules for name in torchvision.models.list_models(module=module)}
    # a newer torchvision may have more than the one that was tried, an older one fewer
    assert len(known & set(rows)) >= 0.9 * max(len(known), len(rows))
    assert not [row["name"] for row in rows.values() if row["wrong"]]


def test_most_of_many_families_of_timm_work(results: dict[str, Any]) -> None:
    rows = [row for row in results["networks"] if row["library"] == "timm"]
    assert len(rows) >= 100
    assert sum(not row["wrong"] for row in rows) >= 0.95 * len(rows)


def test_a_network_that_fails_is_shown_with_its_reason() -> None:
    row = {
        "name": "a",
        "library": "timm",
        "input": [8, 8],
        "layer": "",
        "grid": [],
        "kind": "",
        "prefix": 0,
        "layers": 0,
    }
    rows = [row | {"wrong": []}, row | {"name": "b", "wrong": ["ValueError: no | layer"]}]
    results = {"date": "2026-01-01", "versions": {"torch": "2"}, "networks": rows}
    assert "| timm | 2 | 1 | 50% (≥ 95%) |" in table.summary(results)
    assert "* b: ValueError: no | layer." in table.summary(results)
    assert "**no**: ValueError: no \\| layer" in table.page(results)


def test_a_readme_keeps_what_is_around_the_table(results: dict[str, Any]) -> None:
    text = table.with_summary(f"before {table.BEGIN} old {table.END} after <!-- to here -->", results)
    assert text.startswith("before ") and text.endswith(" after <!-- to here -->") and "old" not in text
