"""A cell that makes a widget runs a hundred times, and the memory of its kernel stays as it is: ``make soak``.

The bar: from re-run 20 on, each adds less than 2 % of what one recording takes, measured in the same kernel before.
One recording in fifty that stayed would show. It cannot be 0: IPython keeps the text of every cell and the still
picture of every result, and the C library does not give all of its memory back.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tests.lifetime.kernel import Kernel, start

RUNS, WARM = 100, 20
SHARE = 0.02
HELD = 5

MODEL = "import torchvision\nmodel, image = torchvision.models.resnet18().eval(), torch.randn(3, 224, 224)"
CELLS = {"a variable": "w = CamWidget(model, image)\nw", "the last expression": "CamWidget(model, image)"}


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with start() as kernel:
        kernel.run(MODEL)
        yield kernel


def curve(kernel: Kernel, cell: str, memory: str) -> tuple[float, list[float]]:
    """What one recording takes, and how much memory there was after each run of the cell, in MiB."""
    kernel.run("CamWidget(model, image).close()")  # what is loaded once
    before = kernel.value(memory)
    kernel.run(f"kept = [CamWidget(model, image) for _ in range({HELD})]")
    kernel.living()
    one = (kernel.value(memory) - before) / HELD
    kernel.run("for w in kept:\n    w.close()\nkept.clear(); del w")
    found = []
    for _ in range(RUNS + 1):
        kernel.run(cell, "cell")
        assert kernel.living() == [1, 1]
        found.append(kernel.value(memory))
    return one, found


def growth(found: list[float]) -> float:
    """MiB a run, by the straight line that fits best."""
    return float(np.polyfit(np.arange(WARM, RUNS + 1), found[WARM:], 1)[0])


def report(what: str, one: float, found: list[float]) -> None:
    points = ", ".join(f"{count}: {found[count]:.0f}" for count in (0, 1, 2, 5, 10, *range(20, RUNS + 1, 10)))
    print(f"\n{what}: a recording takes {one:.1f} MiB; after re-run {points} MiB")
    print(f"growth from re-run {WARM} on: {growth(found):+.3f} MiB a run, {growth(found) / one:+.2%} of a recording")


@pytest.mark.parametrize("name", CELLS)
def test_resident_memory_is_flat(name: str, kernel: Kernel) -> None:
    kernel.run("import os, psutil")
    one, found = curve(kernel, CELLS[name], "psutil.Process().memory_info().rss / 2**20")
    report(f"RSS, {name}", one, found)
    assert one > 10, "a recording this small would prove nothing"
    assert growth(found) < SHARE * one


@pytest.mark.gpu
@pytest.mark.parametrize("name", CELLS)
def test_memory_on_the_accelerator_is_flat(name: str, request: pytest.FixtureRequest) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no accelerator: torch.cuda.is_available() is False")
    kernel: Kernel = request.getfixturevalue("kernel")
    kernel.run("model.cuda()")
    one, found = curve(kernel, CELLS[name], "torch.cuda.memory_allocated() / 2**20")
    report(f"CUDA, {name}", one, found)
    assert one > 10, "a recording this small would prove nothing"
    # torch counts these bytes itself, so that nothing but recordings could add to them
    assert max(found) - found[0] < SHARE * one
