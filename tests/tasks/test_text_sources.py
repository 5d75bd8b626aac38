"""Sources of a text to text that are recognised as something else."""

import csv
import datetime
from pathlib import Path

import pytest

from weftnet.compete.entering import FitOptions, entries_of
from weftnet.errors import DataError


@pytest.fixture
def dates(tmp_path: Path) -> Path:
    days = [datetime.date(2000, 1, 1) + datetime.timedelta(days=17 * row) for row in range(60)]
    with (tmp_path / "dates.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("written", "iso"), *((f"{day:%d %B %Y}", day.isoformat()) for day in days)])
    return tmp_path / "dates.csv"


def test_the_fix_says_how_a_lone_column_becomes_a_text(dates: Path) -> None:
    options = FitOptions(str(dates), data={"target": "iso"}, task="text_to_text")
    with pytest.raises(DataError, match="a text is made of one text") as raised:
        entries_of(options)
    assert raised.value.fix.startswith("say that it is a text: --kind written=text")
    entries = entries_of(
        FitOptions(str(dates), data={"target": "iso", "kinds": {"written": "text"}}, task="text_to_text")
    )
    assert [signal.kind for signal in entries.data.signals.values()] == ["tokens"]
    assert entries.candidates
