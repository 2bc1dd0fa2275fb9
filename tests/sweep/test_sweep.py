"""``make sweep``: every network of the lists, with random weights. A network that fails is a row of the table, too."""

from __future__ import annotations

import pytest

from tests.sweep import other_networks, timm_networks, torchvision_networks
from tests.sweep.checks import Found, Network, check

EVERY = [
    *torchvision_networks.every(),
    *torchvision_networks.dense(),
    *timm_networks.every(),
    *other_networks.every(),
]


@pytest.mark.parametrize("network", EVERY, ids=lambda network: f"{network.library}-{network.name}")
def test_network(network: Network, rows: list[Found]) -> None:
    found = check(network)
    rows.append(found)
    assert not found.wrong
