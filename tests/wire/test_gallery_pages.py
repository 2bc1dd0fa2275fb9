"""A gallery where no kernel runs, or where late answers are lost: pages, notebooks run with nobody there, Colab."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from camwidget import CamGallery, late
from camwidget.gallery import paper
from camwidget.gallery.scoring import Scores
from tests.wire.front_end import NAMES, settle
from tests.wire.gallery_end import COLUMNS, GalleryEnd
from tests.wire.paging import blocks_of, unpack

COUNT = 30


@pytest.fixture
def gallery(cnn: nn.Module) -> Iterator[CamGallery]:
    x = torch.randn(COUNT, 3, 28, 28) * torch.linspace(0.1, 8, COUNT)[:, None, None, None]
    made = CamGallery(cnn, (x, torch.arange(COUNT) % 6), labels=NAMES)
    yield made
    made.close()
    settle()


def kept(trait: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [message for message in trait["messages"] if message["content"]["kind"] == kind]


@pytest.mark.parametrize("order", ["loss", "confidence", "margin", "index"])
@pytest.mark.parametrize("descending", [True, False])
def test_the_first_items_are_the_browsers(order: str, descending: bool) -> None:
    n = 40
    truth = (np.arange(n) % 3).astype(np.uint16)
    truth[7] = 65535
    scores = Scores(truth)
    draw = np.random.default_rng(0)
    scores.predicted[:] = draw.integers(0, 3, n)
    scores.predicted[[3, 9]] = 65535
    for column in (scores.loss, scores.confidence, scores.margin):
        column[:] = draw.integers(0, 5, n)  # many are equal
    scores.loss[7] = np.nan
    found = paper.first(scores, order, descending, {"truth": None, "predicted": 1, "mistakes": True}, n)
    due = [i for i in range(n) if scores.predicted[i] == 1 and truth[i] not in (1, 65535)]
    if order != "index":
        due.sort(key=lambda i: (-1 if descending else 1) * getattr(scores, order)[i])
    elif descending:
        due.reverse()
    assert found == due and len(due) > 5


def test_a_page_has_all_scores_and_the_first_pictures(gallery: CamGallery, tmp_path: Path) -> None:
    path = gallery.save(tmp_path / "page.html", most=5)
    page = unpack(blocks_of(path.read_text(encoding="utf-8"))[0])
    (scores,) = kept(page["kept"], "scores")
    assert (scores["content"]["from"], scores["content"]["to"]) == (0, COUNT)
    columns, at = {}, 0
    for name, kind in COLUMNS.items():
        size = COUNT * int(kind[2])
        columns[name] = np.frombuffer(bytes(scores["buffers"][0])[at : at + size], kind)
        at += size
    frame = gallery.frame
    assert np.array_equal(columns["loss"], frame["loss"])
    assert [NAMES[k] for k in columns["predicted"]] == frame["predicted"].tolist()
    (thumbs,) = kept(page["kept"], "thumbs")
    worst = frame.sort_values("loss", ascending=False, kind="stable")["index"].tolist()
    assert [item["index"] for item in thumbs["content"]["items"]] == worst[:5] and len(thumbs["buffers"]) == 15
    assert (page["opened"], page["child"]) == (None, "")
    assert [one["name"] for one in page["layers"]] == [gallery.layer]
    assert set(page) == set(paper.TRAITS)


def test_a_page_shows_the_opened_item_as_its_widget_would(gallery: CamGallery) -> None:
    bare = gallery.to_html(most=1)
    gallery.opened = 4
    settle()
    html = gallery.to_html(most=1)
    assert html.count('"inner":{') == 1 and '"inner":{' not in bare
    assert unpack(blocks_of(html)[0])["opened"] == 4
    with pytest.raises(ValueError, match=r"a name with \.html"):
        gallery.save("gallery.png")


def test_a_page_names_no_file(cnn: nn.Module, tmp_path: Path) -> None:
    folder = tmp_path / "private_folder"
    folder.mkdir()
    for i in range(3):
        Image.effect_noise((40, 40), 60).convert("RGB").save(folder / f"secret_{i}.png")
    (folder / "secret_3.png").write_bytes(b"no picture")
    with CamGallery(cnn, folder, labels=NAMES) as gallery:
        html = gallery.to_html(form="page")
    text = html + str(unpack(blocks_of(html)[0]))
    assert "private_folder" not in text and "secret_" not in text and paper.UNREAD in text


def test_a_notebook_run_with_nobody_there_keeps_scores_and_pictures(
    gallery: CamGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late, "nobody_is_there", lambda: True)
    gallery._desk.start()  # as when it is shown
    gallery.wait_for_answers()
    assert gallery.scored == COUNT
    assert kept(gallery.kept, "scores")[0]["content"]["to"] == COUNT
    assert len(kept(gallery.kept, "thumbs")[0]["content"]["items"]) == COUNT
    before = gallery.kept
    gallery.wait_for_answers()
    assert gallery.kept is before, "nothing is made twice"


def test_with_somebody_there_nothing_is_kept(gallery: CamGallery) -> None:
    gallery._desk.start()
    gallery.wait_for_answers()
    assert gallery.kept == {}


def test_where_late_answers_are_lost_all_arrives_in_turns(
    gallery: CamGallery, monkeypatch: pytest.MonkeyPatch, cnn: nn.Module, x: Tensor
) -> None:
    end, at_work = GalleryEnd(gallery), False

    def heard(*given: Any, **named: Any) -> None:
        if at_work:
            end.receive(*given, **named)

    gallery.comm.send = heard
    monkeypatch.setattr(late, "lost", lambda: True)
    monkeypatch.setattr("camwidget.gallery.paged.TURN", 0.02)
    step = gallery._desk.scoring.step

    def slow(*given: Any) -> bool:
        time.sleep(0.01)
        return bool(step(*given))

    monkeypatch.setattr(gallery._desk.scoring, "step", slow)
    gallery._desk.scoring._batches.alone()  # so that there are several turns

    def send(content: Any) -> None:
        nonlocal at_work
        at_work = True
        end.send(content)
        at_work = False

    send({"kind": "scores?"})
    send({"kind": "thumbs", "nonce": "n", "seq": 1, "items": [3, 5]})
    assert [item for content, _ in end.thumbs(1, "n") for item in content["items"]], "answered before the handler ends"
    turns, told = 0, 0
    while told < len(end.messages):
        fresh, told = end.messages[told:], len(end.messages)
        if any(content["kind"] == "more" for content, _ in fresh):
            turns += 1
            lacking = int(np.argmax(end.scores()["predicted"] == 65535))
            time.sleep(0.05)  # what the worker sends meanwhile is lost
            send({"kind": "scores?", "from": lacking})
    assert turns > 1
    assert not (end.scores()["predicted"] == 65535).any()
    assert np.array_equal(end.scores()["loss"], gallery.frame["loss"])


def test_where_late_answers_are_lost_what_went_wrong_stands(
    gallery: CamGallery, monkeypatch: pytest.MonkeyPatch, cnn: nn.Module
) -> None:
    end = GalleryEnd(gallery)
    assert len(gallery.frame) == COUNT
    settle()
    monkeypatch.setattr(late, "lost", lambda: True)
    end.send({"kind": "thumbs", "nonce": "n", "seq": 1, "items": [COUNT + 5]})
    assert gallery.status["state"] == "error"
    end.send({"kind": "thumbs", "nonce": "n", "seq": 2, "items": [3]})
    assert gallery.status["state"] == "error"


def test_a_model_that_is_trained_meanwhile_makes_a_page_of_what_it_is_by_then(
    gallery: CamGallery, monkeypatch: pytest.MonkeyPatch, cnn: nn.Module
) -> None:
    keep = gallery._keep

    def trained(*given: Any) -> dict[str, Any]:
        monkeypatch.setattr(gallery, "_keep", keep)
        with torch.no_grad():
            cnn.fc.weight.neg_()
        return keep(*given)

    monkeypatch.setattr(gallery, "_keep", trained)
    page = unpack(blocks_of(gallery.to_html(most=2))[0])
    assert page["generation"] == gallery.generation == kept(page["kept"], "scores")[0]["content"]["generation"]
    assert len(gallery.frame) == COUNT  # scored by the model as it is now
    assert bytes(kept(page["kept"], "scores")[0]["buffers"][0]) == gallery._desk.scoring.scores.packed(0, COUNT)


def test_a_title_may_hold_what_no_file_can(gallery: CamGallery, tmp_path: Path) -> None:
    path = gallery.save(tmp_path / "page.html", 1, title="half \ud800 and\nmore")
    assert "<title>half   and more</title>" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("before", "then"), [(4, None), (None, 4)])
def test_an_item_that_is_opened_or_closed_meanwhile_is_on_the_page_as_it_was(
    gallery: CamGallery, monkeypatch: pytest.MonkeyPatch, before: int | None, then: int | None
) -> None:
    gallery.opened = before
    settle()
    keep = gallery._keep

    def slow(*given: Any) -> dict[str, Any]:
        gallery.opened = then
        return keep(*given)

    monkeypatch.setattr(gallery, "_keep", slow)
    html = gallery.to_html(most=1)
    assert unpack(blocks_of(html)[0])["opened"] == before
    assert ('"inner":{' in html) == (before is not None)
