"""Quotes in tables: none swallows rows in silence, whole or in pieces; values of several lines are read."""

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.data import open_data
from weftnet.data.quotes import StrayQuotes
from weftnet.data.sources.table import read
from weftnet.errors import DataError


def messages(path: Path, stray: tuple[int, ...], name: str = "sms.tsv") -> Path:
    random.seed(0)
    mark = "\t" if name.endswith(".tsv") else ","
    with (path / name).open("w") as file:
        file.write(f"label{mark}text\n")
        for row in range(300):
            words = ["good", "fine"] if row % 2 else ["bad", "poor"]
            text = " ".join(random.choices(words, k=2) + random.choices(["slow", "warm", "cold"], k=4))
            file.write(f"{'ham' if row % 2 else 'spam'}{mark}{chr(34) * (row in stray)}{text}\n")
    return path / name


@pytest.mark.parametrize("name", ["sms.tsv", "sms.csv"])
@pytest.mark.parametrize(("stray", "lines"), [((50, 120), 71), ((50, 51), 2), ((50,), 250), ((298, 299), 2)])
@pytest.mark.parametrize("memory", [None, "1MiB"])
def test_a_stray_quote_is_refused_with_its_line(
    tmp_path: Path, name: str, stray: tuple[int, ...], lines: int, memory: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("weftnet.data.sources.table.WEIGHT", 10 if memory is None else 1000)
    path = messages(tmp_path, stray, name)
    with pytest.raises(DataError, match=rf"line {stray[0] + 2}: a value in quotes runs over {lines} lines") as fault:
        open_data(path, target="label", memory=memory)
    assert "--data-set quote=none" in str(fault.value)
    data = open_data(path, target="label", memory=memory, quote="none")
    assert sum(data.sizes.values()) == 300
    column = read(path, quote="none").columns["text"]
    assert [row for row, text in enumerate(column) if text.startswith('"')] == list(stray)


def test_a_single_quote_as_the_mark(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n'x, \"y',1\n'p\nq',2\n")
    assert read(tmp_path / "a.csv", quote="single").columns["a"].tolist() == ['x, "y', "p\nq"]


def test_a_value_of_lines_that_look_like_rows_is_read_if_it_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n"x\ny,z\nw",1\n"u",2\n')
    with pytest.raises(DataError, match="line 2: a value in quotes runs over 3 lines"):
        read(tmp_path / "a.csv")
    assert read(tmp_path / "a.csv", quote="double").columns["a"].tolist() == ["x\ny,z\nw", "u"]


def test_an_empty_line_is_a_row_of_a_single_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n\n3\n")
    assert read(tmp_path / "a.csv").columns["a"].tolist() == ["1", None, "3"]


PARTS = st.text('ab, "\n', max_size=8)


@given(st.lists(st.tuples(PARTS, PARTS, PARTS), min_size=1, max_size=6), st.sampled_from(",;\t"), st.integers(1, 20))
@settings(deadline=None)
def test_whatever_a_writer_quotes_is_no_stray_unless_it_looks_like_rows(
    rows: list[tuple[str, str, str]], mark: str, size: int
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=mark, lineterminator="\n").writerows(rows)
    raw = text.getvalue().encode()

    def verdict(pieces: list[bytes]) -> str:
        quotes = StrayQuotes(mark, 3, "a.csv", None)
        try:
            for place, piece in enumerate(pieces):
                quotes.look(piece, last=place == len(pieces) - 1)
        except DataError as fault:
            return str(fault)
        return ""

    inner = [cell.replace('"', '""').split("\n")[1:-1] for row in rows for cell in row]
    like_rows = any(
        lines and all(line.count(mark) == 2 and mark + " " not in line for line in lines) for lines in inner
    )
    assert bool(whole := verdict([raw])) == like_rows
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert verdict([*pieces, b""]) == whole


def test_values_of_several_lines_are_counted_in_a_note(tmp_path: Path) -> None:
    rows = "".join(f'"good\nday",{n}\n' for n in range(40))
    (tmp_path / "a.csv").write_text("a,b\n" + rows)
    (note,) = [note for note in open_data(tmp_path / "a.csv", target="b").notes if "in quotes" in note]
    assert note.startswith("40 values in quotes of more than one line, first in line 2; ")


def test_two_lines_of_a_table_of_tabs_are_rows(tmp_path: Path) -> None:
    lines = [f"{'ab'[n % 2]}\tgood day {n}" for n in range(40)]
    lines[7], lines[8] = lines[7].replace("good", '"good'), lines[8] + '"'
    (tmp_path / "a.tsv").write_text("\n".join(["y\tx", *lines]) + "\n")
    with pytest.raises(DataError, match="line 9: a value in quotes runs over 2 lines"):
        open_data(tmp_path / "a.tsv", target="y")
