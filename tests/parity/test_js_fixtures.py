"""The fixtures of the JavaScript tests still say what torch says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.parity.make_js_fixtures import FOLDER, fixtures


@pytest.fixture(scope="module")
def fresh():
    return fixtures()


def test_upsampling_fixtures_equal_torch(fresh):
    kept = json.loads((FOLDER / "upsample.json").read_text(encoding="utf-8"))
    assert len(kept) == len(fresh["upsample.json"])
    for old, new in zip(kept, fresh["upsample.json"], strict=True):
        assert (old["mode"], old["from"], old["to"]) == (new["mode"], new["from"], new["to"])
        np.testing.assert_allclose(old["values"], new["values"], atol=0)
        np.testing.assert_allclose(old["expected"], new["expected"], atol=5e-6)


def test_half_fixtures_equal_numpy(fresh):
    assert json.loads((FOLDER / "half.json").read_text(encoding="utf-8")) == fresh["half.json"]
