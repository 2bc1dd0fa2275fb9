"""Questions about the recorded autograd graph: what lies between the scores and a node, and what every path must
pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch.autograd.graph import GradientEdge, Node


def _children(node: Node) -> list[Node]:
    return [child for child, _ in node.next_functions if child is not None]


def towards(root: Node, source: Node) -> list[Node]:
    """The nodes on any path from ``root`` back to ``source``, both included, each before the nodes that it depends
    on.
    """
    reaches = {source: True}
    order: list[Node] = [source]
    stack: list[tuple[Node, bool]] = [(root, False)]
    opened: set[Node] = set()
    while stack:
        node, done = stack.pop()
        if done:
            reaches[node] = any(reaches.get(child, False) for child in _children(node))
            if reaches[node]:
                order.append(node)
        elif node not in reaches and node not in opened:
            opened.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in _children(node))
    order.reverse()
    return order if reaches.get(root, False) else []


def bottlenecks(nodes: Sequence[Node]) -> list[Node]:
    """Of ``towards(root, source)``, those that every path passes: chain links and ends of blocks, not what is inside
    a branch.
    """
    inside = set(nodes)
    arriving = dict.fromkeys(nodes, 0)
    leaving = {node: [child for child in _children(node) if child in inside] for node in nodes}
    for children in leaving.values():
        for child in children:
            arriving[child] += 1
    found, open_edges = [], 0
    for node in nodes:
        open_edges -= arriving[node]
        if open_edges == 0:
            found.append(node)
        open_edges += len(leaving[node])
    return found


def single_edges(nodes: Sequence[Node]) -> list[GradientEdge]:
    """The places that every path of ``towards(root, source)`` passes, from the root on, without the source itself."""
    arriving: dict[Node, set[int]] = {}
    inside = set(nodes)
    for node in nodes:
        for child, number in node.next_functions:
            if child in inside:
                arriving.setdefault(child, set()).add(number)
    # the last is the source
    return [
        GradientEdge(node, next(iter(arriving[node])))
        for node in bottlenecks(nodes)[:-1]
        if len(arriving.get(node, ())) == 1
    ]
