"""The same maps on the device as on the CPU in double precision, for every variant, in float32 and bfloat16."""

from __future__ import annotations

import copy

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camwidget.engine import CamEngine
from tests.promises.subjects import SIZE, SUBJECTS
from tests.registry import ALL, GRADIENT

NETWORKS = {
    "resnet18": ("layer2", 64),
    "squeezenet1_1": ("features.7", 64),
    "densenet121": ("features.denseblock2", 64),
    "mobilenet_v3_small": ("features.6", 64),
    "convnext_tiny": ("features.3", 64),
    "vgg11_bn": ("features.14", 64),
}
"""Name -> an early layer, size of the input."""


def made(name: str) -> tuple[nn.Module, Tensor, str]:
    layer, size = NETWORKS[name]
    torch.manual_seed(1)
    model = getattr(torchvision.models, name)(num_classes=20).eval()
    return model, torch.randn(2, 3, size, size), layer


def stacks(model: nn.Module, x: Tensor, layer: str, variants: list[str], **engine: object) -> dict[tuple, Tensor]:
    recording = CamEngine(model, **engine).record(x)
    return {
        (at, variant): recording.cams([1, 7], at, variant).double().cpu()
        for at in (layer, None)
        for variant in variants
    }


def correlation(a: Tensor, b: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1])


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_on_the_device_agrees_with_double_precision_on_the_cpu(name: str, device: torch.device) -> None:
    model, x, layer = made(name)
    exact = stacks(copy.deepcopy(model).double(), x.double(), layer, GRADIENT)
    here = stacks(model.to(device), x, layer, GRADIENT)  # x is moved by the engine
    for key, expected in exact.items():
        size = float(expected.abs().max())
        torch.testing.assert_close(
            here[key], expected, rtol=1e-3, atol=1e-3 * size + 1e-12, msg=lambda m, k=key: f"{k}: {m}"
        )


@pytest.mark.parametrize("name", ["resnet18", "convnext_tiny"])
@pytest.mark.parametrize("how", ["weights", "autocast", "caller"])
def test_bfloat16_on_the_device_agrees_to_the_eye(how: str, name: str, device: torch.device) -> None:
    model, x, layer = made(name)
    plain = ["gradcam", "hirescam"]
    exact = stacks(copy.deepcopy(model).double(), x.double(), layer, plain)
    model = model.to(device)
    if how == "weights":
        found = stacks(model.bfloat16(), x, layer, plain)
    elif how == "autocast":
        found = stacks(model, x, layer, plain, autocast=torch.bfloat16)
    else:
        with torch.autocast(device.type, torch.bfloat16):
            found = stacks(model, x, layer, plain)
    for key, expected in exact.items():
        assert torch.isfinite(found[key]).all()
        assert correlation(found[key], expected) > 0.95, key


@pytest.mark.parametrize("name", NETWORKS)
def test_all_classes_at_once_agree_with_each_by_itself(name: str, device: torch.device) -> None:
    model, x, _ = made(name)
    recording = CamEngine(model.to(device)).record(x)
    for variant in ALL:
        if recording.all_at_once(None, variant):
            whole, each = recording.all_cams(None, variant), recording.cams(list(range(20)), None, variant)
            torch.testing.assert_close(whole, each, rtol=1e-3, atol=1e-4 * float(each.abs().max()) + 1e-12)


@pytest.mark.parametrize("name", SUBJECTS)
def test_awkward_networks_give_the_maps_of_the_cpu(name: str, device: torch.device) -> None:
    if name == "draws numbers":
        pytest.skip("draws other numbers on each device")
    torch.manual_seed(2)
    model = SUBJECTS[name]()
    x = torch.randn(2, 3, SIZE, SIZE)
    expected = CamEngine(model).record(x).cams([0, 4])
    found = CamEngine(model.to(device)).record(x).cams([0, 4])
    assert found.device.type == device.type
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))
