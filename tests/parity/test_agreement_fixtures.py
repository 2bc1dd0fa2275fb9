"""The fixture of the variants' agreement still says what scipy says, and ``camwidget.agreement`` says the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from camwidget.agreement import agreement, ranks

scipy_stats = pytest.importorskip("scipy.stats")


def test_the_fixture_equals_scipy() -> None:
    from tests.parity.make_agreement_fixtures import FILE, fixture

    assert json.loads(FILE.read_text(encoding="utf-8")) == json.loads(json.dumps(fixture()))


@pytest.mark.parametrize("kinds", [1, 3, 1000])
def test_ranks_and_correlations_equal_scipy(kinds: int) -> None:
    rng = np.random.default_rng(kinds)
    maps = {name: rng.integers(0, kinds, (9, 11)).astype(np.float32) for name in "abc"}
    for values in maps.values():
        np.testing.assert_array_equal(ranks(values.ravel().astype(float)), scipy_stats.rankdata(values))
    found = agreement(maps).correlations
    if kinds == 1:
        assert np.isnan(found).all()
        return
    due = scipy_stats.spearmanr(np.stack([m.ravel() for m in maps.values()], 1)).statistic
    np.testing.assert_allclose(found, due, atol=1e-12)
