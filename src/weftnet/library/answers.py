"""Answers in a list, and as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from weftnet.answer.predict import AnswerStream, flat
from weftnet.base import html
from weftnet.base.answers import Form
from weftnet.base.extras import need

#: rows that a notebook shows
_SHOWN = 20


class Answers(list[dict[str, Any]]):
    """An answer for each example, as `weftnet predict` writes them: a list of mappings.

        answers[0]["label"]
        answers.frame()           a DataFrame of pandas

    Args:
        named: the answers with the names of their examples.
        forms: of the fields of an answer.
        of: what the names are of: `row`, `file` or `series`.
        notes: what the run does not know of the examples.
    """

    def __init__(
        self,
        named: Sequence[tuple[str | int, dict[str, Any]]],
        forms: Mapping[str, Form],
        of: str,
        notes: Sequence[str],
    ) -> None:
        super().__init__(answer for _, answer in named)
        self.names, self.forms, self.of, self.notes = [name for name, _ in named], forms, of, tuple(notes)

    @classmethod
    def of_stream(cls, stream: AnswerStream) -> "Answers":
        """All answers of a stream."""
        return cls(list(stream.answers), stream.forms, stream.named, stream.notes)

    def frame(self) -> Any:
        """A DataFrame with a row for each example, and a column for each probability.

        Raises:
            MissingExtra: pandas is not installed.
        """
        pandas = need("pandas", extra="pandas", what="a table of answers")
        return pandas.DataFrame([flat(each, self.forms) for each in self], index=pandas.Index(self.names, name=self.of))

    def _repr_html_(self) -> str:
        rows = [flat(each, self.forms) for each in self[:_SHOWN]]
        head = list(dict.fromkeys(name for row in rows for name in row))
        named = zip(self.names[:_SHOWN], rows, strict=True)
        cells = [[str(name), *(_text(row.get(column)) for column in head)] for name, row in named]
        more = f"{len(self)} in all" if len(self) > _SHOWN else ""
        return html.shown(html.table([self.of, *head], cells), *map(html.line, filter(None, (more, *self.notes))))


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)[:200]
