"""A network as a drawing: SVG that a notebook shows, and files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.base import html
from weftnet.base.files import write_bytes, write_text
from weftnet.compose.draw import draw, mermaid
from weftnet.compose.flow import Resolved
from weftnet.compose.formats import FORMATS
from weftnet.compose.inputs import inputs_of
from weftnet.compose.resolve import resolve
from weftnet.compose.shapes import picture
from weftnet.errors import SettingError

#: what is drawn larger than this is folded in a notebook, in pixels of height
_TALL = 900


@dataclass(frozen=True)
class Drawing:
    """The drawing of every part of a network.

    Args:
        parts: each with every size filled in.
    """

    parts: Mapping[str, Resolved]

    @property
    def svg(self) -> str:
        """The drawing of the only part.

        Raises:
            SettingError: there are several.
        """
        if len(self.parts) > 1:
            raise SettingError("there are several parts", where="svg", got=", ".join(self.parts), fix="save(…)")
        return draw(next(iter(self.parts.values())))

    def save(self, path: str | Path, whole: bool = False) -> list[Path]:
        """Write NAME.svg, .mmd (Mermaid), .pdf, .png or .tex (TikZ); of several parts NAME-PART.svg. The paths written.

        Args:
            path: where to.
            whole: draw every copy of what repeats.

        Raises:
            SettingError: it is none of them, or has letters that the form can't show.
        """
        path, written = Path(path), []
        if path.suffix not in (known := [".svg", ".mmd", *FORMATS]):
            raise SettingError("a drawing has another suffix", expected=f"one of {', '.join(known)}", got=str(path))
        for part, resolved in self.parts.items():
            target = path if len(self.parts) == 1 else path.with_stem(f"{path.stem}-{part}")
            if path.suffix == ".mmd":
                write_text(target, mermaid(resolved))
            elif path.suffix == ".svg":
                write_text(target, draw(resolved, fold=not whole))
            else:
                write_bytes(target, FORMATS[path.suffix](picture(draw(resolved, fold=not whole))))
            written.append(target)
        return written

    def __repr__(self) -> str:
        return "\n".join(mermaid(resolved) for resolved in self.parts.values())

    def _repr_html_(self) -> str:
        body = []
        for part, resolved in self.parts.items():
            svg = draw(resolved)
            tall = float(svg.partition('height="')[2].partition('"')[0] or 0) > _TALL
            title = part if len(self.parts) > 1 else "network"
            body.append(html.folded(f"{title}: {len(resolved.leaves())} blocks", svg) if tall else svg)
        return html.shown(*body)


def drawing_of(architecture: Architecture, signals: Mapping[str, Signal]) -> Drawing:
    """The drawing of an architecture that reads these signals."""
    inputs = inputs_of(architecture, signals)
    return Drawing({part: resolve(node, inputs[part], part) for part, node in architecture.parts.items()})
