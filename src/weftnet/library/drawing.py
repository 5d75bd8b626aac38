"""A network as a drawing: SVG that a notebook shows, and files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.base.files import write_text
from weftnet.compose import resolve
from weftnet.compose.draw import draw, mermaid
from weftnet.compose.flow import Resolved
from weftnet.compose.inputs import inputs_of
from weftnet.errors import SettingError
from weftnet.library import html

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

    def save(self, path: str | Path) -> list[Path]:
        """Write NAME.svg, or NAME.mmd for Mermaid; of several parts NAME-PART.svg. The paths that were written.

        Raises:
            SettingError: it is neither.
        """
        path, written = Path(path), []
        if path.suffix not in (".svg", ".mmd"):
            raise SettingError("a drawing is SVG or Mermaid", expected="NAME.svg or NAME.mmd", got=str(path))
        for part, resolved in self.parts.items():
            target = path if len(self.parts) == 1 else path.with_stem(f"{path.stem}-{part}")
            write_text(target, draw(resolved) if path.suffix == ".svg" else mermaid(resolved))
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
