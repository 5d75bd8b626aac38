"""Who opens what: the surest source, whoever brings it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from weftnet.data import open_data
from weftnet.data.sources import SOURCES, source_of
from weftnet.data.sources._place import Place
from weftnet.errors import DataError
from weftnet.plugins import load_plugin, unload

PLUGIN = '''
"""A file of one number a line, and all files that end in .csv."""
import numpy as np
from weftnet.data.content import Content, fingerprint

class Ones:
    ENDINGS = (".ones",)

    @staticmethod
    def opens(place):
        return place.ends_in((".ones", ".csv"))

    @staticmethod
    def read(path, *, times: int = 1):
        x = np.array([[float(line)] * times for line in path.read_text().split()])
        return Content("ones", str(path), {"x": x}, fingerprint({"x": x}))

ENTRIES = {"source": [Ones]}
'''


@pytest.fixture
def _plugin(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "mine.py").write_text(PLUGIN)
    load_plugin(tmp_path / "mine.py")
    yield
    unload("mine")


@pytest.mark.usefixtures("_plugin")
def test_a_plugin_opens_files_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "numbers.ones").write_text("\n".join(map(str, range(20))))
    data = open_data(tmp_path / "numbers.ones", times=3)
    (signal,) = data.signals.values()
    assert signal.sizes == (3,)
    assert sum(data.sizes.values()) == 20
    (tmp_path / "numbers.twos").write_text("2")
    with pytest.raises(DataError, match=r"end in \.twos are not supported\n.*\.ones.*\.csv"):
        open_data(tmp_path / "numbers.twos")


@pytest.mark.usefixtures("_plugin")
def test_two_equally_sure_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"two sources open it\n  got: ones and table, both as sure"):
        open_data(tmp_path / "numbers.csv")


def test_every_file_and_mapping_has_one_source(tmp_path: Path) -> None:
    for name in SOURCES:
        for ending in getattr(SOURCES.get(name), "ENDINGS", ()):
            for packing in ("", ".xz", ".gz"):
                path = tmp_path / f"file{ending}{packing}"
                path.write_text("")
                assert source_of(Place(str(path), path)) is SOURCES.get(name)
    assert source_of(Place("memory", Path("memory"), {"x": [1]})) is SOURCES.get("arrays")
    assert source_of(Place("memory", Path("memory"), {"age": [1]})) is SOURCES.get("table")
    assert source_of(Place("hub:a/b", Path("hub:a/b"))) is SOURCES.get("hub")
