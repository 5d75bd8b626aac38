"""Dates are dates from every source and in every usual form; what can be read in two ways is refused with both."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weftnet.data import open_data
from weftnet.data.kinds.date import Date
from weftnet.data.moments import forms, second_of, word_of
from weftnet.data.months import LANGUAGES
from weftnet.data.wire import from_json, from_word
from weftnet.errors import DataError

RNG = np.random.default_rng(0)
DAYS = [dt.datetime(2020, 1, 1) + dt.timedelta(days=int(day)) for day in RNG.integers(0, 900, 120)]
TIMES = [day + dt.timedelta(minutes=int(minute)) for day, minute in zip(DAYS, RNG.integers(0, 1440, 120), strict=True)]
SALES = [float(np.cos(day.timetuple().tm_yday / 58)) for day in DAYS]


def kind_of(data: Any, name: str = "day") -> Date:
    kind = data.preprocessing.columns[name]
    assert isinstance(kind, Date)
    return kind


def table(data: Any) -> bytes:
    assert len({*data.sizes.values()})
    return b"".join(batch.inputs["table"].numpy().tobytes() for batch in data.batches("train", 1000))


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%d %b %Y", "%B %d, %Y", "%d-%b-%y", "%Y-%m-%dT%H:%M:%S+00:00", "%m/%d/%Y",
     "%Y-%m-%d %H:%M:%S UTC", "%d.%m.%Y %H:%M", "%a, %d %b %Y %H:%M:%S GMT", "%d/%m/%Y"],
)  # fmt: skip
def test_a_form_gives_the_features_of_parquet(tmp_path: Path, form: str) -> None:
    """The case of a CSV whose ISO dates became 64 categories: an error of 8.69 instead of 2.38."""
    path = tmp_path / "a.csv"
    rows = [f'"{day.strftime(form)}",{sale}\n' for day, sale in zip(DAYS, SALES, strict=True)]
    path.write_text("day,sales\n" + "".join(rows))
    pq.write_table(pa.table({"day": DAYS, "sales": SALES}), tmp_path / "a.parquet")
    read, typed = open_data(path, target="sales"), open_data(tmp_path / "a.parquet", target="sales")
    assert kind_of(read).cycles == kind_of(typed).cycles == ["week", "year"]
    assert table(read) == table(typed)
    assert table(open_data({"day": DAYS, "sales": SALES}, target="sales")) == table(typed)
    word = DAYS[0].strftime(form)
    (again,) = kind_of(read).decode(kind_of(read).encode([word]))
    assert second_of(again, kind_of(read).form) == pytest.approx(second_of(word, kind_of(read).form), abs=30)
    for word in (DAYS[3].strftime(form), DAYS[3].strftime("%Y-%m-%d")):  # as it was written, and as a page writes it
        fields = read.preprocessing.fields  # type: ignore[attr-defined]
        raw = from_json(fields, [{"day": word}])
        assert raw == {"day": [from_word(fields[0], word, "--value day")]}
        asked = read.preprocessing.encode(raw).inputs["table"]  # type: ignore[attr-defined]
        known = typed.preprocessing.encode({"day": np.array([DAYS[3]], "datetime64[us]")})  # type: ignore[attr-defined]
        assert asked.tobytes() == known.inputs["table"].tobytes()


def test_times_zones_and_clocks() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    words = [time.replace(tzinfo=dt.UTC).astimezone(zone).isoformat() for time in TIMES]
    here = open_data({"t": TIMES, "y": SALES}, target="y")
    assert kind_of(here, "t").cycles == ["day", "week", "year"]
    assert table(open_data({"t": words, "y": SALES}, target="y")) == table(here)
    clocks = open_data({"t": [time.strftime("%I:%M %p") for time in TIMES], "y": SALES}, target="y")
    typed = open_data({"t": [time.strftime("%H:%M:%S") for time in TIMES], "y": SALES}, target="y")
    assert kind_of(clocks, "t").cycles == ["day"]
    assert table(clocks) == table(typed)


@pytest.mark.parametrize(("unit", "scale"), [("seconds", 1), ("milliseconds", 1e3)])
@pytest.mark.parametrize("written", [int, str])
def test_epochs_are_a_close_call(unit: str, scale: float, written: Any) -> None:
    numbers = [written(int(time.replace(tzinfo=dt.UTC).timestamp() * scale)) for time in TIMES]
    data = open_data({"t": numbers, "y": SALES}, target="y")
    assert any("t: read as number; to read it as date: --kind t=date" in note for note in data.notes)
    chosen = open_data({"t": numbers, "y": SALES}, target="y", kinds={"t": "date"})
    assert kind_of(chosen, "t").form == unit
    assert table(chosen) == table(open_data({"t": TIMES, "y": SALES}, target="y"))


def test_two_readings_are_refused_with_both_options() -> None:
    words = [f"{1 + row % 12:02}/{1 + row % 11:02}/2020" for row in range(120)]
    with pytest.raises(DataError, match=r"row \d+, column 'day': the dates can be read in two ways") as why:
        open_data({"day": words, "y": SALES}, target="y")
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        assert f"--kind 'day={{date: {{form: \"{form}\"}}}}'" in str(why.value)
        data = open_data({"day": words, "y": SALES}, target="y", kinds={"day": {"date": {"form": form}}})
        assert kind_of(data)._seconds(words)[1] == second_of(words[1], form)


def test_a_few_other_words_and_gaps() -> None:
    words: list[Any] = [day.strftime("%Y-%m-%d") for day in DAYS]
    words[:20] = [None, "-"] * 10
    data = open_data({"day": words, "y": SALES}, target="y")
    assert kind_of(data).missing
    assert np.isnan(kind_of(data).encode(words)[:20]).all()
    words[40:44] = ["soon"] * 4
    with pytest.raises(DataError, match=r"row 4\d, column 'day': nearly every value is a date, but \d "):
        open_data({"day": words, "y": SALES}, target="y")


def test_a_date_that_cannot_be_read_is_refused_with_its_row() -> None:
    data = open_data({"day": [day.strftime("%d.%m.%Y") for day in DAYS], "y": SALES}, target="y")
    with pytest.raises(DataError, match=r"row 1.*'day': this is no date\n  expected: such as \d\d\.\d\d\.20"):
        data.preprocessing.encode({"day": ["05.01.2020", "01/05/2020"]})  # type: ignore[attr-defined]


def test_the_state_is_json_and_restored() -> None:
    kind = kind_of(open_data({"day": DAYS, "y": SALES}, target="y"))
    again = Date.from_state(json.loads(json.dumps(kind.state())))
    assert again.features(["2021-05-06", None]).tolist() == kind.features(["2021-05-06", None]).tolist()


@pytest.mark.parametrize(
    "words", [["12.5"], ["1-2"], ["k12"], ["in 12 days or 13"], ["192.168.1.1"], ["2020-13-45"], []]
)
def test_what_is_no_date(words: list[str]) -> None:
    assert forms(words) == []


def test_words_and_seconds() -> None:
    assert word_of(second_of("2020-01-05T13:00:00+01:00", "iso"), "iso") == "2020-01-05 12:00:00"
    assert word_of(0.0, "mail") == "Thu, 01 Jan 1970 00:00:00 +0000"


#: the same day in many languages; the months from CLDR are tested as a whole below
@pytest.mark.parametrize(
    "word",
    ["5. Januar 2020", "5 janvier 2020", "05 janv. 2020", "5 de enero de 2020", "5 января 2020", "5 gennaio 2020",
     "5 stycznia 2020", "5. leden 2020", "2020. január 5.", "5 Ocak 2020", "5 Ιανουαρίου 2020", "5. jaanuar 2020",
     "January 5th, 2020", "the 5th of January 2020", "2020年1月5日", "2020년 1월 5일", "5 JANVIER 2020",
     "5 siječnja 2020"],
)  # fmt: skip
def test_months_of_many_languages(word: str) -> None:
    found = forms([word])
    assert found, word
    for form in found:
        assert second_of(word, form) == second_of("2020-01-05", "iso")
        assert second_of(word_of(second_of(word, form), form), form) == second_of(word, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_of_a_language_is_that_month(language: str) -> None:
    days = [dt.datetime(2020, month, 7, tzinfo=dt.UTC).timestamp() for month in range(1, 13)]
    words = [word_of(day, f"{language}:%d. %B %Y") for day in days]
    (form,) = forms(words)
    assert [second_of(word, form) for word in words] == days


def test_a_month_that_two_languages_have_for_another_month_is_refused_with_both() -> None:
    words = [f"{day} listopada {year}" for day in range(1, 29) for year in (2019, 2020, 2021, 2022, 2023)][:120]
    with pytest.raises(DataError, match="can be read in two ways") as why:
        open_data({"day": words, "y": SALES}, target="y")
    assert 'form: "pl:%d %B %Y"' in str(why.value)
    assert 'form: "hr:%d %B %Y"' in str(why.value)


@pytest.mark.parametrize("before", ["", "lundi "])
def test_months_that_nobody_knows_are_refused(before: str) -> None:
    months = ["Urtarrila", "Otsaila", "Martxoa"] if not before else ["mars", "mai", "août"]
    words = [f"{before}{row % 28 + 1} {months[row % 3]} {2000 + row % 7}" for row in range(120)]
    with pytest.raises(DataError, match="look like dates, in no form that is known"):
        open_data({"day": words, "y": SALES}, target="y")
    kept = open_data({"day": words, "y": SALES}, target="y", kinds={"day": "category"})
    assert kept.signals["table"].numel > 1


@pytest.mark.parametrize("written", [str, int, float])
@pytest.mark.parametrize("form", ["%Y%m%d", "%Y%m"])
def test_whole_numbers_that_are_days_of_a_calendar(form: str, written: Any) -> None:
    words = [written(day.strftime(form)) if written is not float else float(day.strftime(form)) for day in DAYS]
    data = open_data({"day": words, "y": SALES}, target="y")
    assert kind_of(data).form == form
    assert kind_of(data)._seconds(words[:1])[0] == second_of(DAYS[0].strftime(form), form)
    assert any(f"dates of the form {form}; to read it as number: --kind day=number" in note for note in data.notes)
    numbers = open_data({"day": [*words[:-1], written(20201399)], "y": SALES}, target="y")
    assert not isinstance(numbers.preprocessing.columns["day"], Date)  # type: ignore[attr-defined]


def test_words_for_a_missing_date_are_refused_with_the_option_that_reads_them_so() -> None:
    words = ["0000-00-00" if row % 5 == 2 else day.strftime("%Y-%m-%d") for row, day in enumerate(DAYS)]
    with pytest.raises(DataError, match=r"\d\d % of the values is a date, but \d+ are not") as why:
        open_data({"day": words, "y": SALES}, target="y")
    assert "--kind 'day={date: {gaps: [\"0000-00-00\"]}}'" in str(why.value)
    data = open_data({"day": words, "y": SALES}, target="y", kinds={"day": {"date": {"gaps": ["0000-00-00"]}}})
    assert kind_of(data).missing


@pytest.mark.parametrize(("word", "form", "seconds"), [
    ("06:30", "%H:%M", 23_400.0), ("00:00:01", "%H:%M:%S", 1.0), ("1970-01-02", "%Y-%m-%d", 86_400.0),
])  # fmt: skip
def test_a_time_of_day_counts_from_midnight_and_a_date_from_1970(word: str, form: str, seconds: float) -> None:
    assert second_of(word, form) == seconds
