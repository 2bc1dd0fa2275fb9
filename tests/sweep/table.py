"""What the sweep found, as ``docs/models.md`` and as the block of README.md: ``python -m tests.sweep.table``.

Needs the standard library only, so that ``make test`` can compare the pages with ``docs/models.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.marks import between

BEGIN, END = "<!-- make sweep writes from here -->", "<!-- and to here -->"

Row = Mapping[str, Any]

TARGETS = {"torchvision": 1.0, "timm": 0.95, "by hand": 1.0}
KINDS = {"channels_first": "channels first", "channels_last": "channels last", "tokens": "tokens"}
INTRO = """# Networks tried

One run of `make sweep` on {date} ({versions}): each network with random weights, one input, every gradient variant at
the default layer. A network works where the default layer is found, its grid is the one that the architecture makes of
the input, every map is finite and not zero everywhere, and the model is as before: weights, buffers, modes, flags,
hooks, attributes, random state. Weights that are zero at birth (new heads, last normalisations of blocks) are drawn at
random.
"""


def write(root: Path, found: Iterable[Any]) -> None:
    """Write what was found, and the pages."""
    import datetime
    from importlib import metadata

    results = {
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "versions": {name: metadata.version(name) for name in ("torch", "torchvision", "timm")},
        "networks": [one.row() for one in found],
    }
    text = json.dumps(results, indent=None, ensure_ascii=False)
    # one line a network, so that changes can be read
    text = text.replace('{"name"', '\n{"name"').replace("}]}", "}\n]}\n")
    (root / "docs" / "models.json").write_text(text, encoding="utf-8")
    put(root)


def put(root: Path) -> None:
    """Make the pages from ``docs/models.json``."""
    results = json.loads((root / "docs" / "models.json").read_text(encoding="utf-8"))
    (root / "docs" / "models.md").write_text(page(results), encoding="utf-8")
    readme = root / "README.md"
    readme.write_text(with_summary(readme.read_text(encoding="utf-8"), results), encoding="utf-8")


def with_summary(readme: str, results: Mapping[str, Any]) -> str:
    """README.md with the summary between the two marks."""
    return between(readme, BEGIN, END, summary(results))


def summary(results: Mapping[str, Any]) -> str:
    """How many networks of each library work."""
    rows = []
    for library, networks in _by_library(results["networks"]).items():
        working = sum(not row["wrong"] for row in networks)
        kinds = [KINDS[kind] for kind in KINDS if any(row["kind"] == kind for row in networks)]
        share = f"{working / len(networks):.0%} (≥ {TARGETS[library]:.0%})"
        rows.append([library, str(len(networks)), str(working), share, ", ".join(kinds)])
    head = ["networks of", "tried", "working", "share (target)", "outputs read as"]
    reasons = [f"* {row['name']}: {'; '.join(row['wrong'])}." for row in results["networks"] if row["wrong"]]
    return "\n\n".join(part for part in (_markdown(head, rows), "\n".join(reasons)) if part) + "\n"


def page(results: Mapping[str, Any]) -> str:
    """The whole table."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    parts = [INTRO.format(date=results["date"], versions=versions), summary(results)]
    for library, networks in _by_library(results["networks"]).items():
        rows = [_row(row) for row in networks]
        parts += [f"## {library}", _markdown(["network", "input", "default layer", "grid", "read as", "works"], rows)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _row(row: Row) -> list[str]:
    kind = KINDS.get(row["kind"], "–")
    if row["prefix"]:
        kind += f", {row['prefix']} before the grid"
    works = "yes" if not row["wrong"] else "**no**: " + "; ".join(row["wrong"])
    layer = f"`{row['layer']}`" if row["layer"] else "–"
    return [row["name"], _size(row["input"]), layer, _size(row["grid"]) or "–", kind, works.replace("|", "\\|")]


def _by_library(networks: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in networks:
        found.setdefault(row["library"], []).append(row)
    return found


def _size(sides: Sequence[int]) -> str:
    return "×".join(map(str, sides))


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, [":--"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    put(Path(__file__).parents[2])
