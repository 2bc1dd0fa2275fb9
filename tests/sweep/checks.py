"""What the sweep asks of one network: a default layer, its grid, a map of every variant, and not a trace left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from camwidget import VARIANTS
from camwidget.engine import CamEngine, Recording

CLASSES = 1000


@dataclass(frozen=True)
class Network:
    """One network of the sweep.

    Attributes:
        name: as its library calls it. family: for the table.
        make: returns the network. size: of the input, ``(*spatial)``. channels: of the input.
        grid: the default layer's, known from the network's strides and patches, not from what is under test.
        batch: how many inputs.
    """

    name: str
    family: str
    make: Callable[[], nn.Module]
    size: tuple[int, ...]
    grid: tuple[int, ...]
    channels: int = 3
    batch: int = 1


@dataclass
class Found:
    """What came of it: a row of the table."""

    name: str
    family: str
    input: list[int]
    layer: str = ""
    grid: list[int] = field(default_factory=list)
    kind: str = ""
    prefix: int = 0
    layers: int = 0
    stages: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def check(network: Network) -> Found:
    """Record one input and ask for everything. What is wrong is listed, not raised."""
    torch.manual_seed(0)
    found = Found(network.name, network.family, list(network.size))
    try:
        model = weighted(network.make())
        x = torch.randn(network.batch, network.channels, *network.size)
        before = state(model)
        recording = CamEngine(model).record(x)
        look(recording, found)
        if tuple(found.grid) != network.grid:
            found.wrong.append(f"grid {size(found.grid)} instead of {size(network.grid)}")
        found.wrong += maps(recording)
        after = state(model)
        found.wrong += [f"{part} of the model changed" for part in before if before[part] != after[part]]
    except Exception as error:  # noqa: BLE001  a row of the table says what went wrong
        found.wrong.append(f"{type(error).__name__}: {error}".splitlines()[0])
    return found


def look(recording: Recording, found: Found) -> None:
    """Write down the default layer."""
    info = recording.layers[recording.default_layer]
    found.layer, found.grid, found.kind, found.prefix = info.name, list(info.grid), info.kind, info.prefix
    found.layers, found.stages = len(recording.layers), list(recording.stages)


def maps(recording: Recording) -> list[str]:
    """Every variant at the default layer: what is wrong with its map."""
    wrong = []
    shape = (recording.x.shape[0], *recording.layers[recording.default_layer].grid)
    target = (
        int(recording.scores[0].flatten(1).sum(1).argmax())
        if recording.scores.ndim > 2
        else int(recording.scores[0].argmax())
    )
    for variant in VARIANTS:
        signed = recording.cams([target], variant=variant)[:, 0]
        if tuple(signed.shape) != shape:
            wrong.append(f"{variant}: shape {tuple(signed.shape)} instead of {shape}")
        elif not torch.isfinite(signed).all():
            wrong.append(f"{variant}: not finite")
        elif not signed.any():
            wrong.append(f"{variant}: zero everywhere")
    return wrong


def weighted(model: nn.Module) -> nn.Module:
    """The network as after training, in that no weight is zero: many begin with a head, the last normalisation of a
    block or a scale of a layer that is zero or nearly so, and whose output then has no gradient or adds nothing.
    """
    source = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for module in model.modules():
            for name, parameter in module.named_parameters(recurse=False):
                if "bias" in name or not parameter.is_floating_point():
                    continue
                if float(parameter.abs().max()) < 1e-3:
                    made = torch.randn(parameter.shape, generator=source)
                    # a scale that multiplies a branch is about one, a matrix small
                    scale = made * 0.02 if parameter.ndim > 1 and min(parameter.shape) > 1 else 1 + 0.1 * made
                    parameter.copy_(scale)
    return model.eval()


def state(model: nn.Module) -> dict[str, Any]:
    """What must be as before: weights and buffers (bytes of small ones, sums and versions of all), flags, modes, hooks,
    gradients, random state.
    """
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    modules = dict(model.named_modules())
    return {
        "weights": {name: digest(t) for name, t in tensors.items()},
        "flags": {name: (t.requires_grad, t.grad is None, t.is_leaf) for name, t in tensors.items()},
        "modes": {name: m.training for name, m in modules.items()},
        "hooks": {name: hooks(m) for name, m in modules.items()},
        "attributes": {name: sorted(vars(m)) for name, m in modules.items()},
        "random state": hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest(),
    }


def digest(t: Tensor) -> tuple[Any, ...]:
    """Where a tensor lies, how often it was written to, and what is in it."""
    total = float(t.detach().sum(dtype=torch.float64)) if not t.is_complex() else 0.0
    return t.data_ptr(), t._version, tuple(t.shape), str(t.dtype), repr(total)


def hooks(module: nn.Module) -> int:
    """How many hooks of all kinds a module has."""
    return sum(len(table) for name, table in vars(module).items() if name.endswith("hooks"))


def size(grid: Any) -> str:
    """``7×7``."""
    return "×".join(map(str, grid))
