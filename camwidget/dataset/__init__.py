"""From one picture to a data set: reading many images, explaining them in batches, keeping what was found on disk."""

from .run import explain
from .sources import BadImage

__all__ = ["BadImage", "explain"]
