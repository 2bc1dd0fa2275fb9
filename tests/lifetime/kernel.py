"""A real ipykernel, spoken to as a notebook's page speaks to it."""

from __future__ import annotations

import json
import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0

SETUP = """
import gc, torch
from collections import Counter
from ipywidgets import Button, HBox, Layout, VBox, Widget
from ipywidgets.widgets.widget import _instances as registry
from IPython.display import display
from camwidget import CamWidget, Recording
from tests.conftest import TinyCnn

torch.set_num_threads(2)
model, image = TinyCnn().eval(), torch.randn(3, 32, 32)

def living():
    # of all that the interpreter knows, what only the garbage collector could free included
    kinds = Counter(map(type, gc.get_objects()))
    return [sum(kinds[kind] for kind in kinds if issubclass(kind, wanted)) for wanted in (CamWidget, Recording)]
"""


@dataclass
class Kernel:
    """A kernel and its client."""

    client: BlockingKernelClient

    def run(self, code: str, cell: str | None = None, **options: bool) -> str:
        """Execute, for the cell of this id; returns what was printed. An error in the cell raises AssertionError."""
        replies = self.ask("execute_request", self.content(code, **options), {} if cell is None else {"cellId": cell})
        errors = [r["content"] for r in replies if r["msg_type"] == "error"]
        assert not errors, "\n".join(errors[0]["traceback"])
        return "".join(r["content"]["text"] for r in replies if r["msg_type"] == "stream")

    def content(self, code: str, **options: bool) -> dict[str, Any]:
        """Of a message that executes."""
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": True,
        }  # fmt: skip
        return content | options

    def value(self, expression: str) -> Any:
        """What an expression is worth, by way of JSON."""
        return json.loads(self.run(f"import json; print(json.dumps({expression}))", store_history=False))

    def living(self) -> list[int]:
        """How many widgets and recordings there are."""
        # a worker that is still busy holds its recording
        self.run("import threading\nfor t in threading.enumerate():\n    t.name == 'camwidget' and t.join()")
        found: list[int] = self.value("living()")
        return found

    def ask(self, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Send a message; returns what comes back until the kernel is idle again."""
        replies = self.until_idle(kind, content, metadata)
        ours = replies.pop()["parent_header"]["msg_id"]
        return [reply for reply in replies if reply["parent_header"].get("msg_id") == ours]

    def until_idle(
        self, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """As ``ask``; what threads send meanwhile, in nobody's name, is among it."""
        message = self.client.session.msg(kind, content, metadata=metadata)
        self.client.shell_channel.send(message)
        replies: list[dict[str, Any]] = []
        while True:
            try:
                reply = self.client.get_iopub_msg(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no answer to {kind}: {content}") from None
            replies.append(reply)
            ours = reply["parent_header"].get("msg_id") == message["header"]["msg_id"]
            if ours and reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
                return replies

    def page_loads(self) -> dict[str, Any]:
        """The states that a page asks for when it is loaded, by model id."""
        comm = uuid4().hex
        opening = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        self.ask("comm_open", opening, {"version": "1.0.0"})
        replies = self.ask("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        data = [r["content"]["data"] for r in replies if r["msg_type"] == "comm_msg"]
        # a worker that still makes maps ahead may speak in between
        (states,) = [item["states"] for item in data if "states" in item]
        found: dict[str, Any] = states
        return found


@contextmanager
def start() -> Iterator[Kernel]:
    """A kernel in which ``SETUP`` has run."""
    manager = KernelManager(kernel_name="python3")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    manager.start_kernel(env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        kernel = Kernel(client)
        kernel.run(SETUP)
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
