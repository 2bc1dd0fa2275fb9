"""Files have fewer than 400 lines, functions of the package fewer than 60: what is longer holds more than one idea."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("camwidget", "examples", "scripts", "tests", "js/src", "js/test", "hatch_build.py")
FILE, FUNCTION = 400, 60


def files() -> Iterator[Path]:
    for room in map(ROOT.joinpath, ROOMS):
        yield from (path for path in [room, *room.rglob("*")] if path.suffix in (".py", ".js"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function by name, and how many lines it has, less decorators and docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            told = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
            words = (told.end_lineno or told.lineno) - told.lineno + 1 if told else 0
            yield f"{path.name}: {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1 - words


def test_files_are_short() -> None:
    # what is bundled is no source
    lines = {path: path.read_bytes().count(b"\n") for path in files() if path.parent.name != "static"}
    assert len(lines) > 500
    assert {str(path.relative_to(ROOT)): n for path, n in lines.items() if n >= FILE} == {}


def test_functions_are_short() -> None:
    # of the tests none is long either, but to parse them takes seconds
    lines = [one for path in (ROOT / "camwidget").rglob("*.py") for one in functions(path)]
    assert len(lines) > 1000
    assert [one for one in lines if one[1] >= FUNCTION] == []
