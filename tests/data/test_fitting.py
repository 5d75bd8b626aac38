"""Fitting a column that lies on disk: in chunks where the kind can, and errors that name the row of the file."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from weftnet.data.content import Content
from weftnet.data.fitting import Chunks, fit
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds.number import Number
from weftnet.data.sources.table import stream
from weftnet.errors import DataError

ROWS = 2000


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    folder = tmp_path_factory.mktemp("table")
    (folder / "a.csv").write_text("x\n" + "".join(f"{row}\n" for row in range(ROWS)))
    content = replace(stream(folder / "a.csv", folder, memory=2**14), chunk=500)
    assert content.on_disk("x")
    assert len(list(Chunks(content, "x", np.arange(ROWS)))) == 4
    return content


def test_statistics_are_those_of_the_training_rows(content: Content) -> None:
    rows, number = np.arange(100, 1900), Number()
    assert fit(content, "x", rows, number) == []
    assert number.mean == pytest.approx(rows.mean())
    assert number.std == pytest.approx(rows.std())


class Wrong(Number):
    """A kind that finds a fault before it looks at a chunk, within one, or after all of them."""

    def __init__(self, when: str) -> None:
        super().__init__()
        self.when = when

    def fit_chunks(self, chunks: Iterable[Any]) -> Any:
        if self.when == "before":
            raise BadValue(3, "wrong")
        for number, _ in enumerate(chunks):
            if number == 1 and self.when == "in the second":
                raise BadValue(3, "wrong")
        raise BadValue(3, "wrong")


@pytest.mark.parametrize("when", ["before", "in the second", "after"])
def test_a_fault_is_at_its_row_of_the_file(content: Content, when: str) -> None:
    rows = np.arange(100, 1900)
    size = len(next(iter(Chunks(content, "x", rows))))
    with pytest.raises(DataError) as fault:
        fit(content, "x", rows, Wrong(when))
    row = rows[3 + size * (when == "in the second")]
    assert fault.value.where == f"{content.source}: row {row + 2}, column 'x'"  # below the header, counted from 1
