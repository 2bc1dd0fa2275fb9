"""Pictures as bytes that browsers read."""

from __future__ import annotations

import io

from PIL import Image

SMALL = 128 * 128
"""Pictures of at most so many pixels travel as PNG, whatever they show."""

FEW_COLOURS = 4096
"""A larger picture of more colours is a photograph."""


def encode(picture: Image.Image) -> tuple[bytes, str]:
    """The picture and its media type: PNG where it is small or drawn in few colours, JPEG where it is a photograph,
    which as PNG would be four times as large and take forty times as long.
    """
    small = picture.width * picture.height <= SMALL
    drawn = small or picture.getcolors(FEW_COLOURS) is not None
    buffer = io.BytesIO()
    if drawn:
        picture.save(buffer, "PNG")
        return buffer.getvalue(), "image/png"
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue(), "image/jpeg"
