"""A drawing as a file of another kind: PDF, PNG and TikZ for papers and slides, by the suffix of its name."""

import io
import math
import zlib
from collections.abc import Callable

from weftnet.base.typeset import tex
from weftnet.compose.shapes import Colour, Curve, Picture, Point, Rect, Words
from weftnet.errors import SettingError

#: a pixel of the drawing in points, as on a page of 96 pixels an inch
_POINT = 0.75
#: pixels of a PNG file for each pixel of the drawing
_SCALE = 3
#: widths of Helvetica's letters from the blank to ~, in thousandths of the size (Adobe's font metrics)
_HELVETICA = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 "
    "278 556 500 722 500 500 500 334 260 334 584"
)
_WIDTHS = dict(zip(map(chr, range(32, 127)), map(int, _HELVETICA.split()), strict=True)) | {"×": 584, "…": 1000}


def pdf(drawn: Picture) -> bytes:
    """A page of the drawing's size, in Helvetica, which every reader of PDF has."""
    words = "".join(shape.text for shape in drawn.shapes if isinstance(shape, Words))
    _refuse([letter for letter in words if not letter.encode("cp1252", "ignore")], "PDF")
    height = drawn.height * _POINT
    parts = [f"{_POINT} 0 0 {-_POINT} 0 {height:.2f} cm 1 J 1 j"]  # pixels, downwards
    for shape in drawn.shapes:
        if isinstance(shape, Rect):
            stroke = f"{_rgb(shape.stroke)} RG 1 w " if shape.stroke else ""
            dash = "[4 3] 0 d " if shape.dashed else "[] 0 d "
            parts.append(f"{_rgb(shape.fill)} rg {stroke}{dash}{_outline(shape)} {'B' if shape.stroke else 'f'} [] 0 d")
        elif isinstance(shape, Words):
            raw = shape.text.encode("cp1252").decode("latin-1")
            text = raw.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            font = "F2" if shape.bold else "F1"
            x = shape.x - _before(shape)
            parts.append(
                f"BT {_rgb(shape.colour)} rg /{font} {shape.size:g} Tf 1 0 0 -1 {x:.2f} {shape.y:.2f} Tm ({text}) Tj ET"
            )
        else:
            way = " ".join(" ".join(f"{a:.2f} {b:.2f}" for a, b in piece) + " c" for piece in shape.pieces)
            start = f"{shape.start[0]:.2f} {shape.start[1]:.2f} m"
            parts.append(f"{_rgb(shape.colour)} RG {_rgb(shape.colour)} rg {shape.width:g} w {start} {way} S")
            if shape.arrow:
                (ax, ay), *others = _head(shape)
                parts.append(f"{ax:.2f} {ay:.2f} m " + " ".join(f"{a:.2f} {b:.2f} l" for a, b in others) + " f")
    stream = zlib.compress("\n".join(parts).encode("latin-1"), 9)
    font = "<< /Type /Font /Subtype /Type1 /Encoding /WinAnsiEncoding /BaseFont /{} >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {drawn.width * _POINT:.2f} {height:.2f}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return out + end.encode() + b"startxref\n%d\n%%%%EOF\n" % len(out)


def png(drawn: Picture) -> bytes:
    """Pixels, three for each of the drawing's, on white, in the font that Pillow brings."""
    from PIL import Image, ImageDraw, ImageFont

    s = _SCALE
    probe = ImageFont.load_default(40)
    nothing = bytes(probe.getmask("\uffff"))  # the box that stands for a letter that is not there
    letters = sorted({letter for shape in drawn.shapes if isinstance(shape, Words) for letter in _plain(shape.text)})
    _refuse([letter for letter in letters if bytes(probe.getmask(letter)) == nothing], "PNG")
    image = Image.new("RGB", (math.ceil(drawn.width * s), math.ceil(drawn.height * s)), "white")
    canvas = ImageDraw.Draw(image)
    for shape in drawn.shapes:
        if isinstance(shape, Rect):
            place = (shape.x * s, shape.y * s, (shape.x + shape.width) * s, (shape.y + shape.height) * s)
            canvas.rounded_rectangle(place, shape.radius * s, shape.fill, shape.stroke, s)
        elif isinstance(shape, Words):
            font = ImageFont.load_default(shape.size * s)
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
            width = s / 4 if shape.bold else 0
            at = (shape.x * s, shape.y * s)
            canvas.text(
                at, _plain(shape.text), shape.colour, font, anchor, stroke_width=width, stroke_fill=shape.colour
            )
        else:
            canvas.line([(x * s, y * s) for x, y in _sampled(shape)], shape.colour, round(shape.width * s), "curve")
            if shape.arrow:
                canvas.polygon([(x * s, y * s) for x, y in _head(shape)], shape.colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def tikz(drawn: Picture) -> bytes:
    r"""A `tikzpicture` to `\input`; its letters are the document's sans serif. Needs the package tikz."""
    lines = [
        "% \\usepackage{tikz}; \\input this file, \\resizebox{\\linewidth}{!}{\\input{…}} for a column",
        f"\\begin{{tikzpicture}}[x={_POINT}pt,y=-{_POINT}pt,line cap=round,line join=round]",
    ]
    for shape in drawn.shapes:
        if isinstance(shape, Rect):
            stroke = f"draw={_tex(shape.stroke)}," if shape.stroke else ""
            dash = "dash pattern=on 3pt off 2.25pt," if shape.dashed else ""
            corners = f"rounded corners={shape.radius * _POINT:g}pt"
            far = f"({shape.x + shape.width:.1f},{shape.y + shape.height:.1f})"
            look = f"fill={_tex(shape.fill)},{stroke}{dash}{corners}"
            lines.append(f"\\path[{look}] ({shape.x:.1f},{shape.y:.1f}) rectangle {far};")
        elif isinstance(shape, Words):
            anchor = {"start": "base west", "middle": "base", "end": "base east"}[shape.anchor]
            size = shape.size * _POINT
            font = f"\\fontsize{{{size:g}}}{{{size * 1.2:g}}}\\selectfont\\sffamily" + "\\bfseries" * shape.bold
            look = f"anchor={anchor},inner sep=0,font={{{font}}},text={_tex(shape.colour)}"
            lines.append(f"\\node[{look}] at ({shape.x:.1f},{shape.y:.1f}) {{{tex(shape.text)}}};")
        else:
            ways = [f"({shape.start[0]:.1f},{shape.start[1]:.1f})"]
            for pull, other, end in shape.pieces:
                pulls = " and ".join(f"({x:.1f},{y:.1f})" for x, y in (pull, other))
                ways.append(f".. controls {pulls} .. ({end[0]:.1f},{end[1]:.1f})")
            width = f"line width={shape.width * _POINT:g}pt"
            lines.append(f"\\draw[draw={_tex(shape.colour)},{width}] {' '.join(ways)};")
            if shape.arrow:
                corners = " -- ".join(f"({x:.1f},{y:.1f})" for x, y in _head(shape))
                lines.append(f"\\fill[fill={_tex(shape.colour)}] {corners} -- cycle;")
    return "\n".join([*lines, "\\end{tikzpicture}", ""]).encode()


#: suffix → writer
FORMATS: dict[str, Callable[[Picture], bytes]] = {".pdf": pdf, ".png": png, ".tex": tikz}


def _plain(text: str) -> str:
    """As the font has it, and as signals are written: 3x8x8."""
    return text.replace("×", "x").replace("…", "...").replace("·", "*")


def _refuse(lacking: list[str], form: str) -> None:
    """Rather an error than other letters."""
    if lacking:
        what = f"has letters that its {form} could not show"
        fix = "draw it as SVG or TikZ"
        raise SettingError(what, expected="letters of western European languages", got=lacking[0], fix=fix)


def _rgb(colour: Colour | None) -> str:
    return " ".join(f"{part / 255:.3f}" for part in colour or (0, 0, 0))


def _tex(colour: Colour) -> str:
    return "{{rgb,255:red,{};green,{};blue,{}}}".format(*colour)


def _before(words: Words) -> float:
    """How much of a text stands left of its place."""
    bold = 1.06 if words.bold else 1.0
    width = sum(_WIDTHS.get(letter, 556) for letter in words.text) / 1000 * words.size * bold
    return {"start": 0.0, "middle": width / 2, "end": width}[words.anchor]


def _outline(box: Rect) -> str:
    """A rectangle with corners of quarter circles, as Bézier curves."""
    r, k = box.radius, box.radius * 0.4477  # 1 − 0.5523, the pull of a quarter circle
    x, y, right, low = box.x, box.y, box.x + box.width, box.y + box.height
    turns = [
        ((right - r, y), (right - k, y), (right, y + k), (right, y + r)),
        ((right, low - r), (right, low - k), (right - k, low), (right - r, low)),
        ((x + r, low), (x + k, low), (x, low - k), (x, low - r)),
        ((x, y + r), (x, y + k), (x + k, y), (x + r, y)),
    ]
    way = [f"{x + r:.2f} {y:.2f} m"]
    for to, *curve in turns:
        way.append(f"{to[0]:.2f} {to[1]:.2f} l " + " ".join(f"{a:.2f} {b:.2f}" for a, b in curve) + " c")
    return " ".join([*way, "h"])


def _sampled(curve: Curve) -> list[Point]:
    """Sixteen points of each piece."""
    points, here = [curve.start], curve.start
    for one, two, end in curve.pieces:
        for step in range(1, 17):
            t = step / 16
            weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
            corners = (here, one, two, end)
            points.append((
                sum(w * p[0] for w, p in zip(weights, corners, strict=True)),
                sum(w * p[1] for w, p in zip(weights, corners, strict=True)),
            ))  # fmt: skip
        here = end
    return points


def _head(curve: Curve) -> list[Point]:
    """The three corners of an arrow's head at the end, along the last piece."""
    _, before, (x, y) = curve.pieces[-1]
    angle = math.atan2(y - before[1], x - before[0])
    back = x - 10 * math.cos(angle), y - 10 * math.sin(angle)
    across = 5 * math.sin(angle), -5 * math.cos(angle)
    return [(x, y), (back[0] + across[0], back[1] + across[1]), (back[0] - across[0], back[1] - across[1])]
