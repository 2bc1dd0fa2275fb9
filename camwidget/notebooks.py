"""Notebooks as HTML with their widgets alive, without a kernel and without a network, for nbconvert.

    jupyter nbconvert --to camwidget lesson.ipynb            # executed before, and saved with its widgets' state
    jupyter nbconvert --to camwidget --execute lesson.ipynb
    jupyter nbconvert --to slides --SlidesExporter.preprocessors=camwidget.notebooks.Inline lesson.ipynb

nbconvert's own HTML fetches the widgets' libraries from a server each time that a page is opened. Here each widget
becomes a fragment that holds all it needs, see ``export.py``.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from contextlib import suppress
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import Preprocessor

from . import export, payload
from .gallery import paper

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
OURS = ("camwidget.widget.CamWidget", "camwidget.gallery.opened.Opened")
GALLERY = "camwidget.gallery.gallery.CamGallery"
"""What a saved model of ours says that it is."""


class Inline(Preprocessor):
    """Puts a fragment in the place of each widget of ours whose state the notebook holds; all others stay."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Change a notebook."""
        models = saved(nb)
        shown = [output.get("data", {}) for cell in nb.cells for output in cell.get("outputs", [])]
        for data in shown:
            _replace(data, models)
        _drop_unseen(models, {data[VIEW].get("model_id", "") for data in shown if VIEW in data})
        if "widgets" in nb.metadata and all(map(_furniture, models.values())):
            del nb.metadata["widgets"]  # else the page would fetch the library that shows widgets, for none
        return nb, resources


class Exporter(HTMLExporter):
    """nbconvert's HTML with live widgets."""

    export_from_notebook = "HTML with live camwidgets"

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()
        self.register_preprocessor(Inline, enabled=True)


def saved(nb: Any) -> MutableMapping[str, Any]:
    """The models whose state a notebook holds, by their id."""
    models = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    return models if isinstance(models, MutableMapping) else {}


def _replace(data: Any, models: Mapping[str, Any]) -> None:
    """Put HTML in the place of a view of ours."""
    model = models.get(data.get(VIEW, {}).get("model_id", ""), {})
    if not _ours(model):
        return
    del data[VIEW]
    bundle = str(model["state"]["_esm"])
    if model["state"]["_anywidget_id"] != GALLERY:
        data["text/html"] = export.form_of("fragment", [_block(model)], "", bundle)
        return
    traits = _whole(model)
    if traits.get("kept"):  # else its page of pictures stays
        child = models.get(str(traits.get("child", "")).removeprefix("anywidget:"), {})
        inner = (
            (_block(child), str(child["state"]["_esm"])) if _ours(child) and traits.get("opened") is not None else None
        )
        page = payload.block(paper.of(traits, inner is not None))
        data["text/html"] = export.form_of("fragment", [page], "", bundle, inner)


def _drop_unseen(models: MutableMapping[str, Any], views: Collection[str]) -> None:
    """Take out our models that nothing shows: what has a fragment, and what was closed, which a notebook that is run
    without a page remembers. What another model names stays, however it does so: ids are found nowhere by chance.
    """
    seen = {*views, *(name for name, model in models.items() if not _ours(model))}
    waiting = [*seen]
    while waiting:
        text = json.dumps(models.get(waiting.pop(), ""))
        named = [name for name in models if name not in seen and name in text]
        seen.update(named)
        waiting += named
    for name in [name for name in models if name not in seen]:
        del models[name]


def _ours(model: Mapping[str, Any]) -> bool:
    return model.get("state", {}).get("_anywidget_id") in (*OURS, GALLERY)


def _furniture(model: Mapping[str, Any]) -> bool:
    """Whether a model is only how another one is laid out."""
    return model.get("model_name") == "LayoutModel"


def _block(model: Mapping[str, Any]) -> bytes:
    """What a page is given of a widget."""
    return payload.block(_traits(_whole(model)))


def _whole(model: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a model, with the binary parts in their places."""
    whole: dict[str, Any] = _plain(model["state"])
    for buffer in model.get("buffers", []):
        _put(whole, buffer["path"], b64decode(buffer["data"]))
    return whole


def _put(whole: Any, path: Sequence[Any], part: bytes) -> None:
    """Put a binary part into its place, where it has left nothing, or None in a list. A notebook that was run without a
    page (by nbclient) remembers also parts whose place is gone or taken since; they are left out.
    """
    *way, last = path
    holder = whole
    with suppress(LookupError, TypeError):
        for key in way:
            holder = holder[key]
        if (holder[last] is None) if isinstance(holder, list) else last not in holder:
            holder[last] = part


def _traits(whole: Mapping[str, Any]) -> dict[str, Any]:
    """What a page is given of a widget's state."""
    traits = {name: whole[name] for name in payload.TRAITS if name in whole and name not in payload.OF_A_FILM}
    for answer in ("stack", "status"):  # the request that it answered was another page's
        traits[answer] = {**traits.get(answer, {}), "reply": None}
    traits["status"] = payload.quiet({"state": "ready", **traits["status"]})
    return traits


def _plain(value: Any) -> Any:
    """A copy that may be changed: the notebook keeps its own."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
