"""The fixtures of the JavaScript tests still say what torch says."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from camwidget.engine import upsample
from tests.parity.make_js_fixtures import FOLDER, fixtures


@pytest.fixture(scope="module")
def fresh():
    return fixtures()


@pytest.mark.parametrize("name", ["upsample.json", "placed.json"])
def test_upsampling_fixtures_equal_torch(fresh, name):
    kept = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert len(kept) == len(fresh[name])
    for old, new in zip(kept, fresh[name], strict=True):
        assert [old.get(k) for k in ("mode", "from", "to", "place")] == [
            new.get(k) for k in ("mode", "from", "to", "place")
        ]
        np.testing.assert_allclose(old["values"], new["values"], atol=0)
        np.testing.assert_allclose(np.float64(old["expected"]), np.float64(new["expected"]), atol=5e-6)


def test_the_engine_places_cells_as_torch_samples_a_grid(fresh):
    for case in fresh["placed.json"]:
        values = torch.tensor(case["values"]).reshape(1, *case["from"])
        place = tuple(tuple(pair) for pair in case["place"])
        made = upsample(values, case["to"], case["mode"], place, outside=float("nan")).flatten().numpy()
        due = np.clip(np.float64(case["expected"]), values.min().item(), values.max().item())
        np.testing.assert_allclose(made, due, atol=1e-5)
        assert np.isnan(made).any() == (None in case["expected"])


def test_half_fixtures_equal_numpy(fresh):
    assert json.loads((FOLDER / "half.json").read_text(encoding="utf-8")) == fresh["half.json"]


def test_python_fixtures_are_what_the_widget_writes(fresh):
    kept = json.loads((FOLDER / "python.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(fresh["python.json"]))  # lists for tuples


def test_what_is_copied_is_python(fresh):
    for case in fresh["python.json"]:
        compile(case["code"], "copied", "exec")


def test_region_fixtures_equal_pythons_numbers(fresh):
    kept = json.loads((FOLDER / "regions.json").read_text(encoding="utf-8"))
    assert len(kept) == len(fresh["regions.json"])
    for old, new in zip(kept, fresh["regions.json"], strict=True):
        assert old["region"] == new["region"]
        np.testing.assert_allclose(old["expected"], new["expected"], atol=1e-6)
