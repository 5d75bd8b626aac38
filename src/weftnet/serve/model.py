"""One version of one model, ready to answer: rows of JSON in, answers out, whatever runs the network.

The requests of a batch are read, encoded and run together. If one of them can't be read, each is tried alone, so that a
bad row fails its own request and no other; rows are then counted within the request.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from weftnet.data.fields import Field
from weftnet.data.kinds._kind import Kind
from weftnet.data.unfamiliar import departures, of_values
from weftnet.data.wire import from_json
from weftnet.errors import DataError, WeftnetError
from weftnet.run.facts import Predicted, TaskFacts
from weftnet.serve.trained_on import Table
from weftnet.tasks._inference import NO_OPTIONS, Options, Tell, listening
from weftnet.tasks._schema import answer_schema

Rows = Sequence[Mapping[str, Any]]
Answers = list[dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """A request, or a part of one.

    Args:
        rows: to answer.
        options: of the question.
        tell: is told pieces of the answer to the only row while it is computed, in the thread that computes it.
    """

    rows: Rows
    options: Options = field(default_factory=dict)
    tell: Tell | None = None


log = logging.getLogger("weftnet.serve")


@dataclass(frozen=True)
class Model:
    """A model in memory.

    Args:
        folder: the run, or the export, it came from.
        engine: that computes it.
        fields: of a row.
        run: raw columns and options → answers; not thread-safe.
        task: its name and settings.
        columns: fitted kinds of the fields.
        predicts: the column that is predicted.
        table: that it was trained on, where it is at hand.
    """

    folder: Path
    engine: str
    fields: tuple[Field, ...]
    run: Callable[[Mapping[str, Any], Options], Answers]
    task: TaskFacts
    columns: Mapping[str, Kind] = field(default_factory=dict)
    predicts: Predicted | None = None
    table: Table | None = None

    def beside(self, rows: Rows) -> dict[str, Any]:
        """What is said beside the answers to these rows: notes on all, and marks on each, where there are any."""
        notes, marks = self.notes(rows), self.marks(rows)
        return ({"notes": notes} if notes else {}) | ({"marks": marks} if any(marks) else {})

    def marks(self, rows: Rows) -> list[list[str]]:
        """For each row that it answered what in it left what was seen in training."""
        own = [each for each in self.fields if each.name in self.columns and not each.wire.file]
        return departures(self.columns, self._raw(own, rows), len(rows))

    def notes(self, rows: Rows) -> list[str]:
        """What the model does not know of rows that it answered."""
        known = {name for name, kind in self.columns.items() if kind.strange or kind.capped}
        return of_values(self.columns, self._raw([each for each in self.fields if each.name in known], rows))

    def _raw(self, fields: Sequence[Field], rows: Rows) -> dict[str, list[Any]]:
        """Raw values of some fields."""
        raw = {}
        for each in fields:
            values = [row.get(each.name, row.get(each.input)) for row in rows]
            raw[each.name] = [None if value is None else each.wire.read(value) for value in values]
        return raw

    @property
    def schema(self) -> type | None:
        """Of an answer."""
        return answer_schema(self.task.name)

    def predict(self, rows: Rows, options: Options = NO_OPTIONS) -> Answers:
        """An answer for each row.

        Raises:
            DataError: a row can't be used.
        """
        answers = self.run(from_json(self.fields, rows), options)
        for row, answer in enumerate(answers):
            if not all(map(finite, answer.values())):
                raise not_finite(row)
        return answers

    def answer(self, requests: Sequence[Asked]) -> list[Answers | Exception]:
        """For each of several requests its answers, or its error; those with the same options are computed together."""
        results: dict[int, Answers | Exception] = {}
        while left := [place for place in range(len(requests)) if place not in results]:
            first = requests[left[0]]
            if first.tell is not None:
                with listening(first.tell):
                    results[left[0]] = self._alone(first.rows, first.options)
                continue
            alike = [place for place in left if requests[place] == replace(first, rows=requests[place].rows)]
            answered = self._together([requests[place].rows for place in alike], first.options)
            results |= dict(zip(alike, answered, strict=True))
        return [results[place] for place in range(len(requests))]

    def _together(self, requests: Sequence[Rows], options: Options) -> list[Answers | Exception]:
        if len(requests) == 1:
            return [self._alone(requests[0], options)]
        try:
            answers = self.predict([row for rows in requests for row in rows], options)
        except Exception:  # the request at fault gets its error below
            return [self._alone(rows, options) for rows in requests]
        results: list[Answers | Exception] = []
        for rows in requests:
            results.append(answers[: len(rows)])
            del answers[: len(rows)]
        return results

    def _alone(self, rows: Rows, options: Options) -> Answers | Exception:
        try:
            return self.predict(rows, options)
        except WeftnetError as error:
            return error
        except Exception as error:  # a bug: the client gets a 500, the log the traceback
            log.exception("a request to %s failed", self.folder)
            return error


def finite(value: Any) -> bool:
    """Whether all numbers of an answer are finite: JSON has no others."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    return all(map(finite, value)) if isinstance(value, list) else True


def not_finite(row: int) -> DataError:
    """The error for a row whose numbers make the network overflow."""
    return DataError(
        "the answer is not a finite number: a value is too large for this model",
        where=f"row {row}",
        fix="send values in the range of the training data",
    )
