"""Where what is sent after a cell or a handler is lost, both end only when what they asked is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lifetime.kernel import Kernel, start

COLAB = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')"
# a map takes its time, and what was sent is noted, with what the kernel was doing then
SLOWLY = """
import time
w = CamWidget(model, image)
atlas, made = w._session.atlas, type(w._session.atlas).map
def slow(layer, variant, target):
    layer == 'block' and time.sleep(0.5)
    return made(atlas, layer, variant, target)
atlas.map = slow
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with start() as kernel:
        yield kernel


def shown(replies: list[dict[str, Any]]) -> list[str]:
    """The layers of the stacks that were sent."""
    data = [reply["content"]["data"] for reply in replies if reply["msg_type"] == "comm_msg"]
    return [item["state"]["stack"]["layer"] for item in data if "stack" in item.get("state", {})]


def asked(kernel: Kernel, layer: str, seq: int) -> list[dict[str, Any]]:
    """What is sent until the kernel is idle again, after a page asked for a layer."""
    request = {"nonce": "page", "seq": seq, "target": 0, "layer": layer, "variant": "gradcam"}
    message = {"method": "custom", "content": {"type": "request", "request": request}}
    comm = kernel.value("w.comm.comm_id")
    return kernel.until_idle("comm_msg", {"comm_id": comm, "data": message})


def sent_in_cell(kernel: Kernel, **options: bool) -> list[str]:
    return shown(kernel.until_idle("execute_request", kernel.content("w.layer = 'block'", **options)))


def test_with_a_page_that_hears_later_nobody_waits(kernel: Kernel) -> None:
    kernel.run(SLOWLY, cell="a")
    assert sent_in_cell(kernel, allow_stdin=True) == []


def test_where_a_notebook_is_run_without_a_page_cells_wait(kernel: Kernel) -> None:
    kernel.run(SLOWLY, cell="a")
    assert "block" in sent_in_cell(kernel, allow_stdin=False)


def test_in_colab_cells_and_handlers_wait(kernel: Kernel) -> None:
    kernel.run(COLAB)
    kernel.run(SLOWLY, cell="a")
    assert "block" in sent_in_cell(kernel, allow_stdin=True)
    kernel.run("w.layer = 'stem'")
    assert "block" in shown(asked(kernel, "block", 1))
