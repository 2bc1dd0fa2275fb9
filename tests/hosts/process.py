"""Hosts whose kernel, if they have one, is this very process: pages without a kernel, and hosts that are imitated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import expected
import many
import nbformat
import slowly
from gallery_page import Gallery
from imitation import Colab, Framed, VSCode, in_colab
from nbclient import NotebookClient
from places import Ground, Seat
from playwright.sync_api import Frame, Page
from view import View

from camwidget import CamGallery, CamWidget
from camwidget.notebooks import Exporter

TARGETS = ("red", "blue", "cyan", "green", "yellow")
LAYERS = ("early", "middle", "late")
VARIANTS = ("gradcam", "layercam")


@dataclass
class ProcessSeat(Seat):
    """The widget ``w`` is in this process, and so is what code runs in."""

    names: dict[str, Any] = field(default_factory=dict)

    def execute(self, code: str) -> str:
        printed: list[str] = []
        self.names["print"] = lambda *values: printed.append(" ".join(map(str, values)))
        exec(code, self.names)
        return "\n".join(printed)

    def prepare(self) -> None:
        """It can."""

    def begin(self, code: str) -> None:
        raise NotImplementedError("there are no cells")

    def put(self, w: CamWidget | CamGallery) -> None:
        """Call this widget ``w`` from now on."""
        if "w" in self.names:
            self.names["w"].close()
        self.names.update(w=w, expected=expected)


@dataclass
class PaperSeat(ProcessSeat):
    """A page that has no kernel, opened from its file without a network; ``w`` is what it was made of."""

    path: Path = field(default_factory=Path)

    def fresh(self) -> View:
        self.put(slowly.widget(slowly.Slowly()))
        self.page.goto(self.path.as_uri())
        return self.painted()

    def gallery(self) -> Gallery:
        self.put(many.gallery(slowly.Slowly()))
        path = self.path.with_stem(f"{self.path.stem}-gallery")
        self.names["w"].save(path)
        self.page.goto(path.as_uri())
        return self.hung()

    def again(self) -> View:
        self.page.reload()
        return self.painted()

    def dress(self, dark: bool) -> View:
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        return View(self)

    def chosen(self, name: str, value: object) -> None:
        # it cannot be told: it is made to follow
        setattr(self.names["w"], name, value)


@dataclass
class NbconvertSeat(PaperSeat):
    """nbconvert's page, which has the theme that it was made with."""

    written: Callable[[str, bool], Path] = field(default=lambda kind, dark: Path())
    kind: str = "widget"

    def fresh(self) -> View:
        self.kind = "widget"
        return super().fresh()

    def gallery(self) -> Gallery:
        self.kind = "gallery"
        self.put(many.gallery(slowly.Slowly()))
        self.page.goto(self.written(self.kind, False).as_uri())
        return self.hung()

    def dress(self, dark: bool) -> View:
        self.page.goto(self.written(self.kind, dark).as_uri())
        if self.kind == "gallery":
            self.hung()
            return View(self)
        return self.painted()


@dataclass
class ImitatedSeat(ProcessSeat):
    """A host that is imitated."""

    make: Callable[[Page, CamWidget | CamGallery], Framed] | None = None
    host: Framed | None = None

    @property
    def frame(self) -> Frame:
        assert self.host is not None
        return self.host.frame

    def fresh(self) -> View:
        self._show(slowly.widget(slowly.Slowly()))
        return self.painted()

    def gallery(self) -> Gallery:
        self._show(many.gallery(slowly.Slowly()))
        return self.hung()

    def _show(self, w: CamWidget | CamGallery) -> None:
        assert self.make is not None
        if self.host is not None:
            before, self.page = self.page, self.page.context.new_page()
            before.close()
            self.listen()
        self.put(w)
        self.host = self.make(self.page, w)

    def again(self) -> View:
        self.page.reload()
        return self.painted()

    def dress(self, dark: bool) -> View:
        assert self.host is not None
        self.host.theme("dark" if dark else "light")
        return View(self)

    def asked(self) -> int:
        assert self.host is not None
        return len(self.host.heard)

    def forget(self) -> None:
        assert self.host is not None
        self.host.heard.clear()

    def saved(self, view: View) -> tuple[str, bytes]:
        host = self.host
        if not isinstance(host, VSCode):
            return super().saved(view)
        view.role("button", "Save the picture").click()
        self.until(lambda: host.told("save"), "the editor to be told")
        ((name, data),) = host.told("save")
        return str(name), bytes(data)


@contextmanager
def page(ground: Ground, name: str) -> Iterator[Seat]:
    """A page by ``w.save``."""
    path = ground.folder / f"{name}.html"
    with slowly.widget(slowly.Slowly()) as w:
        w.save(path, TARGETS, LAYERS, VARIANTS)
    with _offline(ground) as sheet:
        yield PaperSeat(sheet, path=path)


@contextmanager
def nbconvert(ground: Ground, name: str) -> Iterator[Seat]:
    """A notebook that was executed, as ``nbconvert --to camwidget`` makes a page of it."""
    modules = ground.folder / "modules"
    begin = f"import sys; sys.path.insert(0, {str(modules)!r})\nimport beacons, many, slowly"
    shown = {
        "widget": "many.CamWidget(slowly.Slowly(), beacons.picture(), slowly.LABELS, preprocess=beacons.read)",
        "gallery": "many.gallery(slowly.Slowly())",
    }
    executed = cache(lambda kind: _executed([begin, shown[kind]], ground.folder))

    def written(kind: str, dark: bool) -> Path:
        path = ground.folder / f"{name}-{kind}-{'dark' if dark else 'light'}.html"
        if not path.is_file():
            html, _ = Exporter(theme="dark" if dark else "light").from_notebook_node(deepcopy(executed(kind)))
            path.write_text(html, encoding="utf-8")
        return path

    with _offline(ground) as sheet:
        yield NbconvertSeat(sheet, path=written("widget", False), written=written)


@contextmanager
def vscode(ground: Ground, name: str) -> Iterator[Seat]:
    """VS Code, imitated."""
    sheet = ground.page()
    yield ImitatedSeat(sheet, make=VSCode)
    sheet.context.close()


@contextmanager
def colab(ground: Ground, name: str) -> Iterator[Seat]:
    """Colab, imitated."""
    sheet = ground.page()
    with in_colab():
        yield ImitatedSeat(sheet, make=Colab)
    sheet.context.close()


@contextmanager
def _offline(ground: Ground) -> Iterator[Page]:
    sheet = ground.page()
    sheet.context.set_offline(True)
    yield sheet
    sheet.context.close()


def _executed(cells: Sequence[str], folder: Path) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "python3", "language": "python"}
    done = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return nbformat.reads(nbformat.writes(done), as_version=4)
