"""What is said when an answer failed: what happened, in a line, and the way out."""

from __future__ import annotations

import torch

from .answers import Failed, Reply
from .engine.stale import OtherClassesError, StaleRecordingError

TOO_FAST = "the model changes faster than it can be recorded: ask again when its training pauses"

STAYS = "the last good map stays on screen"

NO_MEMORY = "the device has not enough memory for this map"
LESS_MEMORY = f"{STAYS}; free some memory, or choose a deeper layer, a quicker variant or a smaller image"

OF_MEMORY = ("out of memory", "can't allocate memory")
"""What devices say that have no error of their own for it."""


def failed(error: BaseException, to: Reply | None) -> Failed:
    """The answer that says so."""
    if isinstance(error, StaleRecordingError):
        return Failed(to, TOO_FAST, STAYS)
    if isinstance(error, OtherClassesError):
        return Failed(to, str(error), STAYS)
    if lacks_memory(error):
        own = str(error) if isinstance(error, MemoryError) else ""
        return Failed(to, own or NO_MEMORY, LESS_MEMORY)
    return Failed(to, f"{type(error).__name__}: {error}", STAYS)


def lacks_memory(error: BaseException) -> bool:
    """Whether the device, or this process, has no memory left for what was asked."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OF_MEMORY)
