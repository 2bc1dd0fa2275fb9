"""Backward rules of the rectifiers, as hooks on the nodes of the recorded graph.

The rule is a property of one backward pass, not of the model: after a plain forward pass the rectifiers stand in the
graph as nodes, in-place and functional ones included, and a hook for the length of one backward pass changes what they
let through. Nothing of the model is touched, and no second forward pass is needed.

With r the gradient that arrives at a rectifier and x its input:
    standard   r * [x > 0]
    guided     r * [x > 0] * [r > 0]     Springenberg et al., "Striving for Simplicity", 2015, section 3.4
    deconv     r * [r > 0]               Zeiler and Fergus, "Visualizing and Understanding ...", 2014, section 2.1
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

RULES = ("standard", "guided", "deconv")

Gradients = tuple[Tensor | None, ...]


def is_rectifier(node: Node) -> bool:
    """Whether a node is the backward of ReLU or ReLU6 (a hard tanh from 0 is ReLU6; one from -1 is none)."""
    name = node.name()
    if name == "HardtanhBackward0":
        return bool(getattr(node, "_saved_min_val", None) == 0)
    return name == "ReluBackward0"


def _positive(grads: Iterable[Tensor | None]) -> Gradients:
    return tuple(None if g is None else g.clamp(min=0) for g in grads)


def _guided(grad_outputs: Gradients) -> Gradients:
    # the node then applies its own mask [x > 0]
    return _positive(grad_outputs)


def _deconv(_grad_inputs: Gradients, grad_outputs: Gradients) -> Gradients:
    # what arrived is passed on instead of what the node's mask left of it
    return _positive(grad_outputs)


@contextmanager
def backward_rule(rectifiers: Iterable[Node], rule: str) -> Iterator[None]:
    """Within the block, backward passes through ``rectifiers`` follow ``rule``. The hooks go with the block.

    Raises:
        ValueError: ``rule`` is none of RULES.
    """
    if rule not in RULES:
        raise ValueError(f"unknown rule {rule!r}; accepted: {', '.join(RULES)}")
    with ExitStack() as stack:
        if rule != "standard":
            for node in rectifiers:
                handle: Any = node.register_prehook(_guided) if rule == "guided" else node.register_hook(_deconv)
                stack.callback(handle.remove)
        yield
