"""What a newcomer does first, for the interpreter of an empty environment. Prints what came of it, as JSON."""

import json
import shutil
import tempfile
from importlib.metadata import entry_points, metadata
from pathlib import Path

import camwidget
from camwidget import CamWidget, demo

widget = CamWidget(demo.model(), demo.image())
bundle, _ = widget._repr_mimebundle_()
with tempfile.TemporaryDirectory() as folder:
    page = widget.save(Path(folder) / "lesson.html").read_text(encoding="utf-8")
    figure = widget.save(Path(folder) / "figure.png").read_bytes()

found = {
    "home": str(Path(camwidget.__file__).parent),
    "node": shutil.which("node") or shutil.which("npm"),
    "version": metadata("camwidget")["Version"],
    "licence": metadata("camwidget")["License-Expression"],
    "exporters": [entry.name for entry in entry_points(group="nbconvert.exporters") if "camwidget" in entry.value],
    "first": widget.labels[widget.target],
    "peak": float(widget.cam.max()),
    "mime types": sorted(bundle),
    "front end": widget._esm[:24],
    "page": len(page),
    "front end in page": widget._esm.splitlines()[0] in page,
    "figure": figure[:8].hex(),
}
widget.close()
print(json.dumps(found))
