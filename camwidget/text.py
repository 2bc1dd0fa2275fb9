"""Text of others, as names and errors hold it, made fit to travel and to be shown: one line, in bounds, not turned.

Markup is left as it is: whatever is shown is set as text.
"""

from __future__ import annotations

import unicodedata

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing: they would garble the line that they stand in."""

LONGEST = 1000
"""Letters of a name, or of what is said, at most."""


def line(text: str, most: int = LONGEST) -> str:
    """One line of at most so many letters: no control characters, no lone surrogates, no turned writing. Each of them
    becomes a space, and what is too long ends in "…".
    """
    if len(text) > most:
        text = text[: most - 1] + "…"
    # what is printable holds none of these; to ask for each letter of a thousand names would take a while
    plain = text if text.isprintable() else "".join(" " if _unfit(letter) else letter for letter in text)
    return plain.strip()


def _unfit(letter: str) -> bool:
    # the last two of each plane are no characters, and XML, which figures may be, has no place for them
    none = ord(letter) & 0xFFFE == 0xFFFE
    return none or letter in TURNING or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
