"""What a G-code file says: its layers, and the modal state behind its lines."""

from .errors import Abandoned, GcodeError
from .indexing import index
from .layers import Layer, LayerIndex
from .words import INCH, Modal

__all__ = ["INCH", "Abandoned", "GcodeError", "Layer", "LayerIndex", "Modal", "index"]
