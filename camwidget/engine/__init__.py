"""The engine: record a forward pass once, then answer any (target, layer, variant). Torch only; knows no notebook."""

from .channels import Channels
from .engine import CamEngine
from .explanations import Explanations, Skipped
from .fields import Field
from .layers import LayerInfo
from .preempt import Stopped
from .recording import Recording
from .targets import Target
from .upsample import upsample
from .variants import VARIANTS, Variant
from .why import Reason

__all__ = [
    "VARIANTS",
    "CamEngine",
    "Channels",
    "Explanations",
    "Field",
    "LayerInfo",
    "Reason",
    "Recording",
    "Skipped",
    "Stopped",
    "Target",
    "Variant",
    "upsample",
]
