"""Whether a layer's maps add up: what the cells of a region say is then exactly what the score owes to them.

Behind a linear pooled head, such as mean pooling and one linear layer, the score of class k is
b_k + sum over cells x of map_k[x], so the evidence summed over any cells is what the score loses without them. Behind
anything else the same sum is a first-order estimate. Which it is, is found by a run of the network, not by the names of
modules: with a random half of the cells switched off and a few of the others many times as strong, the score of every
class must change by just the evidence that was taken and added. A head that is not linear (a norm, a rectifier, a
generalised mean) fails this, also where all cells together happen to give the score, or where it is nearly linear at
the values of this picture. Rectifiers behind the pooling, which in a small head might all stay as they are, are looked
for in the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from .graph import towards
from .inside import Inside
from .layers import LayerInfo, find_grid
from .methods.passes import listen, observe, put_back
from .modules import module_of
from .preempt import Stop, Stopped
from .relu import is_rectifier
from .stale import StaleRecordingError
from .variants import find_variant

if TYPE_CHECKING:
    from .recording import Recording

CLOSE = 1e-3
"""What a sum may differ from the change of a score, as a share of the largest change; more where numbers have fewer
digits.
"""

STRONG, TIMES = 1000.0, 64.0
"""The strongest value that is put there, far from where a curve may be straight; and at least so many times as strong
as it was.
"""


def adds_up(recording: Recording, layer: str | None = None, variant: str = "gradcam", stop: Stop | None = None) -> bool:
    """Whether the signed maps of all classes add up to their scores less a constant, the bias: see the module's text.

    Tried where the head sees the layer through one number a channel (``Recording.all_at_once``) and values are in the
    unit of the score; False elsewhere, and of a model that draws random numbers. Takes one forward pass a layer and
    variant, remembered for the model and the size of the input: it is in how the network is built, not in its weights.

    Raises: as ``Recording.cam``; Stopped: ``stop`` said so.
    """
    name, chosen = recording.resolve(layer), find_variant(variant)
    known = recording._layout.sums
    if (name, chosen.id) not in known:
        fit = chosen.unit == "score" and not recording.output_grid and not recording._engine.draws
        tried = fit and recording.all_at_once(name, chosen.id)
        known[name, chosen.id] = tried and _holds(recording, name, chosen.id, stop)
    return known[name, chosen.id]


def _holds(recording: Recording, layer: str, variant: str, stop: Stop | None) -> bool:
    info = recording.layers[layer]
    a = recording.activations(layer)
    dtype, largest = a.dtype, float(a.abs().amax())
    factor = _factors(info, max(TIMES, STRONG / largest) if largest else 0)
    if _rectified(recording, layer):
        return False
    scores = recording._shelf.get(
        ("sums", layer), lambda: _with(recording, info, factor, stop), lambda made: 0 if made is None else made.nbytes
    )
    if scores is None or scores.shape != recording.scores.shape:
        return False
    change = scores.to(recording.scores) - recording.scores
    maps = recording.all_cams(layer, variant, stop=stop)
    evidence = (maps * (factor - 1).to(maps)).flatten(2).sum(2)
    eps = max(CLOSE, 8 * torch.finfo(dtype).eps)
    worst, size = (evidence - change).abs().amax(1), change.abs().amax(1)
    return bool((worst <= eps * size).all() and (size > 0).any())


def _rectified(recording: Recording, layer: str) -> bool:
    """Whether there are rectifiers behind the place where the head has one number a channel."""
    found = recording._neck(layer)
    if found is None:
        return True
    neck, root = found[0].edge.node, get_gradient_edge(recording._scores).node
    return any(is_rectifier(node) for node in towards(root, neck) if node is not neck)


def _factors(info: LayerInfo, strong: float) -> Tensor:
    """``grid``: 0 in a random half of the cells, in the others from ``strong`` down to a thousandth of it, so that a
    few cells outshine all others; never negative, since rectifiers before the pooling cut cell by cell and are no
    fault. From a generator of our own.
    """
    source = torch.Generator().manual_seed(0)
    order = torch.randperm(info.cells, generator=source, device="cpu")
    factor = strong * 2 ** (-10 * torch.rand(info.cells, generator=source, dtype=torch.float32, device="cpu"))
    factor[order[: info.cells // 2]] = 0
    return factor.reshape(info.grid)


def _with(recording: Recording, info: LayerInfo, factor: Tensor, stop: Stop | None) -> Tensor | None:
    """The scores ``(N, K)`` of the network with the cells of a layer times these factors; None where it cannot be run
    so.
    """
    explained = Inside(recording)
    model = explained.network.copy()

    def leave(returned: Any) -> Any:
        grid = find_grid(returned, recording.x.shape)
        if grid is None:  # a rectifier that all share, say, is run on vectors, too
            return returned
        changed = grid.clone()
        info.channels_first(changed).mul_(factor.to(changed))  # a view: written to where the layer has it
        return put_back(returned, grid, changed)

    end = observe(module_of(model, info.name), None, leave)
    listen(model, stop)
    try:
        with explained.steady():
            return explained.network.run(model, recording.x, len(recording.x)).table().float()
    except (Stopped, StaleRecordingError):
        raise
    except Exception:  # noqa: BLE001  (models raise what they like where a layer returns something else)
        return None
    finally:
        end()  # it would keep the twin, and with it the recording, until the garbage collector passes
