"""camwidget: ask a vision model "why?" and get the answer under your pointer, live, in the notebook.

>>> from camwidget import CamWidget
>>> CamWidget(model, "photo.jpg")

``import camwidget`` stays light: torch and the notebook libraries load when a name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dataset import explain
    from .engine import VARIANTS, CamEngine, Explanations, LayerInfo, Recording, Stopped, Target, Variant, upsample
    from .export import save_html
    from .figures import figure
    from .gallery import CamGallery
    from .widget import CamWidget

__version__ = "0.1.0"

__all__ = [
    "VARIANTS",
    "CamEngine",
    "CamGallery",
    "CamWidget",
    "Explanations",
    "LayerInfo",
    "Recording",
    "Stopped",
    "Target",
    "Variant",
    "__version__",
    "explain",
    "figure",
    "save_html",
    "upsample",
]

_ELSEWHERE = {
    "CamGallery": "gallery",
    "CamWidget": "widget",
    "explain": "dataset",
    "figure": "figures",
    "save_html": "export",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
    try:
        return getattr(import_module(f".{_ELSEWHERE.get(name, 'engine')}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith(__name__):
            raise
        package = {"PIL": "pillow"}.get(error.name, error.name)
        raise ModuleNotFoundError(
            f"{__name__}.{name} needs {error.name}, which is not installed here: pip install {package}", name=error.name
        ) from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
