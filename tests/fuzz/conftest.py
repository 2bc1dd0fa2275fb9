"""How much is tried, and which: ``make fuzz`` tries ten thousand messages, ``make test`` a few hundred."""

from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Plan:
    """So many messages in all, by this seed."""

    messages: int
    seed: int


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--messages", type=int, help="how many messages the fuzzer sends in all")
    parser.addoption("--seed", type=int, help="another seed tries other messages")


@pytest.fixture(scope="session")
def plan(pytestconfig: pytest.Config) -> Plan:
    # the options are there only where this folder was named on the command line
    return Plan(pytestconfig.getoption("messages", None) or 200, pytestconfig.getoption("seed", None) or 0)
