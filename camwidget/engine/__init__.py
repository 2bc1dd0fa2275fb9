"""The engine: record a forward pass once, then answer any (target, layer, variant). Torch only; knows no notebook."""

from .engine import CamEngine
from .fields import Field
from .layers import LayerInfo
from .recording import Recording
from .upsample import upsample
from .variants import VARIANTS, Variant

__all__ = ["VARIANTS", "CamEngine", "Field", "LayerInfo", "Recording", "Variant", "upsample"]
