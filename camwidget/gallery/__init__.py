"""Looking through a data set: thumbnails with maps, by loss, confidence or confusion; one opens as a full widget."""

from .gallery import CamGallery

__all__ = ["CamGallery"]
