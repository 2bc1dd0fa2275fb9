"""What a run of the benches found: cases with their bars, and how costs grow. One JSON file, one line a case."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Bar:
    """One promise: ``what`` was ``found``, and may be at most, or must be at least, ``limit``."""

    what: str
    found: float
    sense: str
    limit: float
    met: bool

    def __str__(self) -> str:
        return f"{self.what}: {self.found:.4g}, bar {self.sense} {self.limit:g}{'' if self.met else '  MISSED'}"


@dataclass
class Case:
    """One thing that was measured, on one model. ``figures`` in ``unit``, by who or what they are of."""

    case: str
    model: str
    unit: str = "ms"
    at: str | None = None
    figures: dict[str, float] = field(default_factory=dict)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    date: str | None = None
    """Of one that was measured after the others."""

    def covers(self, other: Case) -> bool:
        """Whether it has every figure and every bar that the other has."""
        whats = [{bar.what for bar in case.bars} for case in (other, self)]
        return other.figures.keys() <= self.figures.keys() and whats[0] <= whats[1]


@dataclass
class Growth:
    """How the cost of ``case`` grows with ``of``: milliseconds at each size, and the exponent p of ms ~ size**p."""

    case: str
    of: str
    model: str
    sizes: list[int]
    ms: list[float]
    exponent: float


class Results:
    """Collects what tests find. Any test in this folder may add to it, through the ``results`` fixture:

    >>> results = Results()
    >>> case = results.case("click to pixels", "ResNet-50", unit="ms", at="layer4")
    >>> case.figures["camwidget"] = 61.0
    >>> results.assert_bar(case, "camwidget / round trip", 1.02, at_most=1.1)
    """

    def __init__(self) -> None:
        self.cases: dict[tuple[str, str], Case] = {}
        self.growths: list[Growth] = []

    def case(self, case: str, model: str, unit: str = "ms", at: str | None = None) -> Case:
        """The case of this name on this model, new or begun by an earlier test."""
        return self.cases.setdefault((case, model), Case(case, model, unit, at))

    def assert_bar(
        self, case: Case, what: str, found: float, *, at_most: float | None = None, at_least: float | None = None
    ) -> None:
        """Assert that a figure meets its bar: the assertion of every bench. Both are noted first, met or not."""
        if at_most is not None:
            bar = Bar(what, found, "<=", at_most, found <= at_most)
        elif at_least is not None:
            bar = Bar(what, found, ">=", at_least, found >= at_least)
        else:
            raise ValueError("a bar has a limit: give at_most or at_least")
        case.bars = [*(known for known in case.bars if known.what != what), bar]
        assert bar.met, f"{case.case}, {case.model}: {bar}"

    def growth(self, case: str, of: str, model: str, ms: Mapping[int, float]) -> Growth:
        """Note the costs at each size; the exponent is fitted."""
        found = Growth(case, of, model, list(ms), list(ms.values()), exponent(list(ms), list(ms.values())))
        self.growths.append(found)
        return found

    def join(self, path: Path, date: str) -> dict[str, Any]:
        """Take from an earlier run's file what was not measured now, and date what was; returns what run that was.

        Several tests may fill a case: one that not all of them measured anew stays as it was, or figures would be lost.
        So does how costs grow, which a plot shows too: only a run of all benches draws it.
        """
        known = json.loads(path.read_text(encoding="utf-8"))
        now, self.cases = self.cases, {}
        for case in known["cases"]:
            bars = [Bar(**bar) for bar in case.pop("bars", [])]
            self.cases[case["case"], case["model"]] = Case(**case, bars=bars)
        for key, found in now.items():
            if key in self.cases and not found.covers(self.cases[key]):
                print(f"\n{', '.join(filter(None, key))}: measured in part only, left as it was")
            else:
                found.date = date
                self.cases[key] = found
        if self.growths:
            print("\nhow costs grow: left as it was, a run of all benches writes it")
        self.growths = [Growth(**growth) for growth in known["growth"]]
        about: dict[str, Any] = known["about"]
        return about

    def plain(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """As they are written down: what the file holds when it is read."""
        return {
            "about": about,
            "cases": [_plain(case) for case in self.cases.values()],
            "growth": [_plain(growth) for growth in self.growths],
        }

    def write(self, path: Path, about: Mapping[str, Any]) -> None:
        """As JSON, one line a case, so that a diff shows which case has changed."""
        parts = self.plain(about)
        lines = [f'"about": {json.dumps(parts.pop("about"), ensure_ascii=False)}']
        for name, items in parts.items():
            rows = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
            lines.append(f'"{name}": [\n{rows}\n]')
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The least-squares slope of log(cost) over log(size).

    >>> round(exponent([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def _plain(item: Case | Growth) -> dict[str, Any]:
    found = {name: value for name, value in asdict(item).items() if value not in (None, [], {})}
    rounded: dict[str, Any] = _rounded(found)
    return rounded


def _rounded(value: Any) -> Any:
    """Four digits: more would be noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value
