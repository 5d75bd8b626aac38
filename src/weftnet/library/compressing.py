"""A run made smaller: what was tried, and the one that was chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weftnet.base import html
from weftnet.base.units import duration, size
from weftnet.compress.compressing import Settings, compress
from weftnet.compress.contract import Compression, Goal
from weftnet.data import Data
from weftnet.errors import RunError
from weftnet.library.networks import architecture_of
from weftnet.run.loading import Loaded
from weftnet.zoo import _named


@dataclass(frozen=True)
class Compressed:
    """What compression tried.

    Args:
        folder: of the runs that were kept.
        result: every run that was tried, with its size, time and score.
    """

    folder: Path
    result: Compression

    @property
    def run(self) -> Path:
        """The folder of the chosen run: `weftnet.load(compressed.run)`.

        Raises:
            RunError: none is smaller, faster and good enough.
        """
        if self.result.chosen is None:
            raise RunError("no run was kept", where=str(self.folder), got=self.result.why)
        return self.folder / self.result.chosen

    def __repr__(self) -> str:
        return self.result.why

    def _repr_html_(self) -> str:
        rows = []
        for row in self.result.rows:
            time = row.timing
            cells = ["", "", "", ""]
            if time is not None:
                cells = [size(row.bytes), duration(time.latency), f"{time.speedup:.2f} ×"]
                cells.append(self.result.score.text(row.score))
            rows.append([row.name, row.verdict, *cells])
        head = ["run", "", "size", "time", "faster", self.result.score.name]
        return html.shown(html.table(head, rows, left=2), html.line(self.result.why))


def compressed(
    loaded: Loaded, data: Data, out: Path, goal: Mapping[str, Any], how: tuple[tuple[str, ...], float, int, Any],
    replace: bool, tell: Callable[[str], None] = lambda what: None,
) -> Compressed:  # fmt: skip
    """Compress a run.

    Args:
        loaded: the run.
        data: its own.
        out: the folder.
        goal: how much the score may drop, and the latency.
        how: methods, seconds of training, seed, and a student.
        replace: whether an earlier compression there is deleted.
        tell: is told what is being done.
    """
    methods, budget, seed, student = how
    if student is not None:
        student = architecture_of(student)
        student = _named.architecture_of(student) if isinstance(student, str) else student
    replaced: list[str | Path] | None = [data.source, loaded.run.folder] if replace else None
    settings = Settings(methods, budget, seed, student)
    return Compressed(out, compress(loaded, data, out, Goal(**goal), settings, tell, replaced))
