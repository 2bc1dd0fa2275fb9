"""Names and messages with markup, control characters, turned writing and 100 kB of text stay text wherever they go:
widget, figure, still picture, page, code.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import waves
from PIL import Image
from torch import nn

from camwidget import CamWidget, protocol
from camwidget.answers import Failed
from camwidget.text import LONGEST, TURNING, line
from tests.conftest import TinyCnn
from tests.wire.front_end import FrontEnd, settle
from tests.wire.paging import blocks_of, unpack

TEXTS = {
    "markup": "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "a comment": "<!-- --><!--<script> ]]> &lt;b&gt; &amp;",
    "quotes": "\"'`${alert(1)}\\u003c\\",
    "a formula": r"$\frac{1}{0}$ \undefined $",
    "control characters": "a\x00b\x07c\x1b[31md\r\ne\x7f\x9f\u2028f\u2029g",
    "half characters": "cat \ud800 dog \udcff",
    "no characters": "a\ufffeb\uffffc\U0010ffff",
    "turned writing": "abc\u202e gpj.exe \u2066\u200f",
    "right to left": "\u0634\u062c\u0631\u0629 \u05e9\u05dc\u05d5\u05dd",
    "a path": "/home/someone/secret.png",
    "bytes": '{"$bytes": [0, 5]}',
    "nothing": " \t\n",
    "100 kB": "<b>x</b> " * 12_000,
}


@pytest.fixture(scope="module", params=TEXTS)
def text(request: pytest.FixtureRequest) -> str:
    return TEXTS[request.param]


@pytest.fixture(scope="module")
def w(text: str) -> Iterator[CamWidget]:
    """The text names the classes, and the network's kind."""
    kind = type("Net" + text.replace("\x00", "").encode(errors="replace").decode(), (TinyCnn,), {})
    with CamWidget(kind().eval(), torch.randn(3, 28, 28), labels=[text, *"abcde"], target=0) as w:
        settle()
        yield w
    settle()


class Tags(HTMLParser):
    """The elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)


def is_a_line(text: str, most: int = LONGEST) -> bool:
    """Whether it may travel and be shown."""
    text.encode()  # half characters could not
    return len(text) <= most and not any(
        c in TURNING or ord(c) < 32 or c in "\x7f\u2028\u2029\ufffe\uffff" for c in text
    )


def test_a_line_leaves_what_can_be_read(text: str) -> None:
    found = line(text)
    assert is_a_line(found) and line(found) == found
    if text.isprintable() and len(text) <= LONGEST:
        assert found == text.strip()
    assert line("x" * 2000) == "x" * (LONGEST - 1) + "…"


def test_in_the_widget(text: str, w: CamWidget) -> None:
    page = FrontEnd(w)
    assert all(map(is_a_line, (*w.labels, w.meta["model"])))
    w.target = text if text.strip() else 0  # by the name that was given
    assert w.target == 0
    w._show(Failed(None, text, text))
    assert is_a_line(w.status["text"]) and is_a_line(w.status["hint"])
    sent = {name: getattr(w, name) for name in protocol.TRAITS_TO_BROWSER if name not in ("picture", "frames", "bands")}
    json.dumps(sent, default=len, allow_nan=False, ensure_ascii=False).encode()
    assert page.states("status")[-1] == w.status
    with pytest.raises(ValueError, match="unknown class") as refused:
        w.target = "?" + text
    assert len(str(refused.value)) < 2500


def test_in_a_figure(text: str, w: CamWidget, tmp_path: Path) -> None:
    path = w.save(tmp_path / "figure.svg", targets=[0, 1])
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(path.read_bytes()).iter()}
    assert not tags & {"script", "b", "img"}
    assert path.stat().st_size < 2_000_000


def test_in_the_other_forms_of_a_figure(photo: torch.Tensor, cnn: nn.Module, tmp_path: Path) -> None:
    with CamWidget(cnn, photo, labels=[*TEXTS.values()][-6:], target=5) as w:
        picture = w.save(tmp_path / "figure.png", targets=range(6))
        assert max(Image.open(picture).size) < 8000
        assert w.save(tmp_path / "figure.pdf", targets=range(6)).stat().st_size < 2_000_000
    settle()


def test_on_a_page(text: str, w: CamWidget) -> None:
    html = w.to_html(layers="last", variants="gradcam", form="page", title=text)
    plain = w.to_html(layers="last", variants="gradcam", form="page", title="plain")
    html.encode()  # as it is written
    assert Tags(html).found == Tags(plain).found, "an element more"
    assert unpack(blocks_of(html)[0])["classes"]["names"] == list(w.labels)


def test_in_the_still_picture_and_the_code(text: str, w: CamWidget) -> None:
    data, _ = w._repr_mimebundle_()
    assert data["text/plain"].startswith("CamWidget(Net") and "image/jpeg" in data
    tree = ast.parse(w.to_code())
    assert [type(node).__name__ for node in tree.body] == ["ImportFrom", "Assign", "Expr"]


@pytest.mark.parametrize("text", [TEXTS[name] for name in ("markup", "control characters", "100 kB")])
def test_as_the_name_of_a_signals_row(text: str, tmp_path: Path) -> None:
    display = {text: np.sin(np.arange(3200.0))}
    with CamWidget(waves.Tones(), waves.tones(), labels=waves.NOTES, display=display) as w:
        FrontEnd(w)
        assert is_a_line(w.bands[0]["label"], 80)
        assert "image/jpeg" in w._repr_mimebundle_()[0]
        ElementTree.fromstring(w.save(tmp_path / "figure.svg").read_bytes())
    settle()


@pytest.mark.parametrize("text", [TEXTS[name] for name in ("markup", "half characters", "100 kB")])
def test_as_the_name_of_a_compared_model(text: str, photo: torch.Tensor, make: Callable[..., CamWidget]) -> None:
    model: nn.Module = TinyCnn().eval()
    with CamWidget.compare({text: model, "other": model}, photo) as both:
        for widget in both.members.values():
            assert is_a_line(widget.meta["model"])
    settle()


def test_a_films_fault_names_no_file_on_a_page(tmp_path: Path, cnn: nn.Module) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "secret <b>name.png"
    for path in (good, bad):
        Image.effect_noise((40, 40), 60).convert("RGB").save(path)
    with CamWidget(cnn, [good, bad]) as w:
        bad.unlink()
        page = FrontEnd(w)
        w._repr_mimebundle_()
        settle()
        assert w.reel["faults"] == [False, True]
        page.request(w.target, index=1)
        assert w.status["state"] == "error" and "secret" in w.status["text"] and w.index == 0
        html = w.to_html(form="page")
        assert "secret" not in html and "secret" not in str(unpack(blocks_of(html)[0]))
    settle()
