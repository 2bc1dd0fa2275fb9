"""Another class, layer or variant on a recorded image: ours, by hand, and every other library's ordinary call."""

from __future__ import annotations

from itertools import cycle

import pytest

from camwidget.atlas import Atlas
from tests.benchmarks.peers import Peer
from tests.benchmarks.results import Results
from tests.benchmarks.subjects import Subject
from tests.benchmarks.timing import by_benchmark, in_turn
from tests.benchmarks.wire import Page, settle

CLASS, LAYER, VARIANT, EARLY = "class switch", "layer switch", "variant switch", "first switch to an early layer"

A_CLICK = 1.0
"""Milliseconds that a switch to what is known may take."""


A_LOOK, A_GLANCE = 2.0, 0.3
"""Seconds that a user looks at the map of a new class, or at another map of it, before asking for the next. Idle work
may still go on then.
"""


class TestClassSwitch:
    def test_ours(self, subject: Subject, results: Results, benchmark):
        recording, clicks = subject.record(), subject.clicks()
        case = results.case(CLASS, subject.name, at=subject.layer)
        # fewer rounds than classes: no class is asked twice, so nothing comes from a cache
        case.figures["camwidget"] = by_benchmark(benchmark, lambda: recording.cam(next(clicks)))

    def test_peer(self, subject: Subject, peer: Peer, results: Results, benchmark):
        peer.must_read(subject.by_hand, subject.layer)
        ask, clicks = peer.gradcam(subject.model, subject.layer, subject.x), subject.clicks()
        case = results.case(CLASS, subject.name, at=subject.layer)
        case.figures[peer.name] = by_benchmark(benchmark, lambda: ask(next(clicks)))
        note = peer.note(subject.by_hand, subject.layer)
        case.notes += [f"{peer.name}: {note}"] if note else []
        subject.model.zero_grad(set_to_none=True)

    def test_costs_what_it_costs_by_hand(self, subject: Subject, results: Results):
        recording, hand = subject.record(), subject.by_hand
        clicks, by_hand_clicks = subject.clicks(), subject.clicks()
        ours, bare = in_turn(
            lambda: recording.cam(next(clicks)),
            lambda: hand.gradcam(next(by_hand_clicks), subject.layer).relu(),
        )
        case = results.case(CLASS, subject.name, at=subject.layer)
        case.figures["by hand"] = bare
        results.assert_bar(case, "camwidget / by hand", ours / bare, at_most=1.2)

    def test_is_many_times_faster_than(self, subject: Subject, peer: Peer, results: Results):
        _many_times_faster(results, CLASS, subject, peer, subject.peers)


class TestLayerSwitch:
    """The class was asked, so the gradients of all stages are there. The peers draw the stage before the last."""

    def test_ours(self, subject: Subject, results: Results, benchmark):
        atlas, targets = Atlas(subject.engine, subject.record()), range(5)
        for target in targets:
            atlas.prepare(target, "gradcam")
            for stage in atlas.recording.stages:  # as the strip of thumbnails does at the first answer
                atlas.map(stage, "gradcam", target)
        views = cycle([(stage, "gradcam", target) for target in targets for stage in atlas.recording.stages])
        case = results.case(LAYER, subject.name, at="all stages")
        case.figures["camwidget"] = by_benchmark(benchmark, lambda: atlas.map(*next(views)))
        results.assert_bar(case, "camwidget, ms", case.figures["camwidget"], at_most=A_CLICK)

    def test_ours_through_the_widget(self, subject: Subject, results: Results, wire, widget):
        page = Page(widget(subject.model, subject.x[0]), wire)
        times = []
        for target in page.widget.listed[:2]:
            page.request(target=target, layer=subject.layer)
            settle(A_LOOK)
            for stage in subject.stages[-2::-1]:
                times.append(page.request(layer=stage))
                settle(A_GLANCE)
        if not times:
            pytest.skip("this network offers one layer only")
        _through_the_widget(results, LAYER, subject, times)

    def test_peer(self, subject: Subject, peer: Peer, results: Results, benchmark):
        if subject.other is None:
            pytest.skip("this network offers one layer only")
        peer.must_read(subject.by_hand, subject.other)
        ask = peer.gradcam(subject.model, subject.other, subject.x)
        case = results.case(LAYER, subject.name, at="all stages")
        case.figures[peer.name] = by_benchmark(benchmark, lambda: ask(subject.target))
        subject.model.zero_grad(set_to_none=True)
        _many_times_faster(results, LAYER, subject, peer, 50)


class TestVariantSwitch:
    """The class was asked by Grad-CAM; now it is drawn by another variant, for the first time, at the last layer."""

    def test_ours(self, subject: Subject, results: Results, benchmark):
        atlas, clicks = Atlas(subject.engine, subject.record()), subject.clicks()

        def asked() -> tuple[tuple[str, str, int], dict[str, object]]:
            target = next(clicks)
            atlas.map(subject.layer, "gradcam", target)
            return (subject.layer, "hirescam", target), {}

        benchmark.pedantic(atlas.map, setup=asked, rounds=100)
        case = results.case(VARIANT, subject.name, at=subject.layer)
        case.figures["camwidget"] = float(benchmark.stats.stats.median) * 1e3
        results.assert_bar(case, "camwidget, ms", case.figures["camwidget"], at_most=A_CLICK)

    def test_ours_through_the_widget(self, subject: Subject, results: Results, wire, widget):
        page = Page(widget(subject.model, subject.x[0]), wire)
        settle(A_LOOK)
        times = []
        for variant in ("hirescam", "layercam", "gradcam++", "xgradcam", "elementwise"):
            times.append(page.request(variant=variant))
            settle(A_GLANCE)
        _through_the_widget(results, VARIANT, subject, times)

    def test_peer(self, subject: Subject, peer: Peer, results: Results, benchmark):
        peer.must_read(subject.by_hand, subject.layer)
        ask = peer.other(subject.model, subject.layer, subject.x)
        case = results.case(VARIANT, subject.name, at=subject.layer)
        case.figures[peer.name] = by_benchmark(benchmark, lambda: ask(subject.target))
        note = peer.note(subject.by_hand, subject.layer)
        case.notes += [f"{peer.name}: {note}"] if note else []
        subject.model.zero_grad(set_to_none=True)
        _many_times_faster(results, VARIANT, subject, peer, 50)


def test_first_switch_to_an_early_layer(subject: Subject, results: Results):
    recording, hand = subject.record(), subject.by_hand
    clicks, by_hand_clicks = subject.clicks(), subject.clicks()
    ours, bare = in_turn(
        lambda: recording.cam(next(clicks), subject.early),
        lambda: hand.gradient(next(by_hand_clicks), subject.early),
        most=60,
    )
    case = results.case(EARLY, subject.name, at=subject.early)
    case.figures.update({"camwidget": ours, "autograd.grad": bare})
    results.assert_bar(case, "camwidget / autograd.grad", ours / bare, at_most=1.1)


def _through_the_widget(results: Results, name: str, subject: Subject, times: list[float]) -> None:
    case = results.case(name, subject.name)
    case.figures["through the widget"] = sorted(times)[len(times) // 2]
    case.figures["through the widget, slowest"] = max(times)
    results.assert_bar(case, "through the widget, ms", case.figures["through the widget"], at_most=A_CLICK)


def _many_times_faster(results: Results, name: str, subject: Subject, peer: Peer, times: float | None) -> None:
    figures = results.case(name, subject.name).figures
    if "camwidget" not in figures or peer.name not in figures:
        pytest.skip("not measured in this run")
    if times is None:
        pytest.skip("only reported")
    ratio = figures[peer.name] / figures["camwidget"]
    results.assert_bar(results.case(name, subject.name), f"{peer.name} / camwidget", ratio, at_least=times)
