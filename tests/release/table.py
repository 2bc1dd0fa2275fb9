"""On which versions the wheel was tried, as ``docs/versions.json`` and ``docs/versions.md``:
``python -m tests.release.table``.

Needs the standard library only, so that ``make test`` can compare the page with ``docs/versions.json``.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.marks import between

BEGIN, END = "<!-- make versions writes from here -->", "<!-- to here, versions -->"

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
SETS = ("oldest", "newest")
SHOWN = (
    "torch", "torchvision", "numpy", "matplotlib", "pillow", "ipywidgets", "anywidget", "traitlets", "safetensors",
    "tqdm", "pandas", "pyarrow", "zarr",
)  # fmt: skip

Results = Mapping[str, Mapping[str, Any]]


def record(root: Path, python: str, versions: str, found: str, what: Mapping[str, str], commit: str) -> None:
    """Write what came of one Python and one set of versions; what was not tried this time stays.

    Args:
        found: the counts of pytest. what: versions by name, that of Python among them. commit: what was built.
    """
    path = root / "docs" / "versions.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    known[f"{python} {versions}"] = {"date": today, "commit": commit, "found": found, "versions": dict(what)}
    rows = [f" {json.dumps(key)}: {json.dumps(known[key])}" for key in _cells() if key in known]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    put(root)


def put(root: Path) -> None:
    """Make the page from ``docs/versions.json``."""
    known = json.loads((root / "docs" / "versions.json").read_text(encoding="utf-8"))
    path = root / "docs" / "versions.md"
    path.write_text(between(path.read_text(encoding="utf-8"), BEGIN, END, page(known)), encoding="utf-8")


def page(known: Results) -> str:
    """What came of each Python, and on which versions."""
    tried = [
        f"| {python} | " + " | ".join(_found(known.get(f"{python} {versions}")) for versions in SETS) + " |"
        for python in PYTHONS
    ]
    keys = [key for key in _cells() if key in known]
    of_what = [
        f"| {name} | " + " | ".join(known[key]["versions"].get(name, "–") for key in keys) + " |"
        for name in ("python", *SHOWN)
    ]
    dates = f"| tried on | {' | '.join(known[key]['date'] for key in keys)} |"
    commits = f"| commit | {' | '.join(known[key].get('commit', '–') for key in keys)} |"
    head = ["| Python | oldest | newest |", "| :-- | :-- | :-- |"]
    heads = [f"|  | {' | '.join(keys)} |", "| :-- |" + " :-- |" * len(keys)]
    return "\n".join([*head, *tried, "", *heads, *of_what, dates, commits]) + "\n"


def _cells() -> list[str]:
    return [f"{python} {versions}" for python in PYTHONS for versions in SETS]


def _found(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not tried"
    return f"**{row['found']}**" if "ended" in row["found"] else str(row["found"])


if __name__ == "__main__":
    put(Path(__file__).parents[2])
