"""From the outputs seen in one forward pass to the list of layers on offer: names, stages, default."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge

from .deepest import in_head, is_score_map, live_steps
from .fields import Field
from .graph import bottlenecks, towards
from .layers import LayerInfo, around, pick_stages
from .looking import looks_where_it_lies
from .modules import shown
from .reading import Reader
from .suggest import unknown
from .tape import Tape
from .why import one_cell

THREE, LONG = 3, 5
"""Of so many grids, or of so many parts where it has most of all, a container names no place any more."""

WRAPPERS = ("module", "_orig_mod")
"""Under these names DataParallel, DDP and torch.compile keep what they wrap."""


@dataclass(frozen=True)
class Layout:
    """The layers of one model for one size of input.

    Attributes:
        layers: name -> LayerInfo, in order of execution, on the way from input to scores.
        steps: of these, the names that every path from input to scores passes: the chain that one can walk along.
        stages: of these, the few that stand for the way from edges to object. The last is the default.
        default: the deepest layer that still has a grid, and whose grid the scores see.
        aliases: other names for a layer's very same output, such as a block's last module.
        without_grid: modules that cannot be explained. Of these, ``one_cell``: those pooled to a single cell;
            ``off_path``: those with a grid on which the scores do not depend.
        overwritten: layers whose values are gone after the forward pass, by an in-place operation.
        bytes: what the graph keeps for one image, about; 0 where that was not weighed.
        left_out: why the first layers are not there; empty where all are.
        repeated: layers that were no step because they had the very values of the one before them: (name, before).
        fields: where each layer's cells look, once that was asked for; see ``Recording.fields``.
        sums: whether the maps of (layer, variant) add up to the scores, once that was asked for; see ``additive.py``.
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
    one_cell: frozenset[str] = frozenset()
    off_path: frozenset[str] = frozenset()
    repeated: tuple[tuple[str, str], ...] = ()
    fields: dict[str, Field | None] = field(default_factory=dict)
    sums: dict[tuple[str, str], bool] = field(default_factory=dict)

    def resolve(self, layer: str | None) -> str:
        """The name under which ``layers`` lists this layer; None is the default.

        Raises:
            TypeError: no text. ValueError: no such layer, or one without a grid.
        """
        if layer is None:
            return self.default
        if not isinstance(layer, str):
            raise TypeError(f"layer is {layer!r}, a {type(layer).__name__}; accepted: a name such as {self.default!r}")
        layer = shown(layer)
        if layer in self.aliases:
            return self.aliases[layer]
        if layer in self.without_grid:
            if self.left_out:
                raise ValueError(f"layer {layer!r} is not recorded. {self.left_out}; first one: {self.steps[0]!r}")
            if layer in self.one_cell:
                reason = one_cell(layer, self.default)
                raise ValueError(f"{reason.text} {reason.hint}")
            raise ValueError(
                f"layer {layer!r} has no grid of channels on the way to the scores, so there is nothing to draw; "
                f"deepest layer that has one: {self.default!r}"
            )
        # parts of wrappers, such as DDP and torch.compile, may be left out of a name
        same = [name for name in (*self.aliases, *self.without_grid) if _unwrapped(name) == _unwrapped(layer)]
        if len(same) == 1:
            return self.resolve(same[0])
        raise ValueError(unknown("layer", layer, list(dict.fromkeys([*self.stages, *self.layers]))))


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


def lay_out(tape: Tape, x: Tensor, scores: Tensor) -> Layout:
    """Read the layout off a finished forward pass of ``x``.

    Raises:
        ValueError: nothing between input and scores has a grid.
    """
    on_path = towards(get_gradient_edge(scores).node, tape.source)
    chain = set(bottlenecks(on_path))
    reader = Reader(tape, x.shape, chain)
    infos = _in_place(reader.layers(), reader.doubtful, tape, chain)
    groups = _same_output(tape, infos, set(on_path))
    too_wide = _holding_everything(infos)
    names = {_outermost(group, too_wide): group for group in groups}
    if not names:
        single = x.ndim > 2 and max(x.shape[2:]) == 1
        remedy = "an input of more than one place" if single else "a network with convolutional layers or patches"
        raise ValueError(
            "no layer between input and scores has a grid of channels (N, C, H, W) or tokens (N, L, C), so there is no "
            f"map to draw; accepted: {remedy}"
        )
    aliases = {alias: name for name, group in names.items() for alias in group}
    layers = {name: infos[name] for name in names}
    steps, repeated = _steps(layers, tape, scores, chain)
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
        one_cell=frozenset(name for name, shape in tape.shapes.items() if _one_cell(shape, x.shape)),
        off_path=frozenset(set(infos) - set(aliases)),
        repeated=repeated,
    )


def fits(layout: Layout, tape: Tape) -> bool:
    """Whether a forward pass is one of a known layout: its layers ran, and those that only repeated others still do.
    They do so for a blank picture, say, or before a block is trained that begins as the identity.
    """
    if not set(layout.layers) <= set(tape.entries):
        return False
    pairs = ([_value(tape, layout.layers[name]) for name in pair] for pair in layout.repeated)
    return all(value is None or before is None or _repeats(value, before) for value, before in pairs)


def _one_cell(shape: Sequence[int], x: Sequence[int]) -> bool:
    return len(shape) == len(x) and math.prod(shape[2:]) == 1


def _same_output(tape: Tape, names: Iterable[str], on_path: set[Node]) -> list[list[str]]:
    """Names grouped by the place in the graph of what they returned: a container returns its last module's output."""
    groups: dict[tuple[Node, int], list[str]] = {}
    for name in names:
        edge = tape.edge(name)
        if edge.node in on_path:
            groups.setdefault((edge.node, edge.output_nr), []).append(name)
    return list(groups.values())


def _in_place(
    infos: dict[str, LayerInfo], doubtful: Container[tuple[int, ...]], tape: Tape, chain: set[Node]
) -> dict[str, LayerInfo]:
    """Without the layers that have the shape of a grid, but whose cells do not look where they lie. Asked only where
    there is doubt: a grid that came from nowhere, or tokens in a network that sorts them.
    """
    sorts = any(_sorts(node, tape.axes) for node in chain)
    asked: dict[tuple[tuple[int, ...], str], str] = {}
    for name, info in infos.items():
        if info.grid in doubtful or (sorts and info.kind == "tokens"):
            key = info.grid, info.kind
            if key not in asked or tape.edge(name).node in chain:
                asked[key] = name
    astray = {
        key
        for key, name in asked.items()
        if not looks_where_it_lies(tape.entries[name].output, infos[name], tape.source)
    }
    return {name: info for name, info in infos.items() if (info.grid, info.kind) not in astray}


def _sorts(node: Node, axes: int) -> bool:
    """Whether this node of the graph permutes more axes than an input has, as sorting by windows does."""
    return node.name() == "PermuteBackward0" and len(getattr(node, "_saved_dims", ())) > axes


def _holding_everything(infos: Mapping[str, LayerInfo]) -> set[str]:
    """The containers that name no place: those through which three or more grids pass, such as ``features``, and large
    ones with all grids that there are, such as the ``blocks`` of a transformer.
    """
    inside: dict[str, list[tuple[int, ...]]] = {}
    for name, info in infos.items():
        for outer in around(name):
            inside.setdefault(outer, []).append(info.grid)
    every = len({info.grid for info in infos.values()})
    most = max(LONG, len(infos) // 2)
    return {
        name
        for name, grids in inside.items()
        if len(set(grids)) >= THREE or (len(set(grids)) == every and len(grids) >= most)
    }


def _outermost(group: list[str], too_wide: Container[str]) -> str:
    """The shortest name that still tells where we are: ``layer4`` rather than ``layer4.2.relu``."""
    return next((name for name in sorted(group, key=lambda n: n.count(".")) if name not in too_wide), group[0])


def _steps(
    layers: dict[str, LayerInfo], tape: Tape, scores: Tensor, chain: set[Node]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The walkable chain of layers, without repeats, without score maps and without what the scores do not see at its
    end; and what repeats what.

    Score maps (one channel a class, after which only pooling follows) are left out because a channel weight there is 1
    for the class itself; so are layers that only repeat the values before them, such as pooling to the size that is
    there.
    """
    steps = [name for name in layers if tape.edge(name).node in chain]
    while len(steps) > 1 and (
        is_score_map(tape, scores, layers[steps[-1]]) or _only_enlarges(layers[steps[-1]], layers[steps[-2]])
    ):
        steps.pop()
    while len(steps) > 1 and layers[steps[-1]].kind == "tokens" and in_head(tape, steps[-1]):
        steps.pop()
    distinct, repeated = steps[:1], []
    for name in steps[1:]:
        if _repeats(_value(tape, layers[name]), _value(tape, layers[distinct[-1]])):
            repeated.append((name, distinct[-1]))
        else:
            distinct.append(name)
    if distinct and all(info.kind != "tokens" for info in layers.values()):
        return tuple(distinct), tuple(repeated)
    return live_steps(tape, scores, layers, distinct), tuple(repeated)


def _value(tape: Tape, layer: LayerInfo) -> Tensor | None:
    value = tape.value(layer.name)
    return None if value is None else layer.channels_first(value)


def _only_enlarges(layer: LayerInfo, before: LayerInfo) -> bool:
    """An adaptive pooling to more cells than there are, as VGG has for small inputs."""
    return layer.channels == before.channels and math.prod(layer.grid) > math.prod(before.grid)


def _repeats(value: Tensor | None, before: Tensor | None) -> bool:
    if value is None or before is None or value.shape != before.shape:
        return False
    return torch.equal(value, before)
