"""A model that needs more memory than there is has fewer layers, says so, and its maps are as right as ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camwidget.engine import CamEngine, room

WHOLE = 10**9


def equal_maps(recording: object, whole: object) -> bool:
    return all(
        torch.allclose(recording.cams([1, 3], s, v), whole.cams([1, 3], s, v), atol=1e-6)
        for s in recording.stages
        for v in ("layercam", "guided_relu")
    )


def test_enough_room_leaves_nothing_out(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn, memory=WHOLE).record(x)
    assert recording.left_out == ""
    assert recording.stages == CamEngine(cnn).record(x).stages


def test_the_first_layers_are_left_out_and_the_others_right(cnn: nn.Module, x: Tensor) -> None:
    whole = CamEngine(cnn).record(x)
    needed = whole._layout.bytes * len(x)
    engine = CamEngine(cnn, memory=needed // 3)
    recording = engine.record(x)
    assert set(recording.layers) < set(whole.layers)
    assert recording.default_layer == "last" and "stem" not in recording.layers
    assert equal_maps(recording, whole)
    assert torch.allclose(recording.scores, whole.scores)
    assert "layers before" in recording.left_out and " kB may be used" in recording.left_out
    with pytest.raises(ValueError, match=r"'stem' is not recorded\. Too large .* first one: 'block"):
        recording.cam(1, "stem")
    again = engine.record(x * 2)  # known by now: the same layers
    assert (again.layers, again.left_out) == (recording.layers, recording.left_out)


def test_the_last_layer_is_always_there(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn, memory=0).record(x)
    assert recording.stages == ("last",)
    assert equal_maps(recording, CamEngine(cnn).record(x))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "squeezenet1_1"])
@pytest.mark.parametrize("share", [0.5, 0.05])
def test_known_networks(name: str, share: float) -> None:
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)(weights=None, num_classes=10).eval()
    x = torch.randn(1, 3, 64, 64)
    whole = CamEngine(model).record(x)
    recording = CamEngine(model, memory=int(share * whole._layout.bytes)).record(x)
    # what holds the last layer alone may now bear its name
    assert recording.left_out and whole.resolve(recording.default_layer) == whole.default_layer
    assert equal_maps(recording, whole)


class Around(nn.Module):
    """A model in an attribute of another, beside modules of TorchScript."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.scripted = torch.jit.script(nn.Identity())
        self.stages = nn.ModuleList([model])

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"logits": self.stages[0](self.scripted(x))}


def test_a_model_within_another(cnn: nn.Module, x: Tensor) -> None:
    whole = CamEngine(cnn).record(x)
    recording = CamEngine(Around(cnn).eval(), memory=whole._layout.bytes * len(x) // 3).record(x)
    stages = [f"stages.0.{stage}" for stage in whole.stages if f"stages.0.{stage}" in recording.layers]
    assert recording.left_out and recording.default_layer == "stages.0.last" and stages
    assert "stages.0.stem" not in recording.layers
    for stage in stages:
        assert torch.allclose(recording.cam(1, stage), whole.cam(1, stage.removeprefix("stages.0.")), atol=1e-6)


def test_a_model_that_catches_everything(cnn: nn.Module, x: Tensor) -> None:
    class Catches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = cnn

        def forward(self, x: Tensor) -> Tensor:
            try:
                return self.inner(x)
            except Exception:  # noqa: BLE001
                return x.mean((1, 2, 3))[:, None].expand(-1, 5)

    whole = CamEngine(cnn).record(x)
    recording = CamEngine(Catches().eval(), memory=whole._layout.bytes * len(x) // 3).record(x)
    assert recording.left_out and torch.allclose(recording.scores, whole.scores)


@pytest.mark.parametrize("share", [0.6, 0.2])
def test_a_device_that_runs_out_before_it_was_foreseen(
    cnn: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """What functions return is not weighed, so that a pass may fail that seemed to fit."""
    whole = CamEngine(cnn).record(x)
    room_there, used = share * whole._layout.bytes * len(x), 0.0

    def allocate(module: nn.Module, _args: object, output: Tensor) -> None:
        nonlocal used
        used = used + output.numel() * 4 if output.requires_grad else 0
        if used > room_there:
            used = 0
            raise torch.cuda.OutOfMemoryError

    for module in cnn.modules():
        module.register_forward_hook(allocate)
    monkeypatch.setattr(room, "limit", lambda _device, _given: WHOLE)
    recording = CamEngine(cnn).record(x)
    assert recording.left_out and equal_maps(recording, whole)


def test_a_device_without_room_is_said(cnn: nn.Module, x: Tensor) -> None:
    def fail(module: nn.Module, _args: object, output: Tensor) -> None:
        if output.requires_grad:
            raise torch.cuda.OutOfMemoryError

    list(cnn.modules())[-1].register_forward_hook(fail)
    with pytest.raises(MemoryError, match="not even for its last layers"):
        CamEngine(cnn).record(x)


def test_a_larger_batch_leaves_out_more(cnn: nn.Module, x: Tensor) -> None:
    needed = CamEngine(cnn).record(x)._layout.bytes
    engine = CamEngine(cnn, memory=needed // 2)
    one, many, again = (engine.record(batch) for batch in (x[:1], x[:1].repeat(12, 1, 1, 1), x[:1]))
    assert one.left_out and set(many.layers) < set(one.layers)
    assert again.layers == one.layers


def test_the_model_is_as_it_was(cnn: nn.Module, x: Tensor) -> None:
    before = {name: t.clone() for name, t in cnn.state_dict().items()}
    CamEngine(cnn.train(), memory=0).record(x)
    assert cnn.training and all(not m._forward_hooks for m in cnn.modules())
    assert all(torch.equal(t, before[name]) for name, t in cnn.state_dict().items())
    assert torch.is_grad_enabled()


def test_grad_mode_is_the_callers_again(cnn: nn.Module, x: Tensor) -> None:
    with torch.no_grad():
        CamEngine(cnn, memory=0).record(x)
        assert not torch.is_grad_enabled()


def test_what_a_failed_pass_made_is_gone_before_the_next(
    cnn: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[bool] = []
    seen: list[object] = []
    original = room.find_start

    def watch(module: nn.Module, _args: object, output: Tensor) -> None:
        if output.requires_grad:
            seen.append(output.untyped_storage()._weak_ref())

    def find_start(model: nn.Module, source: Tensor, most: int, call: Any) -> room.Start:
        alive.extend(not torch.UntypedStorage._expired(ref) for ref in seen)
        return original(model, source, most, call)

    monkeypatch.setattr(room, "find_start", find_start)
    cnn.stem.register_forward_hook(watch)
    CamEngine(cnn, memory=100_000).record(x)
    assert alive and not any(alive)


@pytest.mark.parametrize("memory", [-1, 1.5, "1 GB", True])
def test_memory_is_a_number_of_bytes(cnn: nn.Module, memory: object) -> None:
    with pytest.raises(TypeError, match="accepted: None or a number of bytes"):
        CamEngine(cnn, memory=memory)


def test_autocast(cnn: nn.Module, x: Tensor) -> None:
    plain, cast = CamEngine(cnn).record(x), CamEngine(cnn, autocast=torch.bfloat16).record(x)
    assert cast.activations("last").dtype == torch.bfloat16
    made, expected = cast.cams([1, 2]), plain.cams([1, 2])
    assert made.dtype == torch.float32
    assert 0 < float((made - expected).abs().max()) < 0.05 * float(expected.abs().max())
    with pytest.raises(TypeError, match="autocast is 'bf16'; accepted: None or a floating-point dtype"):
        CamEngine(cnn, autocast="bf16")


def test_autocast_around_a_question(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    expected, all_expected = recording.cams([1, 2], variant="guided_relu"), recording.all_cams()
    with torch.autocast("cpu", torch.bfloat16):
        again = CamEngine(cnn).record(x)
        assert again.cams([1, 2]).dtype == again.all_cams().dtype == torch.float32
        fresh = recording.cams([3])
        assert torch.equal(recording.cams([1, 2], variant="guided_relu"), expected)
        assert torch.equal(recording.all_cams(), all_expected)
    assert torch.allclose(fresh, recording.cams([3]))


def test_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 4000 kB\nMemAvailable:    2000 kB\n")
    monkeypatch.setattr(room, "MEMINFO", meminfo)
    monkeypatch.setattr(room, "CGROUP", tmp_path)
    assert room.limit(None, None) == 1_024_000
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("500000\n")
    assert room.limit(None, None) == 1_024_000
    (tmp_path / "memory.max").write_text("900000\n")
    assert room.limit(None, None) == 200_000
    (tmp_path / "memory.stat").write_text("anon 300000\ninactive_file 90000\nactive_file 10000\nactive_anon 5\n")
    assert room.limit(None, None) == 250_000  # what the kernel keeps of files gives way
    assert room.limit(None, 7) == 7
    monkeypatch.setattr(room, "MEMINFO", tmp_path / "none")
    monkeypatch.setattr(room, "CGROUP", tmp_path / "none")
    assert room.limit(None, None) is None
