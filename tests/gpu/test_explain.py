"""Many images on a CUDA device: the maps and measures of the CPU."""

from __future__ import annotations

import numpy as np
import torch

from camwidget import explain
from camwidget.metrics import measure, randomisation
from tests.conftest import TinyCnn

BOXES = [(0, 0, 20, 20)] * 10


def test_maps_and_measures(device: torch.device) -> None:
    here, there = TinyCnn().eval(), TinyCnn().eval()
    there.load_state_dict(here.state_dict())
    there.to(device)
    x = torch.randn(10, 3, 32, 32)
    ours = explain(there, x, layer=[None, "block"], variant=["gradcam", "layercam"], batch_size=4, progress=False)
    expected = explain(here, x, layer=[None, "block"], variant=["gradcam", "layercam"], batch_size=4, progress=False)
    for key, maps in expected.maps.items():
        np.testing.assert_allclose(ours.maps[key], maps, rtol=1e-3, atol=1e-5)
    assert ours.predicted.tolist() == expected.predicted.tolist()
    found, known = (measure(model, x, 1, BOXES, ["gradcam"], layer="block", steps=4) for model in (there, here))
    for name in ("average drop", "pointing game", "energy in box", "insertion"):
        np.testing.assert_allclose(found["gradcam"][name], known["gradcam"][name], rtol=1e-2, atol=1e-3)
    assert randomisation(there, x, 1, steps=2).similarity.shape == (2, 10)
