"""What the pages for readers point to is there, and their Python is Python."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/api.md", "docs/versions.md")
PAGES = [ROOT / name for name in NAMES]

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
CODE = re.compile(r"```.*?```", re.DOTALL)
NAMED = re.compile(r"`((?:camwidget|docs|examples|js|scripts|tests)/[\w./*-]+)`")


def pages():
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def prose(page: Path) -> str:
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them."""
    found: dict[str, int] = {}
    for title in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        slug = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        found[slug] = found.get(slug, 0) + 1
    return {f"{slug}-{i}" if i else slug for slug, n in found.items() for i in range(n)}


def broken(page: Path) -> list[str]:
    """Links that lead nowhere within the checkout."""
    found = []
    for link in ("".join(pair) for pair in LINK.findall(prose(page))):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            found.append(link)
    return found


@pages()
def test_links_lead_somewhere(page):
    assert broken(page) == []


def test_a_link_to_nowhere_would_be_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Two words\n[a](#two-words) [b](#one) [c](page.md#two-words) [d](none.md) [e](https://x.y)")
    assert broken(page) == ["#one", "none.md"]


@pages()
def test_files_that_are_named_are_there(page):
    named = (name for name in NAMED.findall(prose(page)) if not name.startswith("camwidget/static"))  # made, not kept
    assert [name for name in named if not any(ROOT.glob(name))] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_python_is_python(name):
    for block in re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL):
        ast.parse(block)


@pages()
def test_targets_that_are_named_are_there(page):
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"(?:`|^)(?:[A-Z_]+=\S+ )?make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= set(known)
