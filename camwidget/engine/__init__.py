"""The engine: record a forward pass once, then answer any (target, layer, variant). Torch only; knows no notebook."""

from .engine import CamEngine
from .fields import Field
from .layers import LayerInfo
from .recording import Recording
from .targets import Target
from .upsample import upsample
from .variants import VARIANTS, Variant
from .why import Reason

__all__ = ["VARIANTS", "CamEngine", "Field", "LayerInfo", "Reason", "Recording", "Target", "Variant", "upsample"]
