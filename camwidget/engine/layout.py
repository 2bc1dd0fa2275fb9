"""From the outputs seen in one forward pass to the list of layers on offer: names, stages, default."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge

from .fields import Field
from .graph import bottlenecks, towards
from .layers import LayerInfo, pick_stages, read
from .tape import Tape


@dataclass(frozen=True)
class Layout:
    """The layers of one model for one size of input.

    Attributes:
        layers: name -> LayerInfo, in order of execution, on the way from input to scores.
        steps: of these, the names that every path from input to scores passes: the chain that one can walk along.
        stages: of these, the few that stand for the way from edges to object. The last is the default.
        default: the deepest layer that still has a grid.
        aliases: other names for a layer's very same output, such as a block's last module.
        without_grid: modules that cannot be explained.
        overwritten: layers whose values are gone after the forward pass, by an in-place operation.
        bytes: what the graph keeps for one image, about; 0 where that was not weighed.
        left_out: why the first layers are not there; empty where all are.
        fields: where each layer's cells look, once that was asked for; see ``Recording.fields``.
    """

    layers: dict[str, LayerInfo]
    steps: tuple[str, ...]
    stages: tuple[str, ...]
    default: str
    aliases: dict[str, str]
    without_grid: frozenset[str]
    overwritten: frozenset[str]
    bytes: int = 0
    left_out: str = ""
    fields: dict[str, Field | None] = field(default_factory=dict)


def lay_out(tape: Tape, x: Tensor, scores: Tensor) -> Layout:
    """Read the layout off a finished forward pass of ``x``.

    Raises:
        ValueError: nothing between input and scores has a grid.
    """
    on_path = towards(get_gradient_edge(scores).node, tape.source)
    read_as = {name: read(name, entry.output.shape, *_size(x)) for name, entry in tape.entries.items()}
    infos = {name: info for name, info in read_as.items() if info is not None}
    groups = _same_output(tape, infos, set(on_path))
    inside = _grids_inside(infos)
    names = {_outermost(group, inside): group for group in groups}
    if not names:
        raise ValueError(
            "no layer between input and scores has a grid of channels (N, C, H, W), so there is no map to draw; "
            "accepted: a network with convolutional layers"
        )
    aliases = {alias: name for name, group in names.items() for alias in group}
    layers = {name: infos[name] for name in names}
    steps = _steps(layers, tape, set(bottlenecks(on_path)), int(scores.shape[1]))
    stages = pick_stages([layers[name] for name in steps], steps[-1])
    layers = {name: replace(info, stage=name in stages) for name, info in layers.items()}
    return Layout(
        layers=layers,
        steps=steps,
        stages=stages,
        default=steps[-1],
        aliases=aliases,
        without_grid=frozenset((tape.without_grid | set(tape.entries)) - set(aliases)),
        overwritten=frozenset(name for name in layers if tape.overwritten(name)),
    )


def _size(x: Tensor) -> tuple[int, tuple[int, ...]]:
    return x.shape[0], tuple(x.shape[2:])


def _same_output(tape: Tape, names: Iterable[str], on_path: set[Node]) -> list[list[str]]:
    """Names grouped by the place in the graph of what they returned: a container returns its last module's output."""
    groups: dict[tuple[Node, int], list[str]] = {}
    for name in names:
        edge = tape.edge(name)
        if edge.node in on_path:
            groups.setdefault((edge.node, edge.output_nr), []).append(name)
    return list(groups.values())


def _grids_inside(infos: Mapping[str, LayerInfo]) -> dict[str, set[tuple[int, ...]]]:
    """The grids of all layers inside of each container."""
    inside: dict[str, set[tuple[int, ...]]] = {}
    for name, info in infos.items():
        parts = name.split(".")
        for depth in range(1, len(parts)):
            inside.setdefault(".".join(parts[:depth]), set()).add(info.grid)
    return inside


def _outermost(group: list[str], inside: Mapping[str, set[tuple[int, ...]]]) -> str:
    """The shortest name that still tells where we are: ``layer4`` rather than ``layer4.2.relu``.

    A container through which three or more grids pass, such as ``features``, names no place and is passed over.
    """
    for name in sorted(group, key=lambda n: n.count(".")):
        if len(inside.get(name, ())) <= 2:
            return name
    return group[0]


def _steps(layers: dict[str, LayerInfo], tape: Tape, chain: set[Node], classes: int) -> tuple[str, ...]:
    """The walkable chain of layers, without repeats and without score maps at its end.

    Score maps (one channel a class, after which only pooling follows) are left out because a channel weight there is 1
    for the class itself; so are layers that only repeat the values before them, such as pooling to the size that is
    there.
    """
    steps = [name for name in layers if tape.edge(name).node in chain] or list(layers)
    while len(steps) > 1 and (
        layers[steps[-1]].channels == classes or _only_enlarges(layers[steps[-1]], layers[steps[-2]])
    ):
        steps.pop()
    distinct = steps[:1]
    for name in steps[1:]:
        if not _repeats(tape.value(name), tape.value(distinct[-1])):
            distinct.append(name)
    return tuple(distinct)


def _only_enlarges(layer: LayerInfo, before: LayerInfo) -> bool:
    """An adaptive pooling to more cells than there are, as VGG has for small inputs."""
    return layer.channels == before.channels and math.prod(layer.grid) > math.prod(before.grid)


def _repeats(value: Tensor | None, before: Tensor | None) -> bool:
    if value is None or before is None or value.shape != before.shape:
        return False
    return torch.equal(value, before)
