"""What a page holds, once all that nobody needs is gone: its heap, its nodes, and the costly things by their kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from playwright.sync_api import Page

KINDS = ("HTMLCanvasElement", "WebGL2RenderingContext", "ImageBitmap", "Blob", "Worker", "ResizeObserver")

COUNT = "function () { return this.length; }"


@dataclass(frozen=True)
class Held:
    """Attributes:
    heap: MiB of objects. buffers: MiB of their ``ArrayBuffer``s, which the heap does not count.
    nodes, listeners: also of what is in no document any more, but held by somebody.
    objects: how many there are of each of KINDS, wherever they are.
    """

    heap: float
    buffers: float
    nodes: int
    listeners: int
    objects: dict[str, int]

    def __str__(self) -> str:
        objects = ", ".join(f"{count} {kind}" for kind, count in self.objects.items() if count)
        return (
            f"heap {self.heap:.1f} and buffers {self.buffers:.1f} MiB, "
            f"{self.nodes} nodes, {self.listeners} listeners, {objects}"
        )


class Probe:
    """Looks into one page, by its developer tools."""

    def __init__(self, page: Page) -> None:
        self._send = page.context.new_cdp_session(page).send
        self._send("Performance.enable")
        self._send("HeapProfiler.enable")

    def look(self) -> Held:
        """What it holds now."""
        for _ in range(2):  # what the first passage finalizes may hold more
            self._send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in self._send("Performance.getMetrics")["metrics"]}
        return Held(
            heap=metrics["JSHeapUsedSize"] / 2**20,
            buffers=self._send("Runtime.getHeapUsage")["backingStorageSize"] / 2**20,
            nodes=int(metrics["Nodes"]),
            listeners=int(metrics["JSEventListeners"]),
            objects={kind: self._count(kind) for kind in KINDS},
        )

    def _count(self, kind: str) -> int:
        """How many objects of a kind are alive."""
        in_group = partial(dict, objectGroup="probe")
        prototype = self._send("Runtime.evaluate", in_group(expression=f"{kind}.prototype"))["result"]["objectId"]
        found = self._send("Runtime.queryObjects", in_group(prototypeObjectId=prototype))["objects"]["objectId"]
        asked = {"objectId": found, "functionDeclaration": COUNT, "returnByValue": True}
        value: int = self._send("Runtime.callFunctionOn", asked)["result"]["value"]
        self._send("Runtime.releaseObjectGroup", {"objectGroup": "probe"})  # or they would live on
        return value
