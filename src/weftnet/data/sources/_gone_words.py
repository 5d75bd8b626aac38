"""Words of a table in text that are read as missing values, beside other words: `none` may be an answer like others."""

from collections import Counter
from typing import Any

from weftnet.data.cells import Cells
from weftnet.data.ways import setting


class GoneWords:
    """Counts them, column by column, batch by batch.

    Args:
        cells: how the cells are read.
    """

    def __init__(self, cells: Cells) -> None:
        self._absent = sorted(cells.absent - {""})
        self._gone: dict[str, Counter[str]] = {}
        self._words: Counter[str] = Counter()
        self._values: Counter[str] = Counter()

    def look(self, column: str, array: Any) -> None:
        """Count those in a part of a column, an arrow array of words."""
        import pyarrow.compute as pc

        trimmed = pc.utf8_trim_whitespace(array)
        absent = pc.is_in(pc.utf8_lower(trimmed), value_set=_strings(self._absent))
        if pc.any(absent).as_py():
            for pair in pc.value_counts(trimmed.filter(absent)).to_pylist():
                self._gone.setdefault(column, Counter())[pair["values"]] += pair["counts"]
        there = trimmed.filter(pc.and_not(pc.not_equal(trimmed, ""), absent))
        self._values[column] += len(there)
        self._words[column] += len(there) - (pc.sum(pc.match_substring_regex(there, r"\d")).as_py() or 0)

    @property
    def notes(self) -> tuple[str, ...]:
        """One for each column of words that has some; beside numbers and dates they can be nothing else."""
        return tuple(
            f"{column}: {', '.join(f'{count} × {word!r}' for word, count in words.most_common(3))} read as missing; "
            f"if that is a value like others: {setting('present', [word for word, _ in words.most_common(3)])}"
            for column, words in self._gone.items()
            if 2 * self._words[column] > self._values[column]
        )


def _strings(words: list[str]) -> Any:
    import pyarrow as pa

    return pa.array(words, pa.string())
