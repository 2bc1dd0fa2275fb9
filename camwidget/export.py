"""Widgets as HTML that needs no kernel and no network: one file, a fragment for other pages, or a frame.

The page holds the very bundle that notebooks load, and the widgets' data as base64 in one JSON block, so that no label
ever stands in the markup. It may fetch nothing: its content security policy names only its own script.
"""

from __future__ import annotations

import hashlib
import html
import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from .checks import one_of
from .text import line

LOADER = Path(__file__).with_name("page.js")

FORMS = ("page", "fragment", "frame")
"""A whole file; a part to be pasted into another page; that part in a frame of its own, for hosts with wild styles."""

TALL = 570
"""Height of a wide widget, in pixels: held free until it is there."""

STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; background: #fff; color: #333; font: 14px/1.4 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ccc; } }
main { max-width: 1080px; margin: 0 auto; padding: 16px; }
[data-view] + [data-view] { margin-top: 16px; }
@media (max-width: 640px) { main { padding: 0; } }
"""

FRAMED = "main { max-width: none; padding: 0; } body { background: none; }"

NO_SCRIPT = "This picture is alive where scripts may run."


class Widget(Protocol):
    """What is put on a page, see ``CamWidget``."""

    def page_data(self, targets: Any = None, layers: Any = None, variants: Any = None) -> bytes:
        """Its traits and maps, see ``payload.block``."""

    @property
    def page_title(self) -> str:
        """What it asks."""


class Html(str):
    """HTML that notebooks show as such."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        # the default would print all of it into the notebook once more
        return f"<HTML of {len(self) / 1000:.0f} kB>"


def save_html(
    widgets: Any,
    path: str | Path,
    targets: Any = None,
    layers: Any = None,
    variants: Any = None,
    *,
    title: str | None = None,
    form: str = "page",
) -> Path:
    """Write several widgets into one file of HTML that needs no kernel and no network.

    Args:
        widgets: one ``CamWidget`` or a sequence of them, from top to bottom.
        path: of the file; one that is there is overwritten.
        targets, layers, variants: of which maps go along, see ``CamWidget.save``; the same for all widgets.
        title: of the page, as plain text; default: what the first widget asks.
        form: "page", "fragment" or "frame", see ``CamWidget.to_html``.

    Returns: the path.

    Raises:
        TypeError, ValueError: with what was given, what is accepted, and the nearest right name.
    """
    return write(path, to_html(widgets, targets, layers, variants, title=title, form=form))


def to_html(
    widgets: Any, targets: Any = None, layers: Any = None, variants: Any = None, *, title: str | None, form: str
) -> Html:
    """As ``save_html``, as text."""
    one_of("form", form, FORMS)
    shown: Sequence[Widget] = list(widgets) if isinstance(widgets, (list, tuple)) else [widgets]
    if not shown:
        raise ValueError("no widgets were given; give one CamWidget or several, such as [w1, w2]")
    for widget in shown:
        if not hasattr(widget, "page_data"):
            raise TypeError(f"a {type(widget).__name__} is no CamWidget; give one CamWidget or several")
    blocks = [widget.page_data(targets, layers, variants) for widget in shown]
    return form_of(form, blocks, shown[0].page_title if title is None else line(str(title)))


def write(path: str | Path, text: str) -> Path:
    """Write text as it is, without the line ends of the machine, which would spoil the policy's hash."""
    path = Path(path)
    path.write_bytes(text.encode("utf-8"))
    return path


def form_of(
    form: str, blocks: Sequence[bytes], title: str, bundle: str | None = None, inner: tuple[bytes, str] | None = None
) -> Html:
    """Packed widgets as one of FORMS.

    Args:
        bundle: their front end; default: that of ``CamWidget``. inner: a widget that they show within them, and its
            front end.
    """
    if form == "fragment":
        return Html(_fragment(blocks, bundle, inner))
    if form == "page":
        return Html(_page(blocks, title, STYLE, bundle, inner))
    page = _page(blocks, title, STYLE + FRAMED, bundle, inner)
    return Html(
        f'<iframe data-camwidget title="{html.escape(title)}" style="width: 100%; height: {TALL}px; border: 0" '
        f'allow="fullscreen; clipboard-write" srcdoc="{html.escape(page)}"></iframe>\n'
    )


def overhead() -> int:
    """Bytes of a page besides its widgets."""
    return len(_page([], "", STYLE, None, None).encode())


def _page(blocks: Sequence[bytes], title: str, style: str, bundle: str | None, inner: tuple[bytes, str] | None) -> str:
    digest = b64encode(hashlib.sha256(_script().encode()).digest()).decode()
    # the bundle unpacks itself and is loaded from a URL of its own text; styles are its own, too
    policy = f"default-src 'none'; script-src 'sha256-{digest}' blob:; style-src 'unsafe-inline'; img-src data: blob:"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main data-camwidget>\n"
        f"{_fragment(blocks, bundle, inner)}</main>\n</body>\n</html>\n"
    )


def _fragment(blocks: Sequence[bytes], bundle: str | None, inner: tuple[bytes, str] | None) -> str:
    """No line of it is empty: Markdown would end the HTML there."""
    data: dict[str, Any] = {"bundle": _bundle() if bundle is None else bundle, "widgets": [_text(b) for b in blocks]}
    if inner is not None:
        data["inner"] = {"bundle": inner[1], "widget": _text(inner[0])}
    views = f'<div data-view style="min-height: {TALL}px"></div>' * len(blocks)
    return (
        f'<div class="camwidget-page">{views}<noscript>{NO_SCRIPT}</noscript>'
        f'<script type="application/json">{in_script(data)}</script></div>\n'
        f"<script>{_script()}</script>\n"
    )


def _text(block: bytes) -> str:
    return b64encode(block).decode()


def in_script(value: Any) -> str:
    """JSON that may stand in a script element whatever it says: no ``<``, and ASCII only."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _script() -> str:
    loader = "\n".join(line for line in LOADER.read_text(encoding="utf-8").splitlines() if line.strip())
    here = (
        'document.currentScript?.previousElementSibling ?? document.querySelector(".camwidget-page:not([data-shown])")'
    )
    return f"({loader})({here})"


def _bundle() -> str:
    from .traits import bundle

    return bundle()
