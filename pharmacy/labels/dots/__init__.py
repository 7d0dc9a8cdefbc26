"""Pages as the dots of a print head: what a label printer gets, and what a screen shows of it."""

from pharmacy.labels.dots.picture import pictured
from pharmacy.labels.dots.raster import Dots, rastered
from pharmacy.labels.dots.zpl import zpl

__all__ = ["Dots", "pictured", "rastered", "zpl"]
