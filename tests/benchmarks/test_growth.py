"""How costs grow: measured along four axes, exponents fitted. No bars: the figures are for the table and the plot."""

from __future__ import annotations

import pytest

from tests.benchmarks.growth import AXES, QUESTIONS, Axis, grown
from tests.benchmarks.results import Results


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.name)
def test_growth(axis: Axis, results: Results):
    costs: dict[str, dict[int, float]] = {name: {} for name in QUESTIONS}
    for one in grown(axis):
        for name, question in QUESTIONS.items():
            costs[name][one.size] = question(one)
    for name, ms in costs.items():
        assert tuple(ms) == axis.sizes
        results.growth(name, axis.name, axis.model, ms)
