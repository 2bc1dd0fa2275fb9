"""A side door into the kernel: a thread that runs what a test asks, whatever the notebook's own channel does.

The kernel imports it. Hosts differ in whether a page can run code in the kernel; this works in all of them, also while
a cell runs.
"""

from __future__ import annotations

import builtins
import threading
import time
import traceback
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

KEY = b"camwidget"


class Spy:
    """What is known by name, which thread took each request, and the work that a cell is given."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"spy": self, "print": self._print}
        self.handled: list[tuple[str, str, int, float]] = []  # thread, nonce, seq, time
        self.work = ""
        self.kind = "widget"  # or "gallery": what is shown next
        self.gate = threading.Event()
        self.busy = False
        self._open = False
        self._printed: list[str] = []

    def open_door(self, path: str) -> None:
        """Listen from now on; the port is written to ``path``."""
        if self._open:
            return
        self._open = True
        listener = Listener(("127.0.0.1", 0), authkey=KEY)
        ready = Path(f"{path}.new")
        ready.write_text(str(listener.address[1]))
        ready.replace(path)
        threading.Thread(target=self._serve, args=(listener,), name="spy", daemon=True).start()

    def watch(self, widget: Any, model: Any) -> None:
        """Call the widget ``w`` from now on, its network ``model``; note who handles the widget's requests."""
        if "w" in self.names:
            self.names["w"].close()
        self.names.update(w=widget, model=model)
        self.handled.clear()
        widget.on_msg(lambda _widget, content, _buffers: self._note(content.get("request")))

    def box(self, widget: Any) -> Any:
        """A box with the widget in it, called ``box``: another one can be put in its place."""
        from ipywidgets import VBox

        self.names["box"] = VBox([widget])
        return self.names["box"]

    def run(self) -> None:
        """Do the work that was left by a test, as a cell."""
        work, self.work = self.work, ""
        self.toil(work)

    def toil(self, code: str) -> None:
        """Run code on this thread and say so while it lasts."""
        self.busy = True
        try:
            exec(code, self.names)
        finally:
            self.busy = False

    def _note(self, asked: Any) -> None:
        if asked is not None:
            self.handled.append((threading.current_thread().name, asked["nonce"], asked["seq"], time.monotonic()))

    def _serve(self, listener: Listener) -> None:
        while True:
            try:
                with listener.accept() as caller:
                    self._answer(caller)
            except Exception:  # noqa: BLE001  whoever called is gone; the next one is heard
                continue

    def _answer(self, caller: Connection) -> None:
        self._printed.clear()
        try:
            exec(caller.recv(), self.names)
        except Exception as error:  # noqa: BLE001  it is told to the test
            self._print("".join(traceback.format_exception(error)))
        caller.send("\n".join(self._printed))

    def _print(self, *values: Any, **how: Any) -> None:
        if threading.current_thread().name == "spy":
            self._printed.append(" ".join(map(str, values)))
        else:
            builtins.print(*values, **how)


spy = Spy()
