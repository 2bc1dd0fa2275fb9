"""Why a recorded graph can no longer be walked, or never could: what is said instead of torch's own words."""

from __future__ import annotations

STALE = "the model changed since the recording, in its parameters, parts or forward hooks: record again"

REASONS = {
    "use_reentrant=True": "between this layer and the scores the model checkpoints a block with use_reentrant=True, "
    "and torch then has no gradients of layers; accepted: use_reentrant=False, checkpointing switched off, or a layer "
    "after the block",
    "modified by an inplace operation": "the model overwrites in place what its own backward pass needs, so it can be "
    "run but not differentiated; accepted: a layer after that operation, or a model that can be trained as it is",
}
"""By what torch's error says, what it means for a map."""


class OtherClassesError(ValueError):
    """The model has another number of classes than what was made for it: names and lists no longer fit."""

    def __init__(self, now: int, then: int) -> None:
        super().__init__(f"the model has {now} classes by now, and this was made for {then}; make a new one for it")

    @classmethod
    def check(cls, now: int, then: int) -> None:
        """Raise it unless the numbers are the same."""
        if now != then:
            raise cls(now, then)


class StaleRecordingError(RuntimeError):
    """The model's parameters, parts or forward hooks changed after the recording: record again."""


def reason_of(error: RuntimeError) -> str | None:
    """What torch's error says of the model, in a sentence; None where we know no better."""
    return next((reason for said, reason in REASONS.items() if said in str(error)), None)
