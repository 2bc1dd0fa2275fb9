"""Recording no more than was asked for: where all that is wanted lies behind one place, the graph begins there.

What comes before runs without a graph, as it does when a model is merely used: that is quicker than any recording of
the whole, and takes a fraction of its memory. One step of the chain that every path passes is such a place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge

from . import room
from .classes import listed
from .fields import Place
from .layout import Layout
from .modules import shown
from .outputs import find_scores
from .returned import Returned
from .room import Weight
from .tape import Tape

if TYPE_CHECKING:
    from .engine import CamEngine
    from .recording import Recording


@dataclass(frozen=True)
class Plan:
    """How some layers of one size of input are recorded.

    Attributes:
        layout: of these layers only. start: where the graph begins; None for the input.
        bytes: what the graph keeps for one image, about.
    """

    layout: Layout
    start: str | None
    bytes: int


def plan(engine: CamEngine, x: Tensor, layers: Sequence[str | None], from_input: bool = False) -> Plan:
    """How the layers of these names (None: the default one) are recorded for inputs like ``x``. Worked out once for a
    size of input, by recording one image whole.

    Args:
        from_input: the graph must reach down to the input.

    Raises: as ``CamEngine.record`` and ``Recording.resolve``.
    """
    key = (x.shape[1:], tuple(layers), from_input)
    known = engine._known.plans.get(key)
    if known is None:
        # what ``forward`` passes beside x belongs to the whole batch
        few = x if engine.fixed else x[:1]
        whole = engine.record(few)._layout
        names = list(dict.fromkeys(whole.resolve(name) for name in listed(layers)))
        start = None if from_input or whole.left_out else _start(whole, names)
        size = None if start is None else _bytes_behind(engine, few, start)
        if size is None:
            start, size = None, whole.bytes
        known = engine._known.plans[key] = Plan(_narrowed(whole, names, start), start, size)
    return known


def most_rows(engine: CamEngine, plan: Plan) -> int | None:
    """How many images may be recorded at once; None where that is not known."""
    limit = room.limit(engine._device(), engine._memory)
    return None if limit is None or plan.bytes == 0 else max(1, limit // plan.bytes)


def run(engine: CamEngine, model: nn.Module, leaf: Tensor, plan: Plan) -> tuple[Tape, Returned, Layout] | None:
    """One forward pass by a plan; None where this input took a way on which the plan's layers do not lie.

    Raises: as ``CamEngine.record``.
    """
    layout, start = plan.layout, plan.start
    copied = set(layout.layers) & layout.overwritten
    with torch.set_grad_enabled(start is None), engine._cast():
        source = leaf.clone()
        node = get_gradient_edge(source).node if start is None else None
        tape = Tape(model, node, source.shape, layout.layers, copied, None, start)
        with tape:
            output = engine._call(model, source)
            scores = find_scores(output, source.shape)
    if scores.grad_fn is None or not set(layout.layers) <= set(tape.entries):
        return None
    return tape, engine._returned(output, scores), layout


def _start(layout: Layout, names: Sequence[str]) -> str | None:
    """The last step that everything passes before the first of these layers, or that layer itself."""
    order = list(layout.layers)
    first = min(order.index(name) for name in names)
    steps = [name for name in layout.steps if order.index(name) <= first]
    return steps[-1] if steps else None


def _narrowed(whole: Layout, names: Sequence[str], start: str | None) -> Layout:
    """The layout of these layers alone."""
    layers = {name: info for name, info in whole.layers.items() if name in names}
    others = set(whole.aliases) - {alias for alias, name in whole.aliases.items() if name in layers}
    last = [*layers][-1]
    begins = whole.left_out if start is None else f"What comes before {start} was not asked for"
    return replace(
        whole,
        layers=layers,
        steps=tuple(name for name in whole.steps if name in layers) or (last,),
        stages=tuple(name for name in whole.stages if name in layers) or (last,),
        default=whole.default if whole.default in layers else last,
        aliases={alias: name for alias, name in whole.aliases.items() if name in layers},
        without_grid=whole.without_grid | others,
        overwritten=whole.overwritten & set(layers),
        left_out=begins,
        repeated=(),
        fields={} if begins else whole.fields,
    )


def _bytes_behind(engine: CamEngine, x: Tensor, start: str) -> int | None:
    """What modules behind ``start`` return for one image, in bytes; None where no graph can begin there: it returns
    something else than a tensor, or is run without being called.
    """
    weight, before = Weight(None), None

    def seeing(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def see(_module: nn.Module, _args: Any, output: Any) -> None:
            nonlocal before
            weight.add(output)
            if shown(name) == start:
                before = weight.bytes if isinstance(output, Tensor) else None

        return see

    model = engine.copy()
    for name, module in model.named_modules():
        if not isinstance(module, torch.jit.ScriptModule):
            module.register_forward_hook(seeing(name))
    engine.run(model, engine._placed(x), len(x))
    return None if before is None else (weight.bytes - before) // len(x)


def place(engine: CamEngine, recording: Recording, layer: str) -> Place | None:
    """Where ``upsample`` is to put the cells of a layer, also where the graph of this recording does not reach down to
    the input: then it is read off one image's that does.
    """
    x = recording.x
    known, key = engine._known.places, (tuple(x.shape[1:]), layer)
    if key not in known:
        field = engine.record(x if engine.fixed else x[:1]).fields(layer)
        known[key] = None if field is None else field.place
    return known[key]
