"""Words of a table in text that are read as missing values, beside other words: `none` may be an answer like others."""

from collections import Counter
from typing import Any

from weftnet.data.cells import Cells
from weftnet.data.sources._csv import absent_in
from weftnet.data.ways import setting


class GoneWords:
    """Counts them, column by column, batch by batch.

    Args:
        cells: how the cells are read.
    """

    def __init__(self, cells: Cells) -> None:
        self._present = list(cells.present)
        self._absent = absent_in(cells.absent - {""})
        self._gone: dict[str, Counter[str]] = {}
        self._beside: Counter[str] = Counter()  # words, less numbers and the like

    def look(self, column: str, array: Any) -> None:
        """Count those in a part of a column, an arrow array of words."""
        import pyarrow.compute as pc

        absent = self._absent(array)
        if not pc.any(absent).as_py():
            return
        trimmed = pc.utf8_trim_whitespace(array)
        gone = self._gone.setdefault(column, Counter())
        gone.update({pair["values"]: pair["counts"] for pair in pc.value_counts(trimmed.filter(absent)).to_pylist()})
        there = trimmed.filter(pc.and_not(pc.not_equal(trimmed, ""), absent))
        self._beside[column] += len(there) - 2 * (pc.sum(pc.match_substring_regex(there, r"\d")).as_py() or 0)

    @property
    def notes(self) -> tuple[str, ...]:
        """One for each column of words that has some; beside numbers and dates they can be nothing else."""
        found = {column: words.most_common(3) for column, words in self._gone.items() if self._beside[column] > 0}
        return tuple(
            f"{column}: {', '.join(f'{count} × {word!r}' for word, count in words)} read as missing; "
            f"if that is a value like others: {setting('present', [*self._present, *(word for word, _ in words)])}"
            for column, words in found.items()
        )
