"""Tables that are written into a page, between two marks. Needs the standard library only."""

from __future__ import annotations


def between(page: str, begin: str, end: str, text: str) -> str:
    """The page with this text between the two marks. It must have them: all after a mark without its end would go."""
    before, rest = page.split(begin)
    _, after = rest.split(end, 1)
    return f"{before}{begin}\n{text}{end}{after}"
