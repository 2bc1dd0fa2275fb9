"""A real JupyterLab with a real kernel, and the few things that the browser tests do with it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import ConsoleMessage, Page, WebSocket

START_TIMEOUT = 180.0
RUN_TIMEOUT = 180_000.0  # ms
PATIENCE = 60.0
"""Seconds until a test gives up waiting: never needed on a machine that does nothing else."""

READY = """async () => {
    // the shell's current widget is null for moments when the focus moves, so the notebook's panel is kept
    window.panel ??= window.jupyterapp?.shell?.currentWidget;
    const context = window.panel?.sessionContext;
    if (!context) return false;
    await context.ready;
    const kernel = context.session?.kernel;
    if (!kernel) return false;
    await kernel.info;
    return kernel.status === "idle" && kernel.connectionStatus === "connected";
}"""

EXECUTE = """async (code) => {
    const kernel = window.panel.sessionContext.session.kernel;
    const future = kernel.requestExecute({ code, store_history: false });
    let text = "";
    future.onIOPub = (message) => {
        if (message.header.msg_type === "stream") text += message.content.text;
        if (message.header.msg_type === "error") text += `\\n${message.content.ename}: ${message.content.evalue}`;
    };
    await future.done;
    // what the code has sent to widgets is taken in tasks of their own
    for (let i = 0; i < 3; i += 1) await new Promise((next) => setTimeout(next));
    return text;
}"""

# a file tells that it runs, and ends it
BUSY = """
import pathlib, time
_runs = pathlib.Path({runs!r})
_runs.touch()
while _runs.exists():
    time.sleep(0.01)
"""

CLEAR = """() => {
    window.jupyterapp.shell.activateById(window.panel.id);
    for (const cell of window.panel.content.model.cells) {
        cell.executionCount = null;
        cell.outputs.clear();
    }
}"""

ALL_RUN = """() => [...window.panel.content.model.cells].every(
    (cell) => cell.executionCount !== null && cell.executionState !== "running")"""

REPLACE = """(sources) => {
    const notebook = window.panel.content.model.sharedModel;
    notebook.deleteCellRange(0, notebook.cells.length);
    notebook.insertCells(0, sources.map((source) => ({ cell_type: "code", source, metadata: {} })));
}"""


@dataclass
class Server:
    """A running server and the folder that it serves."""

    url: str
    root: Path

    def write(self, name: str, cells: Sequence[str], kernel: str = "python3") -> str:
        """Write a notebook of code cells; returns its URL."""
        write_notebook(self.root / name, cells, kernel)
        # a workspace of its own opens this notebook and nothing else; "?reset" would load the page twice
        return f"{self.url}/lab/workspaces/{Path(name).stem}/tree/{name}"


def write_notebook(path: Path, cells: Sequence[str], kernel: str = "python3") -> None:
    """Write a notebook of code cells for the kernelspec of that name."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    nbformat.write(notebook, path)


@contextmanager
def serve(root: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Start JupyterLab on ``root`` with settings of its own; stop it and its kernels at the end."""
    work = root / "work"
    work.mkdir(parents=True)
    settings = root / "home" / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    port = free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={work}",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with running(command, root, environment, f"{url}/api/status"):
        yield Server(url, work)


@contextmanager
def running(command: Sequence[str], root: Path, environment: dict[str, str], probe: str) -> Iterator[None]:
    """Run a server whose home is in ``root``, from when ``probe`` is answered; stop it and its children at the end."""
    home = root / "home"
    own = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
    }
    with (root / "server.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment, **{name: str(path) for name, path in own.items()}},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(probe, process, root / "server.log")
            yield
        finally:
            # the whole group: kernels are children of the server
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError:
            return  # an answer all the same
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")


@dataclass
class Notebook:
    """An open notebook in the browser: its page, what it logged, and the comm messages that it sent to the kernel."""

    page: Page
    errors: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def listen(self) -> None:
        self.page.on("console", self._logged)
        self.page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        self.page.on("websocket", self._connected)
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.netloc)

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location['url']}")

    def _connected(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)

    def _sent(self, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        if '"comm_msg"' in text:
            self.sent.append(text)

    def open(self, url: str) -> None:
        """Go to the notebook and wait for its kernel (an idle indicator alone is not enough, see the server's
        start)."""
        self.page.goto(url)
        self._until_ready()

    def _until_ready(self) -> None:
        end = time.monotonic() + RUN_TIMEOUT / 1000
        while not self.page.evaluate(READY):
            if time.monotonic() > end:
                raise TimeoutError("the notebook's kernel did not become ready")
            self.page.wait_for_timeout(50)

    def run_all(self) -> None:
        """Run all cells from a clean page and wait until every one has been executed."""
        self.page.evaluate(CLEAR)
        self.page.locator(".camwidget").first.wait_for(state="detached")
        self.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(ALL_RUN, timeout=RUN_TIMEOUT)

    def show(self, *cells: str) -> None:
        """Put these code cells in the place of all others, and run them."""
        self.page.evaluate(REPLACE, list(cells))
        self.run_all()

    def execute(self, code: str) -> str:
        """Run code in the live kernel, beside the cells; returns what it printed."""
        return str(self.page.evaluate(EXECUTE, code))

    def begin(self, code: str) -> None:
        """As ``execute``, but without waiting for it: the kernel is busy from now on."""
        self.page.evaluate("(code) => void (window.begun = (" + EXECUTE + ")(code))", code)

    def ended(self) -> str:
        """Wait for what was begun; returns what it printed."""
        return str(self.page.evaluate("() => window.begun"))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Within the block the kernel runs a cell, as long as the block takes."""
        with TemporaryDirectory() as folder:
            runs = Path(folder) / "runs"
            self.begin(BUSY.format(runs=str(runs)))
            self.until(runs.exists, "the cell to begin")
            try:
                yield
            finally:
                runs.unlink()
                assert self.ended() == ""

    def value(self, expression: str) -> Any:
        """What an expression is worth in the kernel, by way of JSON."""
        printed = self.execute(f"import json; print(json.dumps({expression}))")
        try:
            return json.loads(printed)
        except ValueError:
            raise AssertionError(f"{expression}: {printed}") from None

    def until(self, check: Callable[[], Any], what: str, timeout: float = PATIENCE) -> Any:
        """Wait until ``check`` gives something true; returns that."""
        end = time.monotonic() + timeout
        while not (found := check()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {timeout:.0f} s for {what}")
            self.page.wait_for_timeout(30)
        return found

    def until_value(self, expression: str, wanted: Any) -> None:
        """Wait until an expression has this value in the kernel."""
        end = time.monotonic() + PATIENCE
        while (found := self.value(expression)) != wanted:
            if time.monotonic() > end:
                raise AssertionError(f"{expression} is {found!r}, not {wanted!r}")
            self.page.wait_for_timeout(50)

    def save(self) -> None:
        self.page.evaluate("() => window.panel.context.save()")

    def reload(self) -> None:
        """Load the page again and wait for the notebook; its kernel lives on."""
        self.page.reload()
        self._until_ready()

    def theme(self, name: str) -> None:
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light", arg=str("Dark" not in name).lower()
        )
