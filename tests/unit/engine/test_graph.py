"""Paths and bottlenecks of the autograd graph."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd.graph import Node

from camwidget.engine.graph import bottlenecks, towards


def node(t: Tensor) -> Node:
    assert t.grad_fn is not None
    return t.grad_fn


def start() -> Tensor:
    return torch.ones(3, requires_grad=True).clone()


def test_only_nodes_on_the_way() -> None:
    source, parameter = start(), torch.ones(3, requires_grad=True)
    a = source * parameter.exp()  # exp and the parameter lead elsewhere
    side = source.sin()  # leads nowhere
    b = a.relu()
    assert towards(node(b), node(source)) == [node(b), node(a), node(source)]
    assert node(side) not in towards(node(b), node(source))


def test_no_way() -> None:
    assert towards(node(start().relu()), node(start())) == []


def test_the_root_may_be_the_source() -> None:
    source = node(start())
    assert towards(source, source) == [source]
    assert bottlenecks([source]) == [source]


def test_a_node_comes_before_what_it_depends_on() -> None:
    source = start()
    left, right = source.sin(), source.cos()
    joined = left + right.exp() + source
    order = towards(node(joined), node(source))
    place = {n: i for i, n in enumerate(order)}
    assert len(place) == len(order) == 6  # two sums, sin, cos, exp, source
    for n in order:
        assert all(place[child] > place[n] for child, _ in n.next_functions if child in place)


def test_bottlenecks_of_a_residual_block() -> None:
    source = start()
    before = source.sin()
    inside = before.cos().exp()
    after = inside + before
    end = after.tanh()
    found = bottlenecks(towards(node(end), node(source)))
    assert found == [node(end), node(after), node(before), node(source)]


def test_bottlenecks_where_a_tensor_is_used_twice_by_one_operation() -> None:
    source = start()
    square = source * source
    assert bottlenecks(towards(node(square), node(source))) == [node(square), node(source)]


def test_a_long_chain_needs_no_recursion() -> None:
    source = t = start()
    for _ in range(5000):
        t = t.sin()
    order = towards(node(t), node(source))
    assert len(order) == 5001
    assert bottlenecks(order) == order


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=12))
def test_bottlenecks_are_the_nodes_without_which_there_is_no_way(pairs: list[tuple[int, int]]) -> None:
    made = [start()]
    for a, b in pairs:
        made.append(made[a % len(made)] + made[b % len(made)])
    root, source = node(made[-1]), node(made[0])
    order = towards(root, source)

    def reachable(without: Node) -> bool:
        seen, stack = {without}, [root]
        while stack:
            n = stack.pop()
            if n is source and n not in seen:
                return True
            if n not in seen:
                seen.add(n)
                stack.extend(child for child, _ in n.next_functions if child is not None)
        return False

    assert bottlenecks(order) == [n for n in order if not reachable(without=n)]
