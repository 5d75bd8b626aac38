"""Numbers as people and spreadsheets write them are read, or refused with the notation's name; never labels."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.cli._options import kinds_of, values_of
from weftnet.data import open_data
from weftnet.data.kinds._notation import Notation, parts
from weftnet.data.kinds.number import Number
from weftnet.data.sources.table import read
from weftnet.errors import DataError

RNG = np.random.default_rng(0)
X = RNG.normal(10, 3, 300).round(2)


def swapped(text: str) -> str:
    return text.translate(str.maketrans(",.", ".,"))


#: how a value is written, and what it is then
FORMS: dict[str, tuple[Callable[[float], str], float, str]] = {
    "comma": (lambda v: swapped(f"{v:.2f}"), 1, "',' as the decimal point"),
    "german": (lambda v: swapped(f"{v * 1e3:,.2f}"), 1e3, "'.' between thousands"),
    "english": (lambda v: f"{v * 1e3:,.2f}", 1e3, "',' between thousands"),
    "swiss": (lambda v: f"{v * 1e3:,.2f}".replace(",", "’"), 1e3, '"\'" between thousands'),
    "french": (lambda v: f"{v * 1e3:,.1f}".replace(",", "\u202f").replace(".", ","), 1e3, "' ' between thousands"),
    "millions": (lambda v: f"{v * 1e6:,.0f}", 1e6, "',' between thousands"),
    "no-break": (lambda v: f"{v * 1e3:,.0f}".replace(",", "\xa0"), 1e3, "' ' between thousands"),
    "dollars": (lambda v: f"${v * 100:,.2f}", 100, "the unit '$'"),
    "euros": (lambda v: f"{swapped(f'{v:.2f}')} €", 1, "the unit '€'"),
    "code": (lambda v: f"EUR {v:.2f}", 1, "the unit 'EUR'"),
    "percent": (lambda v: f"{v:.1f} %", 1, "the unit '%'"),
    "metric": (lambda v: f"{v:.1f}kg", 1, "the unit 'kg'"),
    "minus": (lambda v: f"{v - 10:.2f}".replace("-", "\u2212"), 1, ""),
    "accountant": (lambda v: f"({-v + 10:.2f})" if v < 10 else f"{v - 10:.2f}", 1, ""),
    "full width": (lambda v: f"{v:.2f}".translate({48 + d: 0xFF10 + d for d in range(10)}), 1, ""),
    "blanks": (lambda v: f"\xa0{v:.2f} ", 1, ""),
    "science": (lambda v: f"{v:.3E}".replace(".", ","), 1, "',' as the decimal point"),
}
LABELS = ["warm" if v > 10 else "cold" for v in X]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("typed", [True, False])
def test_a_notation_is_read_and_said(tmp_path: Path, name: str, typed: bool) -> None:
    form, scale, said = FORMS[name]
    words = [form(v) for v in X]
    if typed:
        (tmp_path / "a.jsonl").write_text(
            "\n".join(json.dumps({"v": w, "y": y}) for w, y in zip(words, LABELS, strict=True))
        )
        data = open_data(tmp_path / "a.jsonl", target="y")
    else:
        data = open_data({"v": words, "y": LABELS}, target="y")
    kind = data.preprocessing.columns["v"]  # type: ignore[attr-defined]
    assert isinstance(kind, Number)
    shift = 10 if name in ("minus", "accountant") else 0
    np.testing.assert_allclose(kind.decode(kind.encode(words)), (X - shift) * scale, atol=0.06 * scale)
    kept = Number.from_state(json.loads(json.dumps(kind.state())))
    assert kept.encode(words).tolist() == kind.encode(words).tolist()
    notes = "\n".join(data.notes)
    assert said in notes
    assert ("--kind v=category" in notes) or not said


@pytest.mark.parametrize("gap", ["#N/A", "-", ".", "<NA>", "#DIV/0!", "NULL", "–", "n.a.", "NaT", " "])
@pytest.mark.parametrize("name", ["comma", "plain"])
def test_gaps_are_missing_beside_numbers(gap: str, name: str) -> None:
    form = FORMS["comma"][0] if name == "comma" else str
    words = [gap if row % 10 == 3 else form(v) for row, v in enumerate(X)]
    data = open_data({"v": words, "y": LABELS}, target="y")
    kind = data.preprocessing.columns["v"]  # type: ignore[attr-defined]
    assert isinstance(kind, Number)
    assert kind.missing
    assert any(note.startswith("v: missing values read as the mean") for note in data.notes)
    assert np.isnan(kind.encode([gap])).all()


def test_gaps_among_labels_are_labels() -> None:
    data = open_data({"v": ["+-."[row % 3] for row in range(60)], "y": LABELS[:60]}, target="y")
    assert data.preprocessing.columns["v"].facts == {"labels": ["+", "-", "."]}  # type: ignore[attr-defined]


def test_what_can_be_read_in_two_ways_is_refused_with_both_options(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("v;y\n" + "".join(f"{v * 1e4:,.0f};{y}\n" for v, y in zip(X, LABELS, strict=True)))
    with pytest.raises(
        DataError, match=r"row \d, column 'v': the values are numbers that can be read in two ways"
    ) as why:
        open_data(path, target="y", delimiter=";")
    for option, scale in (("thousands=,", 1e4), ("decimal=,", 10)):
        assert f"--data-set {option}" in str(why.value)
        data = open_data(path, target="y", delimiter=";", **values_of([option]))
        assert data.preprocessing.columns["v"].mean == pytest.approx(10 * scale, rel=0.1)  # type: ignore[attr-defined]
        kind = values_of([f"v={{number: {{{option.replace('=', ': ').replace(',', chr(34) + ',' + chr(34))}}}}}"])
        data = open_data(path, target="y", delimiter=";", kinds=kind)
        assert data.preprocessing.columns["v"].mean == pytest.approx(10 * scale, rel=0.1)  # type: ignore[attr-defined]


def test_a_few_words_among_numbers_in_a_notation_are_refused() -> None:
    words: list[Any] = [FORMS["comma"][0](v) for v in X]
    words[7] = "about 8"
    with pytest.raises(DataError, match=r"row 7, column 'v': nearly every value is a number once ',' as the decimal"):
        open_data({"v": words, "y": LABELS}, target="y")


def test_a_target_is_read_in_its_notation() -> None:
    data = open_data({"v": X, "y": [FORMS["german"][0](v) for v in X]}, target="y")
    assert isinstance(data.target, Number)
    assert data.target.mean == pytest.approx(1e4, rel=0.1)
    assert any("y: read as numbers with ',' as the decimal point" in note for note in data.notes)


def test_options_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("v;w\n1.234,5;void\n2,25;x\n")
    raw = read(tmp_path / "a.csv", delimiter=";", decimal=",", missing=["void"]).columns
    assert raw["v"].tolist() == ["1234.5", "2.25"]
    assert raw["w"].tolist() == [None, "x"]


MARKS = st.tuples(st.sampled_from(".,"), st.sampled_from(["", ",", ".", " ", "'"])).filter(lambda m: m[0] != m[1])


@given(st.integers(-(10**12), 10**12), st.integers(0, 4), MARKS, st.sampled_from(["", "$", "%", "€", "km"]))
@settings(deadline=None)
def test_what_is_written_in_a_notation_is_read_in_it(
    whole: int, digits: int, marks: tuple[str, str], unit: str
) -> None:
    value = whole / 10**digits
    text = f"{value:,.{digits}f}".replace(".", "D").replace(",", marks[1]).replace("D", marks[0])
    before = unit == "$"
    word = f"{unit}{text}" if before and value >= 0 else f"-{unit}{text[1:]}" if before else text + unit
    assert Notation(*marks, unit).read(word) == pytest.approx(value, rel=1e-15)


@given(st.text(max_size=12))
@settings(deadline=None)
def test_any_word_is_taken_apart_or_refused(word: str) -> None:
    try:
        sign, body, _ = parts(word)
    except ValueError:
        return
    assert sign in ("", "-", "+")
    assert any(mark.isdecimal() for mark in body)


@pytest.mark.parametrize("gap", ["unknown", "k.A.", "-9x", "<5"])
@pytest.mark.parametrize("typed", [True, False])
def test_words_for_a_missing_number_are_refused_with_the_option_that_reads_them_so(
    tmp_path: Path, gap: str, typed: bool
) -> None:
    values: list[Any] = [gap if row % 4 == 3 else float(v) for row, v in enumerate(X)]
    source: Any = {"v": [str(value) for value in values], "y": LABELS}
    if typed:
        source = tmp_path / "a.jsonl"
        source.write_text("\n".join(json.dumps({"v": v, "y": y}) for v, y in zip(values, LABELS, strict=True)))
    with pytest.raises(DataError, match=r"'v': 7\d % of the values is a number, but \d\d are not") as why:
        open_data(source, target="y")
    (option,) = re.findall(r"--kind ('v={number[^']*')", str(why.value))
    data = open_data(source, target="y", kinds=kinds_of(shlex.split(option)))
    kind = data.preprocessing.columns["v"]  # type: ignore[attr-defined]
    assert isinstance(kind, Number)
    assert kind.missing
    assert np.isnan(Number.from_state(json.loads(json.dumps(kind.state()))).encode([gap, "?"])).all()


def test_numbers_of_several_units_are_refused_by_name() -> None:
    words = [f"{v:.1f}{'kM'[row % 3 == 0]}" for row, v in enumerate(X)]
    with pytest.raises(DataError, match=r"'v': the values are numbers of several units: k \(\d+\), M \(\d+\)"):
        open_data({"v": words, "y": LABELS}, target="y")


@pytest.mark.parametrize("words", [[f"{row}{'abcdefgh'[row % 8]}" for row in range(300)],
                                   [f"{row}" if row % 2 else f"K{row}" for row in range(300)]])  # fmt: skip
def test_codes_are_no_numbers_of_several_units(words: list[str]) -> None:
    data = open_data({"v": words, "w": X, "y": LABELS}, target="y")
    assert "v" not in data.preprocessing.columns or not isinstance(data.preprocessing.columns["v"], Number)  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["{0}h {1}m", "{0}-{1}", "~{0}.{1}", "{0}/{1}", "≥ {0}.{1}"])
def test_labels_that_are_quantities_are_said(form: str) -> None:
    words = [form.format(row % 37, row % 60) for row in range(300)]
    notes = open_data({"v": words, "w": X, "y": LABELS}, target="y").notes
    assert any(note.startswith("v: ") and "order is lost" in note for note in notes)


@pytest.mark.parametrize("form", ["ID{0:03d}", "{0}a", "A-{0}", "street {0}", "{1}{0:02d}"])
def test_codes_are_no_quantities(form: str) -> None:
    words = [form.format(row % 37, "abcdefgh"[row % 7]) for row in range(300)]
    notes = open_data({"v": words, "w": X, "y": LABELS}, target="y", kinds={"v": "category"}).notes
    assert not any("order is lost" in note for note in notes)
