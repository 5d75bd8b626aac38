"""A drawing as a list of shapes in its own light colours: what is written as PDF, PNG or TikZ is made of these.

They are read back from the SVG that `draw` made, so that there is one layout and one look.
"""

import colorsys
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from xml.etree import ElementTree

from weftnet.compose.look import STYLE

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
_RULES = {
    name: dict(part.split(":", 1) for part in body.split(";"))
    for name, body in re.findall(r"\.weftnet \.?(\w+)\{([^}]*)\}", STYLE.split("@media")[0])
}


@dataclass(frozen=True)
class Rect:
    """A box with round corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: Colour
    stroke: Colour | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Words:
    """A line of text; y is its base line."""

    x: float
    y: float
    text: str
    size: float
    colour: Colour
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True)
class Curve:
    """A line of Bézier curves: of each piece the two points that pull it and its end."""

    start: Point
    colour: Colour
    width: float
    arrow: bool
    pieces: list[tuple[Point, Point, Point]] = field(default_factory=list)


Shape: TypeAlias = Rect | Words | Curve


@dataclass(frozen=True)
class Picture:
    """Shapes from back to front, in pixels from the upper left corner."""

    width: float
    height: float
    shapes: list[Shape]


def picture(svg: str) -> Picture:
    """The shapes of a drawing by `weftnet.compose.draw`."""
    root = ElementTree.fromstring(svg)
    return Picture(float(root.get("width", 0)), float(root.get("height", 0)), list(_shapes(root, 0.0, 0.0)))


def _shapes(element: ElementTree.Element, x: float, y: float) -> Iterator[Shape]:
    if place := re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", "")):
        x, y = x + float(place[1]), y + float(place[2])
    for child in element:
        kind = child.tag.rpartition("}")[2]
        if kind == "g":
            yield from _shapes(child, x, y)
        elif kind == "rect":
            yield _rect(child, x, y)
        elif kind == "text" and child.text:
            yield _words(child, x, y)
        elif kind == "path":
            yield from _curves(child, x, y)


def _rect(element: ElementTree.Element, x: float, y: float) -> Rect:
    rule = _RULES.get(element.get("class", ""), {})
    left, top = x + float(element.get("x", 0)), y + float(element.get("y", 0))
    size = float(element.get("width", 0)), float(element.get("height", 0))
    stroke = _colour(rule["stroke"]) if "stroke" in rule else None
    fill = _colour(element.get("fill") or rule["fill"])
    return Rect(left, top, *size, float(element.get("rx", 0)), fill, stroke, "stroke-dasharray" in rule)


def _words(element: ElementTree.Element, x: float, y: float) -> Words:
    names = element.get("class", "").split()
    rule = _RULES["soft"] if "soft" in names else _RULES["text"]
    anchor: Literal["start", "middle", "end"] = "middle" if "mid" in names else "end" if "end" in names else "start"
    at = x + float(element.get("x", 0)), y + float(element.get("y", 0))
    size = float(rule["font-size"].removesuffix("px"))
    return Words(*at, element.text or "", size, _colour(rule["fill"]), "name" in names, anchor)


def _curves(element: ElementTree.Element, x: float, y: float) -> Iterator[Curve]:
    """Each part of a path that begins with M."""
    rule, here, curve = _RULES["line"], (0.0, 0.0), None
    arrow = bool(element.get("marker-end"))
    for letter, text in re.findall(r"([MVHLCQ])([^MVHLCQ]*)", element.get("d", "")):
        n = [float(number) for number in text.split()]
        if letter == "M":
            if curve is not None:
                yield curve
            here = x + n[0], y + n[1]
            curve = Curve(here, _colour(rule["stroke"]), float(rule["stroke-width"]), arrow)
            continue
        end = (here[0], y + n[0]) if letter == "V" else (x + n[0], here[1]) if letter == "H" else (x + n[-2], y + n[-1])
        if letter == "C":
            pulls = (x + n[0], y + n[1]), (x + n[2], y + n[3])
        elif letter == "Q":  # as a cubic curve: its pulls are two thirds of the way to the one point
            one = x + n[0], y + n[1]
            pulls = _towards(here, one, 2 / 3), _towards(end, one, 2 / 3)
        else:
            pulls = _towards(here, end, 1 / 3), _towards(here, end, 2 / 3)
        if curve is not None:
            curve.pieces.append((*pulls, end))
        here = end
    if curve is not None:
        yield curve


def _towards(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _colour(text: str) -> Colour:
    """#rrggbb or hsl(h s% l%)."""
    if text.startswith("#"):
        return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
    hue, saturation, lightness = (float(number) for number in re.findall(r"[\d.]+", text))
    red, green, blue = colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
    return round(255 * red), round(255 * green), round(255 * blue)
