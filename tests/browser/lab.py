"""A real JupyterLab with a real kernel, and the few things that the browser tests do with it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import ConsoleMessage, Page, WebSocket

START_TIMEOUT = 60.0
RUN_TIMEOUT = 120_000.0

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
    return text;
}"""


@dataclass
class Server:
    """A running server and the folder that it serves."""

    url: str
    root: Path

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells; returns its URL."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.root / name)
        # a workspace of its own opens this notebook and nothing else; "?reset" would load the page twice
        return f"{self.url}/lab/workspaces/{Path(name).stem}/tree/{name}"


@contextmanager
def serve(root: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Start JupyterLab on ``root`` with settings of its own; stop it and its kernels at the end."""
    home, work = root / "home", root / "work"
    work.mkdir(parents=True)
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    own = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
    }
    port = _free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={work}",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with (root / "server.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment, **{name: str(path) for name, path in own.items()}},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/api/status", process, root / "server.log")
            yield Server(url, work)
        finally:
            # the whole group: kernels are children of the server
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
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
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@dataclass
class Notebook:
    """An open notebook in the browser: its page, what it logged, and the comm messages that it sent to the kernel."""

    page: Page
    errors: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._logged)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("websocket", self._connected)

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

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
        end = time.monotonic() + RUN_TIMEOUT / 1000
        while not self.page.evaluate(READY):
            if time.monotonic() > end:
                raise TimeoutError("the notebook's kernel did not become ready")
            self.page.wait_for_timeout(50)

    def run_all(self) -> None:
        """Run all cells and wait until every code cell has been executed."""
        self.page.evaluate(
            """() => {
                window.jupyterapp.shell.activateById(window.panel.id);
                void window.jupyterapp.commands.execute("notebook:run-all-cells");
            }"""
        )
        done = """() => {
            const cells = window.panel.content.model.cells;
            return [...Array(cells.length).keys()].every((i) => {
                const cell = cells.get(i);
                return cell.type !== "code" || (cell.executionCount !== null && cell.executionState !== "running");
            });
        }"""
        self.page.wait_for_function(done, timeout=RUN_TIMEOUT)

    def execute(self, code: str) -> str:
        """Run code in the live kernel, beside the cells; returns what it printed."""
        return str(self.page.evaluate(EXECUTE, code))

    def theme(self, name: str) -> None:
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light", arg=str("Dark" not in name).lower()
        )


HEAT = """(canvas) => {
    const { width, height } = canvas;
    const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    let hash = 0, best = -1, at = 0, painted = 0;
    for (let i = 0; i < data.length; i += 4) {
        hash = (hash * 31 + data[i] * 7 + data[i + 1] * 5 + data[i + 2] * 3 + data[i + 3]) | 0;
        if (data[i + 3] > 0) painted += 1;
        // viridis rises in green from its low end to its high end
        if (data[i + 3] * 256 + data[i + 1] > best) { best = data[i + 3] * 256 + data[i + 1]; at = i / 4; }
    }
    return { hash, painted, x: (at % width + 0.5) / width, y: (Math.floor(at / width) + 0.5) / height };
}"""


def heat(page: Page) -> dict[str, Any]:
    """What is painted over the picture: a hash of the pixels, how many are painted, and where the hottest is (0..1)."""
    found: dict[str, Any] = page.locator(".camwidget .heat").first.evaluate(HEAT)
    return found
