"""The handwritten digits that come with the package: 1,797 images of 8×8 grey values, and which digit each shows.

Source: UCI, Optical Recognition of Handwritten Digits, https://doi.org/10.24432/C50P49; see `data/digits.md`.
"""

from pathlib import Path

from weftnet.data.content import Content
from weftnet.data.sources import arrays
from weftnet.data.sources._place import Place

DIGITS = Path(__file__).parents[1] / "digits.npz"


def opens(place: Place) -> float:
    """Its name, `digits`."""
    return float(place.name == "digits")


def read(path: Path) -> Content:
    """All of it, wherever the package lies."""
    return arrays.read(DIGITS)


def example(folder: Path) -> str:
    """The digits."""
    return "digits"
