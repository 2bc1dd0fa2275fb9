"""The reference of everything public, from its docstrings.

``python scripts/api.py`` writes docs/api.md; ``make docs`` does so in the project's environment.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

PAGE = ROOT / "docs" / "api.md"
HEAD = """# Reference

Written by `make docs` from the docstrings; a test holds it to them.
"""

MODULES: dict[str, tuple[str, ...]] = {
    "camwidget": (),
    "camwidget.agreement": ("Agreement",),
    "camwidget.compare": ("Comparison",),
    "camwidget.region_scores": ("RegionScore", "RegionScores"),
    "camwidget.engine": ("Channels", "Field", "Reason", "Skipped"),
    "camwidget.dataset": ("BadImage",),
    "camwidget.metrics": (),
    "camwidget.ray": ("CamMapper", "explain_files"),
    "camwidget.notebooks": ("Exporter",),
    "camwidget.demo": (),
}
"""Modules, and what of each is public: where nothing is said, its ``__all__``. Each name is described once."""

FOR_OTHER_PARTS: dict[str, tuple[str, ...]] = {
    "CamEngine": ("names", "replay", "copy", "run", "room", "draws", "fixed"),
    "CamGallery": ("set_state",),
    "CamWidget": ("lock_by", "set_state", "page_data", "page_title"),
    "Target": ("of_classes", "resolved", "row", "pinned", "value", "start", "scaled_start", "called"),
}
"""Members that only the package itself calls."""

WIDTH = 100
SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Example):\s*(.*)$")
ENTRY = {
    "Args": re.compile(r"^ {4}(\*{0,2}[a-z_]\w*(?:, \*{0,2}[a-z_]\w*)*): "),
    "Attributes": re.compile(r"^ {4}([a-z_]\w*(?:, [a-z_]\w*)*): "),
    "Raises": re.compile(r"^ {4}([A-Z]\w*(?:, [A-Z]\w*)*): "),
}

NEXT_NAMES = re.compile(r"\. ([a-z_]\w*(?:, [a-z_]\w*)*): ")


def main() -> None:
    """The command."""
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))


def page() -> str:
    """The whole page, as Markdown."""
    parts = []
    for module, names in public().items():
        parts.append(f"## {module}\n\n{markdown(import_module(module))}")
        parts += [described(import_module(module), name) for name in names]
    body = "\n".join(part.rstrip() + "\n" for part in parts)
    return f"{HEAD}\n{contents(body)}\n\n{body}"


def public() -> dict[str, tuple[str, ...]]:
    """Modules, and the names that each of them is described with."""
    found = {}
    for module, names in MODULES.items():
        listed = names or [name for name in import_module(module).__all__ if not name.startswith("__")]
        found[module] = tuple(sorted(listed, key=str.lower))
    return found


def contents(body: str) -> str:
    """A line a module, with links to its names."""
    lines, known = [], {HEAD.split()[1].lower(): 1}
    for level, title in re.findall(r"^(#{2,4}) (.+)$", body, re.MULTILINE):
        slug = re.sub(r"[^\w-]", "", title.lower())  # as GitHub makes anchors
        anchor = f"{slug}-{known[slug]}" if slug in known else slug
        known[slug] = known.get(slug, 0) + 1
        if level == "##":
            lines.append(f"* [`{title}`](#{anchor})")
        elif level == "###":
            between = " · " if "): " in lines[-1] else ": "
            lines[-1] += f"{between}[`{title}`](#{anchor})"
    return "\n".join(lines)


def described(module: Any, name: str) -> str:
    """A class with its members, a function, or a value."""
    found = getattr(module, name)
    if inspect.isclass(found):
        parts = [f"### {name}", called(name, found), markdown(found)]
        parts += [f"#### {name}.{short}\n\n{member}" for short, member in members_described(found)]
        return "\n\n".join(part for part in parts if part)
    if callable(found):
        return f"### {name}\n\n{called(name, found)}\n\n{markdown(found)}"
    return f"### {name}\n\n{value(found)}"


def members_described(cls: type) -> Iterator[tuple[str, str]]:
    """The public members of a class, as Markdown."""
    for name, member in members(cls).items():
        if isinstance(member, property):
            said = markdown(member)
            yield name, said if member.fset is None or "assigned" in said else f"{said} May be assigned."
        else:
            yield name, f"{called(name, member)}\n\n{markdown(member)}"


def members(cls: type) -> dict[str, Any]:
    """Public methods and properties that this package wrote, those of its bases, too, in the order of the source."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] == "camwidget":
            found |= {name: member for name, member in vars(base).items() if not name.startswith("_")}
    kinds, hidden = (FunctionType, property, staticmethod, classmethod), FOR_OTHER_PARTS.get(cls.__name__, ())
    return {name: member for name, member in found.items() if isinstance(member, kinds) and name not in hidden}


def is_made_by_users(cls: type) -> bool:
    """Whether its docstring says how it is made; of others, what they hold is all that matters."""
    return "Args:" in (cls.__doc__ or "")


def called(name: str, found: Any) -> str:
    """How it is called, as a block of code; nothing for what is not called by users."""
    if inspect.isclass(found) and not is_made_by_users(found):
        return ""
    found = getattr(found, "__func__", found)
    parameters = [one for one in inspect.signature(found).parameters.values() if one.name not in ("self", "cls")]
    texts = [written(one) for one in parameters]
    star = next((i for i, one in enumerate(parameters) if one.kind is one.KEYWORD_ONLY), None)
    if star is not None and all(one.kind is not one.VAR_POSITIONAL for one in parameters):
        texts.insert(star, "*")
    back = inspect.signature(found).return_annotation if not inspect.isclass(found) else inspect.Signature.empty
    arrow = f" -> {back}" if isinstance(back, str) else ""
    line = f"{name}({', '.join(texts)}){arrow}"
    if len(line) > WIDTH:
        rows = "".join(f"    {text},\n" for text in texts)
        line = f"{name}(\n{rows}){arrow}"
    return f"```python\n{line}\n```"


def written(parameter: inspect.Parameter) -> str:
    """A parameter as its author wrote it."""
    star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    kind = f": {parameter.annotation}" if isinstance(parameter.annotation, str) else ""
    if parameter.default is parameter.empty:
        return f"{star}{parameter.name}{kind}"
    default = json.dumps(parameter.default) if isinstance(parameter.default, str) else repr(parameter.default)
    return f"{parameter.name}{kind}{' = ' if kind else '='}{default}"


def value(found: Any) -> str:
    """A table of what is no function: of the variants, or of words."""
    if not isinstance(found, Mapping) or callable(next(iter(found.values()))):
        return ", ".join(f"`{word}`" for word in found)
    lines = ["Every variant by id, in the order of the menu.", ""]
    lines += ["| id | name | shows | cost | needs | paper |", "| :-- | :-- | :-- | :-- | :-- | :-- |"]
    rows = ((one.name, one.summary, one.cost, one.needs, one.paper) for one in found.values())
    lines += [f"| `{id_}` | {' | '.join(row)} |" for id_, row in zip(found, rows, strict=True)]
    return "\n".join(lines)


def markdown(found: Any) -> str:
    """A docstring as Markdown: sections become lists, examples code."""
    doc = inspect.cleandoc(found.__doc__ or "")
    made: list[str] = []
    section, code = "", False
    for line in doc.splitlines():
        head = SECTION.match(line)
        if head:
            section = head[1]
            made += ["", f"**{section}**" + (f" {ticked(head[2])}" if head[2] else ""), ""]
            continue
        if section and line and not line.startswith("    "):
            section = ""
        if (line.strip().startswith(">>>")) is not code and (line.strip() or code):
            made.append("```" if code else "\n```python")
            code = not code
        made.append(line.strip().removeprefix(">>> ") if code else entry(section, line))
    if code:
        made.append("```")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(made)).strip()


def entry(section: str, line: str) -> str:
    """A line of prose, or of a section: there a new name begins an item of the list."""
    found = ENTRY[section].match(line) if section in ENTRY else None
    if found:
        return f"* {code_names(found[1])}: {NEXT_NAMES.sub(then_names, ticked(line[found.end() :]))}"
    if section in ENTRY and line:
        return f"  {ticked(line.strip())}"
    return ticked(line.strip()) if section else ticked(line)


def code_names(names: str) -> str:
    """Names as code."""
    return f"`{names.replace(', ', '`, `')}`"


def then_names(found: re.Match[str]) -> str:
    """Where a line goes on with other names."""
    return f". {code_names(found[1])}: "


def ticked(text: str) -> str:
    """Code by single backticks."""
    return text.replace("``", "`")


if __name__ == "__main__":
    main()
