"""What was done to images of several sizes, colours or depths, in words, with the option that does otherwise."""

from weftnet.data.pictures import LEVELS
from weftnet.data.ways import read_as


def resized(notice: str, size: tuple[int, int], resize: str, name: str) -> str:
    """That images are made equal, and how else they would be."""
    other = "crop" if resize == "stretch" else "stretch"
    how = "squashed, where their proportions differ" if resize == "stretch" else "cut at the sides"
    spec = {"image": {"size": list(size), "resize": other}}
    return f"images are {notice}, {how}; to {other} them, or for another size: {read_as(name, spec)}"


def shallow(count: int, deep: list[int], name: str) -> str:
    """What becomes of the levels of 16-bit images."""
    low, high = deep
    each = (high - low) / 255
    falls = f", {each:.3g} levels into one" if each > 1 else ""
    spec = {"image": {"levels": list(LEVELS)}}
    return (
        f"{count} training images have 16 bits: {low} … {high} become 0 … 255{falls}; otherwise: {read_as(name, spec)}"
    )


def halved(count: int, name: str) -> str:
    """What becomes of colours of 16 bits."""
    return (
        f"{count} training images have 16 bits a colour, of which the upper 8 are read; if the lower ones matter, save "
        f"the images as arrays (.npz) or each colour as a grey image of 16 bits"
    )


def mixed(greys: int, count: int, name: str) -> str:
    """That grey images lie among coloured ones."""
    other = read_as(name, {"image": {"mode": "grey"}})
    return f"{greys} of {count} training images are grey, read as colour; all as grey: {other}"
