"""Before anything is timed: all answer the same question. What a library is known to draw otherwise is said, and it is
checked that it still draws just that.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tests.benchmarks import by_hand
from tests.benchmarks.by_hand import on_grid
from tests.benchmarks.peers import Peer
from tests.benchmarks.subjects import Subject


def same(map_: Tensor, expected: Tensor) -> bool:
    """Equal within 1e-5 of the largest value, of a map that is not blank."""
    largest = float(expected.abs().max())
    assert largest > 0
    return torch.allclose(map_.detach().reshape(expected.shape), expected, rtol=0, atol=1e-5 * largest)


def test_ours_is_the_map_by_hand(subject: Subject):
    recording, hand, target = subject.record(), subject.by_hand, subject.target
    for layer in filter(None, (subject.layer, subject.other, subject.early)):
        activations, gradients = on_grid(hand.activations[layer]), on_grid(hand.gradient(target, layer))
        for variant in ("gradcam", "hirescam", "layercam"):
            expected = getattr(by_hand, variant)(activations, gradients)
            assert same(recording.cams([target], layer, variant), expected), (layer, variant)


def test_a_peer_draws_what_it_is_said_to_draw(subject: Subject, peer: Peer):
    peer.must_read(subject.by_hand, subject.layer)
    hand, target = subject.by_hand, subject.target
    questions = [(peer.gradcam, by_hand.gradcam, subject.layer), (peer.other, peer.method, subject.layer)]
    if subject.other:
        questions.append((peer.gradcam, by_hand.gradcam, subject.other))
    for library, formula, layer in questions:
        activations, gradients = peer.values(hand, target, layer)
        expected = peer.shown(formula(on_grid(activations), on_grid(gradients)), subject.x)
        assert same(library(subject.model, layer, subject.x)(target), expected), (formula, layer)
    subject.model.zero_grad(set_to_none=True)  # pytorch-grad-cam leaves a gradient in every parameter
