"""``benchmarks.json`` as the tables of README.md: ``python -m tests.benchmarks.table`` puts them there.

Needs the standard library only, so that ``make test`` can compare the two without the other libraries.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.marks import between

BEGIN, END = "<!-- make bench writes from here -->", "<!-- to here -->"

Case = Mapping[str, Any]

CLICK = "class switch"
OURS = "camwidget"
PEERS = ("captum", "pytorch-grad-cam", "torchcam")


def put(readme: Path, found: Mapping[str, Any]) -> None:
    """Replace what stands between the two marks. ``found`` is what ``benchmarks.json`` holds."""
    text = between(readme.read_text(encoding="utf-8"), BEGIN, END, tables(found))
    readme.write_text(text, encoding="utf-8")


def tables(found: Mapping[str, Any]) -> str:
    """All tables, with where they were made."""
    cases = found["cases"]
    parts = [
        _about(found["about"]),
        "A click on another class, milliseconds, and how many times ours that is:",
        _clicks([case for case in cases if case["case"] == CLICK]),
        _notes(cases),
        "The bars, by network (what misses its bar is bold):",
        _bars(cases),
        "And on one network:",
        _single(cases),
        "How costs grow: the exponent p of milliseconds ~ size<sup>p</sup>, by least squares:",
        _growth(found["growth"]),
        "![Costs over image side, classes, layers and batch, log over log](docs/growth.png)",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(about: Mapping[str, Any]) -> str:
    machine, versions = about["machine"], about["versions"]
    device = f"{machine['cpu']}, {machine['threads']} of {machine['cores']} cores, {machine['ram']}, {machine['os']}"
    if machine.get("gpu"):
        device += f", {machine['gpu']}"
    if machine.get("load before") is not None:
        device += f"; load average before the run {machine['load before']:g}"
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"One run of `make bench` on {about['date']}: {device}; {listed}. Medians; torchvision's networks with random "
        "weights, 224x224. To repeat it: `make bench`, which installs the other libraries beside, checks first that "
        "all draw the same maps, and rewrites this section, `benchmarks.json` and the plot. What has a date is "
        "of a later run of a part (`PYTEST_ARGS='-k bundle' make bench`)."
    )


def _clicks(cases: Sequence[Case]) -> str:
    rows = []
    for case in cases:
        figures = case["figures"]
        others = [_times(figures.get(peer), figures[OURS]) for peer in PEERS]
        model = f"{case['model']}{_mark(case)}, `{case['at']}`{_dated(case)}"
        rows.append([model, f"**{_number(figures[OURS])}**", _number(figures.get("by hand")), *others])
    return _markdown(["network, layer", OURS, "by hand", *PEERS], rows)


def _times(ms: float | None, ours: float) -> str:
    return "–" if ms is None else f"{_number(ms)} ({ms / ours:.0f} x)"


def _mark(case: Case) -> str:
    return " \\*" if case.get("notes") else ""


def _notes(cases: Iterable[Case]) -> str:
    notes = {
        f"\\* {case['model']}, {note}." for case in cases if case["case"] == CLICK for note in case.get("notes", [])
    }
    return "\n".join(sorted(notes))


def _bars(cases: Sequence[Case]) -> str:
    models = list(dict.fromkeys(case["model"] for case in cases if case["case"] == CLICK))
    rows = []
    for name in _names(cases, single=False):
        of = {case["model"]: _merged(case.get("bars", [])) for case in cases if case["case"] == name}
        dates = {case["model"]: _dated(case) for case in cases if case["case"] == name}
        for what in dict.fromkeys(bar["what"] for bars in of.values() for bar in bars):
            bars = {model: bar for model, known in of.items() for bar in known if bar["what"] == what}
            limits = {_limit(bar) for bar in bars.values()}
            alike = len(limits) == 1
            cells = [
                _cell(bars[model], with_limit=not alike) + dates[model] if model in bars else "–" for model in models
            ]
            rows.append([f"{name}: {what}", limits.pop() if alike else "", *cells])
    return _markdown(["", "bar", *models], rows)


def _single(cases: Sequence[Case]) -> str:
    names = _names(cases, single=True)
    rows = [
        [
            f"{case['case']}{', ' * bool(case['model'])}{case['model']}: {bar['what']}",
            _cell(bar) + _dated(case),
            _limit(bar),
        ]
        for case in cases
        if case["case"] in names
        for bar in case.get("bars", [])
    ]
    return _markdown(["", "found", "bar"], rows)


def _dated(case: Case) -> str:
    return f" ({case['date']})" if "date" in case else ""


def _names(cases: Sequence[Case], single: bool) -> list[str]:
    """Names of the cases that were measured on one network, or on several."""
    every = [case["case"] for case in cases]
    return [name for name in dict.fromkeys(every) if (every.count(name) == 1) == single]


def _merged(bars: Sequence[Case]) -> list[Case]:
    """Of the bars against the other libraries the nearest one's only."""
    peers = [bar for bar in bars if bar["what"].endswith(f"/ {OURS}")]
    others = [bar for bar in bars if bar not in peers]
    if not peers:
        return others
    return [*others, {**min(peers, key=lambda bar: float(bar["found"])), "what": f"nearest library / {OURS}"}]


def _limit(bar: Case) -> str:
    return f"{'≤' if bar['sense'] == '<=' else '≥'} {bar['limit']:g}"


def _cell(bar: Case, with_limit: bool = False) -> str:
    text = _number(bar["found"]) + (f" ({_limit(bar)})" if with_limit else "")
    return text if bar["met"] else f"**{text}**"


def _growth(growths: Sequence[Case]) -> str:
    axes = list(dict.fromkeys(growth["of"] for growth in growths))
    ranges = {growth["of"]: f"{growth['of']} {growth['sizes'][0]}–{growth['sizes'][-1]}" for growth in growths}
    found = {(growth["case"], growth["of"]): f"{growth['exponent']:.2f}" for growth in growths}
    rows = [
        [case, *(found.get((case, axis), "–") for axis in axes)] for case in dict.fromkeys(g["case"] for g in growths)
    ]
    return _markdown(["", *(ranges[axis] for axis in axes)], rows)


def _number(value: float | None) -> str:
    """Three digits, no exponent."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if 1 <= abs(value) < 2:  # a ratio that misses its bar by little must not read as the bar
        return f"{value:.4g}"
    return f"{value:.2g}" if abs(value) < 0.01 else f"{value:.3g}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    put(root / "README.md", json.loads((root / "benchmarks.json").read_text(encoding="utf-8")))
