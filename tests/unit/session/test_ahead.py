"""Idle time makes ready what may be asked next, and what nobody asked for is never in the way."""

from __future__ import annotations

from typing import Any

import pytest

from camwidget import answering
from camwidget.answers import Done, Nearby, Request, Rescored, Stack, Strip, Sums, View
from camwidget.engine import VARIANTS
from camwidget.engine.stale import StaleRecordingError
from tests.unit.session.desk import LISTED, PATIENCE, Desk, kinds, replies, until


def test_what_adds_up_is_told_once_to_who_looks(desk: Desk) -> None:
    desk.atlas.additive = {("last", "gradcam")}
    desk.ask(None)
    assert Sums not in kinds(desk.settle()) and desk.atlas.tried == []  # no page shows it
    desk.ask(1, target=7)
    desk.ask(2, layer="first")
    desk.ask(3, target=1)
    told = [a for a in desk.settle() if isinstance(a, Sums)]
    desk.ask(4, target=4)
    told += [a for a in desk.settle() if isinstance(a, Sums)]
    assert [(a.view.layer, a.view.variant) for a in told] == [("last", "gradcam")]


def test_idle_time_is_used_for_what_a_page_shows(desk: Desk) -> None:
    desk.atlas.room = True
    desk.session.answer_now(Request(View(1, "last", "gradcam")))
    desk.ask(None, layer="first")
    desk.settle()
    assert desk.atlas.foreseen == []
    desk.session.in_sight(Request(View(1, "first", "gradcam")))
    desk.settle()
    assert desk.atlas.foreseen
    made = len(desk.atlas.foreseen)
    desk.session.in_sight(Request(View(1, "first", "gradcam")))
    desk.settle()
    assert len(desk.atlas.foreseen) == made


def test_the_maps_of_all_classes_follow_once(desk: Desk) -> None:
    desk.atlas.classes = 10
    desk.ask(1)
    listed, strip, whole = desk.settle()
    assert (listed.targets, type(strip)) == (LISTED, Strip)
    assert (whole.targets, whole.maps.shape, whole.done, whole.reply) == (None, (10, 2, 3), True, None)
    desk.ask(2, target=9)  # not listed, and there all the same
    assert kinds(desk.settle()) == [Done, Strip]
    desk.ask(3, layer="first", target=9)
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [(*LISTED, 9), None]
    desk.ask(4, whole=True, target=9)  # back at the last layer: the browser has kept them
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [(*LISTED, 9)]
    desk.ask(5, target=9)  # another page, that has not
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [None]
    desk.ask(None, layer="first", target=9)  # Python goes to and fro
    desk.settle()
    desk.ask(None, target=9)
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [(*LISTED, 9)]


def test_a_changed_model_has_other_maps_of_all_classes(desk: Desk) -> None:
    desk.atlas.classes = 10
    desk.ask(None)
    desk.settle()
    desk.atlas.stale = True
    desk.ask(None)
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [LISTED, None]


def test_few_classes_are_listed_anyway(desk: Desk) -> None:
    desk.atlas.classes = 3
    desk.ask(1)
    assert kinds(desk.settle()) == [Stack, Strip]


def test_idle_time_makes_the_selected_class_and_rule_ready_first(desk: Desk) -> None:
    desk.atlas.room = True
    desk.ask(1, target=7, variant="deconv_relu")
    answers = desk.settle()
    assert desk.atlas.foreseen == [(t, rule) for rule in ("deconv", "standard", "guided") for t in (7, 4, 1)]
    assert kinds(answers) == [Stack, Strip, Nearby]
    nearby = {view: float(map_[0, 0]) for view, map_ in answers[-1].maps}
    assert nearby == {View(7, "first", "deconv_relu"): 7}
    desk.ask(2, target=7, variant="deconv_relu")
    assert kinds(desk.settle()) == [Done]
    desk.ask(3, target=7)
    assert {view for view, _ in desk.settle()[-1].maps} == {
        View(7, "first", "gradcam"),
        *(View(7, "last", v.id) for v in VARIANTS.values() if v.rule == "standard" and v.ahead),
    } - {View(7, "last", "gradcam")}  # fmt: skip


def test_a_click_ends_what_is_made_ahead(desk: Desk) -> None:
    desk.ask(1)
    desk.settle()
    desk.atlas.room = True
    desk.atlas.free.clear()
    desk.ask(2)
    assert desk.atlas.entered.wait(PATIENCE)
    until(lambda: replies(desk.answers) == [2])
    desk.atlas.free.set()
    desk.ask(3, layer="first")
    assert replies(desk.settle()) == [2, 3]


def test_faults_of_what_nobody_asked_for_are_no_answer(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def fails(*_args: Any) -> None:
        raise ValueError("not foreseen")

    desk.atlas.room, desk.atlas.foresee = True, fails
    desk.ask(1)
    assert kinds(desk.settle()) == [Stack, Strip]
    assert "not foreseen" in caplog.text


def test_a_model_in_training_is_let_alone_by_what_nobody_asked_for(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def stale(*_args: object) -> None:
        desk.atlas.stale = True
        raise StaleRecordingError

    desk.atlas.whole = stale
    desk.ask(4)
    assert kinds(desk.settle()) == [Stack, Strip]
    desk.atlas.prepare = stale  # nor is the strip, which comes with the map, worth an error
    desk.ask(1)
    came = desk.settle()
    assert set(kinds(came)) == {Rescored, Stack} and not caplog.records
    assert came[-1].generation == desk.atlas.generation


def test_what_is_made_ahead_ends_in_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "AHEAD", -1)
    desk.atlas.room = True
    desk.ask(1)
    assert kinds(desk.settle()) == [Stack, Strip]
    assert desk.atlas.foreseen == []
