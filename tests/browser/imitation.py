"""Hosts that cannot be run in tests, imitated: what their pages do to a widget, as their sources and threads tell.

docs/hosts.md lists where each rule was read, and when.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

from alone import Alone
from playwright.sync_api import Frame, Page

from camwidget import CamGallery, CamWidget, late
from tests.wire.front_end import FrontEnd

# ipywidgets' own style sheet, in every host that is not a JupyterLab: white, whatever the theme
IPYWIDGETS = """
:root {
  --jp-border-color1: #9e9e9e; --jp-border-color2: #e0e0e0;
  --jp-ui-font-color0: rgba(0,0,0,1); --jp-ui-font-color1: rgba(0,0,0,.8); --jp-ui-font-color2: rgba(0,0,0,.5);
  --jp-layout-color0: white; --jp-layout-color1: white; --jp-layout-color2: #eee;
  --jp-brand-color1: #2196f3; --jp-warn-color1: #ff9800;
  --jp-ui-font-family: "Helvetica Neue", Helvetica, Arial, sans-serif;
}
.jupyter-widgets { margin: 2px; }
"""

VSCODE_THEMES = {
    "light": ("vscode-light", {"editor-background": "#ffffff", "editor-foreground": "#3b3b3b"}),
    "dark": ("vscode-dark", {"editor-background": "#1f1f1f", "editor-foreground": "#cccccc"}),
    "contrast": (
        "vscode-high-contrast",
        {"editor-background": "#000000", "editor-foreground": "#ffffff", "contrastBorder": "#6fc3df"},
    ),
}

# since 2026 the renderer may bind some of JupyterLab's names to the theme, and not in every kind of theme
BRIDGE = """
.cell-output-ipywidget-background {
  --jp-ui-font-color0: var(--vscode-editor-foreground); --jp-ui-font-color1: var(--vscode-editor-foreground);
  --jp-ui-font-color2: var(--vscode-editor-foreground);
}
.vscode-dark .cell-output-ipywidget-background { --jp-layout-color0: #313131; --jp-layout-color1: #313131; }
"""

WEBVIEW = """<!doctype html><html lang="en"><meta charset="utf-8"><title>webview</title><style>%(ipywidgets)s
body { margin: 0; background: transparent; color: var(--vscode-editor-foreground); }
.cell-output-ipywidget-background { background: white !important; }
%(bridge)s</style>
<body><div class="output cell-output-ipywidget-background"><div class="jupyter-widgets" data-output></div></div>
<script>
const tell = (type, data) => parent.postMessage({ type, data }, "*");
window.setTheme = (kind, colours) => {
  document.body.className = kind;
  document.body.dataset.vscodeThemeKind = kind;
  document.documentElement.style = Object.entries(colours).map(([name, css]) => `--vscode-${name}: ${css}`).join(";");
};
setTheme(...%(theme)s);
// every key that comes this far is the editor's
window.addEventListener("keydown", ({ key }) => tell("key", key));
// no link is followed; what it names is saved by the editor
window.addEventListener("click", (event) => {
  for (const node of event.composedPath()) {
    if (!(node instanceof HTMLAnchorElement) || !node.href) continue;
    event.preventDefault();
    if (!node.href.startsWith("blob:")) return;
    fetch(node.href).then((found) => found.blob()).then((file) => file.arrayBuffer())
      .then((data) => tell("save", [node.download, [...new Uint8Array(data)]]));
    return;
  }
});
</script><script type="module" src="/host.js"></script>"""

WORKBENCH = """<!doctype html><html lang="en"><meta charset="utf-8"><title>workbench</title>
<body style="margin: 0"><iframe title="webview" src="http://webview.test/webview"
 style="border: 0; width: 100%; height: 900px"
 sandbox="allow-same-origin allow-scripts allow-forms allow-pointer-lock allow-downloads">
</iframe><script>
window.told = [];
window.addEventListener("message", ({ data }) => window.told.push([data.type, data.data]));
</script>"""

CELL = """<!doctype html><html lang="en" theme="light"><meta charset="utf-8"><title>output</title><style>%(ipywidgets)s
html { --colab-primary-surface-color: #ffffff; --colab-secondary-surface-color: #f7f7f7;
  --colab-primary-text-color: #212121; }
html[theme="dark"] { --colab-primary-surface-color: #383838; --colab-secondary-surface-color: #383838;
  --colab-primary-text-color: #d5d5d5; }
:root { --jp-widgets-color: var(--colab-primary-text-color); --jp-layout-color2: var(--colab-secondary-surface-color);
  --jp-ui-font-color1: var(--colab-primary-text-color); }
body { margin: 0; }
</style><body><colab-lumino-adapter style="display: block"><div class="jupyter-widgets" data-output></div>
</colab-lumino-adapter><script>
window.bare = true;  // buffers of custom messages come as Uint8Array
window.setTheme = (kind) => document.documentElement.setAttribute("theme", kind);
</script><script type="module" src="/host.js"></script>"""

COLAB = """<!doctype html><html lang="en"><meta charset="utf-8"><title>notebook</title><body style="margin: 0">
<iframe title="one" src="http://one.frame.test/cell" style="border: 0; width: 100%; height: 640px"></iframe>
<iframe title="two" src="http://two.frame.test/cell" style="border: 0; width: 100%; height: 640px"></iframe>"""


class Framed(Alone):
    """A host that shows each output in a frame of another site."""

    site: str
    """Where the frame is from."""

    @property
    def frame(self) -> Frame:
        """What a ``View`` looks at."""
        frame = self.page.frame(url=self.site)
        assert frame is not None, f"no frame {self.site}"
        return frame


class VSCode(Framed):
    """A notebook in VS Code: a frame with a white box around every widget, whatever the theme."""

    site = "http://webview.test/webview"

    def __init__(self, page: Page, widget: CamWidget | CamGallery, theme: str = "light", bridge: bool = False) -> None:
        parts = {
            "ipywidgets": IPYWIDGETS,
            "bridge": BRIDGE if bridge else "",
            "theme": json.dumps(self._named(theme)),
        }
        self.pages = {"": WORKBENCH, "webview": WEBVIEW % parts}
        super().__init__(page, widget)

    def theme(self, name: str) -> None:
        """Switch to one of VSCODE_THEMES."""
        self.frame.evaluate("(given) => window.setTheme(...given)", self._named(name))

    @staticmethod
    def _named(name: str) -> list[Any]:
        return list(VSCODE_THEMES[name])

    def told(self, kind: str) -> list[Any]:
        """What the frame has told the editor: keys, files to be saved."""
        return [data for type_, data in self.page.evaluate("() => window.told") if type_ == kind]


class Colab(Framed):
    """Two cells that show one widget, each in a frame with a manager and models of its own. What the kernel sends while
    it handles nothing is lost.
    """

    site = "http://one.frame.test/cell"

    def __init__(self, page: Page, widget: CamWidget | CamGallery) -> None:
        self.pages = {"": COLAB, "cell": CELL % {"ipywidgets": IPYWIDGETS}}
        self._handling = False
        super().__init__(page, widget)

    def _front_of(self, widget: Any) -> FrontEnd:
        front = super()._front_of(widget)
        heard = front.receive
        widget.comm.send = lambda *given, **named: heard(*given, **named) if self._handling else None
        return front

    @property
    def other(self) -> Frame:
        """The second cell."""
        frame = self.page.frame(url="http://two.frame.test/cell")
        assert frame is not None
        return frame

    def theme(self, name: str) -> None:
        for frame in (self.frame, self.other):
            frame.evaluate("(name) => window.setTheme(name)", name)

    def _handle(self, front: FrontEnd, message: dict[str, Any]) -> None:
        with self._at_work():
            super()._handle(front, message)

    @contextmanager
    def cell(self) -> Iterator[None]:
        """Within the block a cell runs."""
        with self._at_work():
            yield
            late.wait_for([front.widget for front in self._fronts.values()])  # lifetime.py sees to it in a kernel

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self._handling = True
        try:
            yield
        finally:
            self._handling = False


MANAGER = "https://ssl.gstatic.com/colaboratory-static/widgets/colab-cdn-widget-manager/0/manager.min.js"


@contextmanager
def in_colab() -> Iterator[list[str]]:
    """Modules as in a Colab kernel. Gives the names of what was called."""
    called: list[str] = []
    output: Any = ModuleType("google.colab.output")
    output.enable_custom_widget_manager = lambda: called.append("enable_custom_widget_manager")
    output._widgets = ModuleType("_widgets")
    output._widgets._installed_url = MANAGER
    colab: Any = ModuleType("google.colab")
    colab.output = output
    from anywidget import _util

    _util.enable_custom_widget_manager_once.cache_clear()
    with patch.dict("sys.modules", {"google.colab": colab, "google.colab.output": output}):
        yield called
    _util.enable_custom_widget_manager_once.cache_clear()
