"""The hosts: how each is started, how a page with a widget is had in it, and how a cell is run."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Client
from pathlib import Path

import kernels
from app import MARIMO
from gallery_page import Gallery
from jupyter_client import BlockingKernelClient
from lab import Notebook, Server, free_port, running, write_notebook
from playwright.sync_api import Browser, Page
from spy import KEY
from traffic import RECORD, Event, decode
from view import View

START = "from spy import spy\nimport many\nspy.open_door({door!r})"
SHOW = "w = many.shown(spy)\nw"


@dataclass
class Seat(Notebook):
    """A page in a host, with a widget that the kernel calls ``w``. Code runs in the kernel by the side door."""

    door: Path = field(default_factory=Path)

    @abstractmethod
    def fresh(self) -> View:
        """The page with a new widget, painted."""

    @abstractmethod
    def gallery(self) -> Gallery:
        """A page with a new gallery, which the kernel calls ``w``; all items in sight painted."""

    @abstractmethod
    def again(self) -> View:
        """Load the page again; where the host keeps the kernel, the widget is the same."""

    @abstractmethod
    def begin(self, code: str) -> None:
        """Run code as a cell, without waiting for it."""

    @abstractmethod
    def dress(self, dark: bool) -> View:
        """Give the host its dark theme or its light one. The widget may be another one after that."""

    def prepare(self) -> None:
        """From now on the kernel can work out what must be on screen."""
        self.execute("import expected; spy.names['expected'] = expected")

    def chosen(self, name: str, value: object) -> None:
        """Wait until a trait that was chosen on the page is set in the kernel."""
        self.until_value(f"w.{name}", value)

    def asked(self) -> int:
        """How many requests the page has sent since the last call of ``forget``."""
        return sum(event.kind == "request" for event in self.events())

    def saved(self, view: View) -> tuple[str, bytes]:
        """Press the button that saves the picture; returns the file's name and what is in it."""
        with self.page.expect_download() as waiting:
            view.role("button", "Save the picture").click()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()

    def ended(self) -> str:
        """Wait for what was begun."""
        self.until(lambda: self.value("not (spy.busy or spy.work)"), "the cell to end", timeout=40)
        return ""

    def execute(self, code: str) -> str:
        """Run code in the kernel on a thread of its own; returns what it printed."""
        with Client(("127.0.0.1", int(self.door.read_text())), authkey=KEY) as caller:
            caller.send(code)
            return str(caller.recv())

    def events(self) -> list[Event]:
        """Requests and answers since the last call of ``forget``."""
        return decode(self.page.evaluate("() => window.traffic"))

    def forget(self) -> None:
        self.page.evaluate("() => void (window.traffic.length = 0)")

    def hung(self) -> Gallery:
        """The gallery, when its pictures are on the screen."""
        gallery = Gallery(getattr(self, "frame", self.page))
        gallery.root.wait_for(timeout=60_000)
        gallery.painted()
        self.forget()
        return gallery

    def painted(self) -> View:
        """The first view, when its heat is on the screen."""
        view = View(self)
        view.part(".heat").wait_for(timeout=60_000)
        view.until_painted()
        self.forget()
        return view

    def busy(self, code: str) -> None:
        """As ``begin``, and wait until the cell runs. Where it waits for ``spy.gate``, ``free`` ends it."""
        self.execute("spy.gate.clear()")
        self.begin(code)
        self.until(lambda: self.value("spy.busy"), "the cell to begin")

    def free(self) -> None:
        """End the cell that waits."""
        self.execute("spy.gate.set()")
        self.ended()


@dataclass
class LabSeat(Seat):
    """A notebook in JupyterLab."""

    url: str = ""

    def fresh(self) -> View:
        if self.page.url == "about:blank":
            self.open(self.url)
        self.show(START.format(door=str(self.door)) + "\nspy.kind = 'widget'", SHOW)
        return self.painted()

    def gallery(self) -> Gallery:
        if self.page.url == "about:blank":
            self.open(self.url)
        self.show(START.format(door=str(self.door)) + "\nspy.kind = 'gallery'", SHOW)
        return self.hung()

    def again(self) -> View:
        self.save()
        self.reload()
        return self.painted()

    def begin(self, code: str) -> None:
        super(Seat, self).begin(f"spy.toil({code!r})")

    def dress(self, dark: bool) -> View:
        self.theme(f"JupyterLab {'Dark' if dark else 'Light'}")
        return View(self)

    def restart(self) -> None:
        """Restart the kernel, and wait until it is up."""
        self.page.evaluate("() => window.panel.sessionContext.session.kernel.restart()")
        self._until_ready()

    def interrupt(self) -> None:
        self.page.evaluate("() => window.panel.sessionContext.session.kernel.interrupt()")


@dataclass
class PageSeat(Seat):
    """An application made of a notebook: a page that is loaded is a widget that is made."""

    url: str = ""

    def fresh(self) -> View:
        if not self.door.exists():
            return self.load()
        self._renew("widget")
        return self.painted()

    def gallery(self) -> Gallery:
        if not self.door.exists():
            self.load()
        self._renew("gallery")
        return self.hung()

    def _renew(self, kind: str) -> None:
        before = self.value("id(w)")
        self.execute(f"spy.kind = {kind!r}")
        self.replace()
        self.until(lambda: self.value("id(w)") != before, "a new widget")
        self.until(lambda: self.page.locator(".camwidget").count() == 1, "the old widget to go")

    def load(self) -> View:
        """Load the page, which starts a kernel."""
        self.door.unlink(missing_ok=True)
        self.page.goto(self.url)
        return self.started()

    def started(self) -> View:
        self.until(self.door.exists, "the kernel to start", timeout=60)
        return self.painted()

    @abstractmethod
    def replace(self) -> None:
        """Put a new widget in the place of the one that is there."""


class VoilaSeat(PageSeat):
    """A notebook in Voila, where every page has a kernel of its own."""

    def replace(self) -> None:
        self.execute("import many; box.children = [many.shown(spy)]")

    def again(self) -> View:
        return self.load()

    def dress(self, dark: bool) -> View:
        before, self.url = self.url, f"{self.url}/?theme={'dark' if dark else 'light'}"
        view = self.load()
        self.url = before
        return view

    def begin(self, code: str) -> None:
        file = self.execute("from ipykernel.connect import get_connection_file; print(get_connection_file())")
        client = BlockingKernelClient(connection_file=file)
        client.load_connection_file()
        client.start_channels()
        client.execute(f"spy.toil({code!r})")
        self.until(lambda: self.value("spy.busy"), "the cell to begin")
        client.stop_channels()


class MarimoSeat(PageSeat):
    """A marimo application."""

    def replace(self) -> None:
        self.page.get_by_role("button", name="again").click()

    def again(self) -> View:
        self.page.reload()
        return self.painted()

    def dress(self, dark: bool) -> View:
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        return View(self)

    def begin(self, code: str) -> None:
        self.execute(f"spy.work = {code!r}")
        self.page.get_by_role("button", name="work").click()


class MarimoEditSeat(MarimoSeat):
    """A marimo notebook in its editor, which runs nothing by itself."""

    def started(self) -> View:
        self.page.locator(".cm-editor").first.wait_for(timeout=60_000)
        self.page.wait_for_timeout(1000)
        self.page.keyboard.press("Control+Shift+r")
        return super().started()


@dataclass(frozen=True)
class Ground:
    """What all hosts stand on: a browser, a folder, a JupyterLab."""

    browser: Browser
    folder: Path
    lab: Callable[[], Server]
    """Started when it is first wanted."""
    environment: dict[str, str]
    ipykernels: Path
    """Where other versions of ipykernel are kept."""

    def page(self) -> Page:
        context = self.browser.new_context(viewport={"width": 1400, "height": 1000}, device_scale_factor=1)
        context.set_default_timeout(10_000)
        context.set_default_navigation_timeout(60_000)
        context.add_init_script(RECORD)
        return context.new_page()


@dataclass(frozen=True)
class Host:
    """One host under test, and what is found out about it."""

    name: str
    seat: Seat
    facts: dict[str, str]

    @property
    def lab(self) -> bool:
        return self.name.startswith("lab")

    def note_kernel(self) -> None:
        """Note which ipykernel runs there, if one does."""
        if self.seat.door.name:  # else it is this very process
            code = "import sys; found = sys.modules.get('ipykernel'); print(found.__version__ if found else '')"
            self.facts["ipykernel"] = self.seat.execute(code)


Start = Callable[[Ground, str], AbstractContextManager[Seat]]


@contextmanager
def lab(ground: Ground, name: str) -> Iterator[Seat]:
    """JupyterLab with the kernelspec of that name."""
    # the notebook's name becomes its workspace's, which may hold no dots
    version = name.removeprefix("lab-")
    target = None if version == "installed" else kernels.install(version, ground.ipykernels)
    kernels.describe(name, ground.folder / "lab" / "home" / "data", target, ground.environment["PYTHONPATH"])
    url = ground.lab().write(f"{name.replace('.', '-')}.ipynb", [""], kernel=name)
    page = ground.page()
    yield LabSeat(page, door=ground.folder / f"{name}.door", url=url)
    page.evaluate("() => window.panel?.sessionContext.shutdown().catch(() => undefined)")
    page.context.close()


@contextmanager
def notebook(ground: Ground, name: str) -> Iterator[Seat]:
    """Jupyter Notebook, on a server of its own."""
    root, port = ground.folder / name, free_port()
    (root / "work").mkdir(parents=True)
    write_notebook(root / "work" / "one.ipynb", [""])
    command = [
        sys.executable, "-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={root / 'work'}",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with running(command, root, ground.environment, f"{url}/api/status"):
        page = ground.page()
        yield LabSeat(page, door=ground.folder / f"{name}.door", url=f"{url}/notebooks/one.ipynb")
        page.context.close()


@contextmanager
def voila(ground: Ground, name: str) -> Iterator[Seat]:
    """Voila on one notebook."""
    root, port, door = ground.folder / name, free_port(), ground.folder / f"{name}.door"
    root.mkdir()
    write_notebook(root / "app.ipynb", [START.format(door=str(door)), SHOW + "\nspy.box(w)"])
    command = [
        sys.executable, "-m", "voila", str(root / "app.ipynb"), "--no-browser", f"--port={port}",
        "--Voila.ip=127.0.0.1", "--VoilaConfiguration.allow_theme_override=YES",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with running(command, root, ground.environment, f"{url}/favicon.ico"):
        page = ground.page()
        yield VoilaSeat(page, door=door, url=url)
        page.context.close()


@contextmanager
def marimo(ground: Ground, name: str) -> Iterator[Seat]:
    """``marimo run``, or ``marimo edit`` where that is the name's end."""
    root, port, door = ground.folder / name, free_port(), ground.folder / f"{name}.door"
    (root / "home").mkdir(parents=True)
    edit = name.endswith("edit")
    source = MARIMO.format(start=_indented(START.format(door=str(door))), show=_indented(SHOW))
    (root / "app.py").write_text(source)
    (root / "pyproject.toml").write_text('[tool.marimo.display]\ntheme = "system"\n')
    command = [
        sys.executable, "-m", "marimo", "edit" if edit else "run", str(root / "app.py"), "--headless", "--no-token",
        "--port", str(port), "--host", "127.0.0.1",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with running(command, root, ground.environment, f"{url}/health"):
        page = ground.page()
        yield (MarimoEditSeat if edit else MarimoSeat)(page, door=door, url=url)
        page.context.close()


def _indented(code: str) -> str:
    return "\n".join("    " + line for line in code.splitlines())
