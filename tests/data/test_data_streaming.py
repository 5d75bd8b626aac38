"""Sets larger than the memory allowed: the same data to the last bit, read chunk by chunk, kept on the disk."""

import errno
import io
import itertools
import json
import lzma
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyarrow import feather, parquet

from weftnet.base import cache_home
from weftnet.base.memory import free
from weftnet.data import KINDS, Data, cache, columns, memory, open_data
from weftnet.data.kinds._counting import counted
from weftnet.data.kinds._sample import Sample
from weftnet.data.kinds.image import Image as Image_
from weftnet.data.kinds.number import Number
from weftnet.errors import DataError, SettingError

LITTLE = "1MiB"


def same(first: Data, second: Data) -> None:
    """Every batch is the same to the last bit, in training and in order."""
    assert first.fingerprint == second.fingerprint
    assert first.state() == second.state()
    assert first.sizes == second.sizes
    pairs = [
        pair
        for split in first.sizes
        for pair in zip(first.batches(split, 300), second.batches(split, 300), strict=True)
    ] + [(first.train_batch(step, 64, 5), second.train_batch(step, 64, 5)) for step in (0, 1, 77)]
    for one, two in pairs:
        assert one.rows.equal(two.rows)
        for name in first.signals:
            assert one.inputs[name].numpy().tobytes() == two.inputs[name].numpy().tobytes()
            assert name not in one.masks or one.masks[name].equal(two.masks[name])
        assert one.targets.keys() == two.targets.keys()
        assert all(two.targets[name].equal(values) for name, values in one.targets.items())


def rows(count: int = 6000) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    words = np.array(["once", "upon", "a", "time,", "there", "was", '"me"', "and\nyou"])
    return [
        {
            "age": None if row % 10 == 3 else float(rng.normal()),
            "city": [None, "Rome", "Kyiv", "Köln"][row % 4],
            "story": f"{' '.join(rng.choice(words, 1 + row % 9))} {rng.integers(1 << 40)}",
            "y": "ab"[row % 2],
        }
        for row in range(count)
    ]


def as_csv(path: Path) -> Path:
    import csv

    with (path / "a.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["age", "city", "story", "y"])
        writer.writeheader()
        writer.writerows(rows())
    return path / "a.csv"


def as_old_csv(path: Path) -> Path:
    text = as_csv(path).read_text(encoding="utf-8")
    (path / "old.csv.xz").write_bytes(lzma.compress(text.encode("cp1252"), preset=0))
    return path / "old.csv.xz"


def as_lines(path: Path) -> Path:
    kept = [{name: value for name, value in row.items() if value is not None or name == "city"} for row in rows()]
    (path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in kept))
    return path / "a.jsonl"


def as_parquet(path: Path) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows()), path / "a.parquet", row_group_size=2500)
    return path / "a.parquet"


def as_feather(path: Path) -> Path:
    feather.write_feather(pa.Table.from_pylist(rows()), path / "a.feather", compression="zstd", chunksize=3000)
    return path / "a.feather"


def as_folder(path: Path) -> Path:
    for split, start, end in (("train", 0, 4000), ("test", 4000, 6000)):
        parquet.write_table(pa.Table.from_pylist(rows()[start:end]), path / f"{split}-0.parquet")
    return path


FORMS: list[Callable[[Path], Path]] = [as_csv, as_old_csv, as_lines, as_parquet, as_feather, as_folder]


@pytest.mark.parametrize("form", FORMS)
def test_tables_are_the_same_data(tmp_path: Path, form: Callable[[Path], Path]) -> None:
    """Numbers with gaps, categories, texts: fitted and encoded the same, however the rows are read."""
    path, options = form(tmp_path), {"encoding": "cp1252"} if form is as_old_csv else {}
    kinds = {"story": "text", "age": {"number": {"bins": 5}}}
    arguments: dict[str, Any] = {"target": "y", "kinds": kinds, **options}
    whole = open_data(path, **arguments)
    for _ in range(2):  # encoded, then read from the cache
        streamed = open_data(path, memory=LITTLE, **arguments)
        assert any("larger than memory: encoded once to disk" in note for note in streamed.notes)
        same(whole, streamed)
    some = np.array([5000, 3, 77])
    expected, got = whole.raw(some), streamed.raw(some)  # type: ignore[attr-defined]
    assert {name: repr(values.tolist()) for name, values in expected.items()} == {
        name: repr(values.tolist()) for name, values in got.items()
    }  # as it is written: a missing number equals none
    again = open_data(path, state=json.loads(json.dumps(whole.state())), memory="2MiB")
    same(whole, again)


def test_a_number_target_and_missing_whole_numbers(tmp_path: Path) -> None:
    table = {"n": pa.array([None if row % 7 == 6 else row for row in range(9000)]), "y": np.arange(9000) / 7,
             "pad": ["x" * 100] * 9000}  # fmt: skip
    parquet.write_table(pa.table(table), tmp_path / "a.parquet", use_dictionary=False, compression="none")
    same(open_data(tmp_path / "a.parquet", target="y"), open_data(tmp_path / "a.parquet", target="y", memory="2MiB"))


def picture(row: int) -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(row).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def test_images_are_the_same_data(tmp_path: Path) -> None:
    table = {"image": [picture(row % 50) for row in range(1500)], "y": [row % 3 for row in range(1500)]}
    parquet.write_table(pa.table(table), tmp_path / "a.parquet", use_dictionary=False)
    same(open_data(tmp_path / "a.parquet", target="y"), open_data(tmp_path / "a.parquet", target="y", memory=LITTLE))


def test_folders_of_images_are_encoded_to_the_disk(tmp_path: Path) -> None:
    for row in range(300):
        file = tmp_path / "photos" / "ab"[row % 2] / f"{row}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(row).integers(0, 256, (20, 18, 3), dtype=np.uint8)).save(file)
    whole, streamed = open_data(tmp_path / "photos"), open_data(tmp_path / "photos", memory=LITTLE)
    assert not any("encoded once to disk" in note for note in whole.notes)
    assert any("encoded once to disk" in note for note in streamed.notes)
    same(whole, streamed)


@pytest.mark.parametrize("kind", ["images", "vectors", "series", "several numbers as target"])
@pytest.mark.parametrize("form", ["npz", "npz.xz", "folder"])
def test_arrays_are_the_same_data(tmp_path: Path, kind: str, form: str) -> None:
    rng = np.random.default_rng(0)
    shapes = {"images": (12, 11, 3), "vectors": (40,), "series": (20, 6), "several numbers as target": (40,)}
    x = rng.normal(3, 2, (1200, *shapes[kind])).astype(np.float32)
    x = (x * 20).astype(np.uint8) if kind == "images" else x
    y = rng.normal(size=(1200, 3)) if kind.startswith("several") else np.arange(1200) % 3
    splits = {"x_train": x[:900], "y_train": y[:900], "x_test": x[900:], "y_test": np.asfortranarray(y[900:])}
    if form == "folder":
        for name, array in splits.items():
            np.save(tmp_path / f"{name}.npy", array)
        path = tmp_path
    else:
        np.savez_compressed(tmp_path / "a.npz", **splits)
        path = tmp_path / f"a.{form}"
        if form == "npz.xz":
            path.write_bytes(lzma.compress((tmp_path / "a.npz").read_bytes(), preset=0))
    kinds = {"x": "series"} if kind == "series" else None
    streamed = open_data(path, memory=LITTLE, kinds=kinds)
    same(open_data(path, kinds=kinds), streamed)


@pytest.mark.parametrize(
    "spec", ["image", {"image": {"range": "signed"}}, {"image": {"range": "unit", "size": [9, 8]}}]
)
@pytest.mark.parametrize("form", ["grey", "channels last", "channels first", "floats", "files"])
def test_images_lie_on_the_disk_as_bytes(tmp_path: Path, form: str, spec: Any) -> None:
    """A byte for each value, where they were bytes; encoded they are those in memory, to the last bit."""
    rng = np.random.default_rng(0)
    shape = {"grey": (21, 20), "channels last": (21, 20, 3), "channels first": (3, 21, 20), "floats": (21, 20)}
    x: Any = rng.integers(0, 200, (1500, *shape.get(form, (21, 20, 3))), dtype=np.uint8)
    if form == "files":
        cells = []
        for pixels in x:
            Image.fromarray(pixels).save(file := io.BytesIO(), "PNG")
            cells.append(file.getvalue())
        path = tmp_path / "a.parquet"
        parquet.write_table(pa.table({"x": cells, "y": np.arange(1500) % 2}), path)
    else:
        if not isinstance(spec, str) and "size" in spec["image"]:
            spec = {"image": {"range": "unit"}}  # arrays are of one size
        path = tmp_path / "a.npz"
        np.savez(path, x=x / np.float32(7) if form == "floats" else x, y=np.arange(1500) % 2)
    whole, streamed = (open_data(path, target="y", kinds={"x": spec}, memory=each) for each in (None, LITTLE))
    assert (whole.lazy, streamed.lazy) == (False, True)
    same(whole, streamed)
    kept = np.load(entry(cache.home()) / "input-0.npy", mmap_mode="r")
    assert kept.dtype == (np.float32 if form == "floats" else np.uint8)
    kind: Any = whole.preprocessing.columns["x"]  # type: ignore[attr-defined]
    values: Any = cells[:20] if form == "files" else np.load(path)["x"][:20]
    assert kind.packs(values) == (form != "floats")
    if form != "floats":
        assert kind.unpack(kind.pack(values)).tobytes() == kind.encode(values).tobytes()


def test_files_for_a_network_of_arrays_stay_floats() -> None:
    """Black … white are then what 0 and white are in the arrays: no whole numbers."""
    arrays = np.random.default_rng(0).integers(0, 17, (30, 8, 8), dtype=np.uint8)
    kind = Image_().fit(arrays)
    Image.fromarray(arrays[0]).save(file := io.BytesIO(), "PNG")
    assert not kind.packs([file.getvalue()])
    assert kind.packs(arrays)


def no_encoding(*arguments: Any) -> None:
    raise AssertionError("a batch was encoded anew")


@pytest.mark.parametrize("context", [None, 20])
def test_in_memory_batches_are_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: int | None) -> None:
    """Of every kind at once: nothing is encoded after the opening, and no example by itself."""
    rng = np.random.default_rng(0)
    if context is None:
        tables = rows(300)
        for row, each in enumerate(tables):
            Image.fromarray(rng.integers(0, 255, (9, 9), dtype=np.uint8)).save(file := io.BytesIO(), "PNG")
            each |= {"photo": file.getvalue(), "curve": rng.normal(size=(7, 2)).tolist(), "point": [float(row), 1.0]}
        parquet.write_table(pa.Table.from_pylist(tables), tmp_path / "a.parquet")
        data = open_data(tmp_path / "a.parquet", target="y", kinds={"story": "text"})
        assert {signal.kind for signal in data.signals.values()} == {"vector", "tokens", "image", "series"}
    else:
        series = "\n".join(["a,b", *(f"{a},{b}" for a, b in rng.normal(size=(600, 2)))])
        (tmp_path / "a.csv").write_text(series)
        data = open_data(tmp_path / "a.csv", horizon=4, context=context)
    assert not data.lazy
    for kind in KINDS.names():
        for verb in ("encode", "features", "unpack", "whole"):
            if hasattr(KINDS.get(kind), verb):
                monkeypatch.setattr(KINDS.get(kind), verb, no_encoding)
    for batch in (data.train_batch(1, 32, 0), *data.batches("validation", 32)):
        assert len({len(values) for values in (*batch.inputs.values(), *batch.masks.values(), batch.rows)}) == 1


def test_faults_are_named_as_in_memory(tmp_path: Path) -> None:
    """The same words, with file, row and column, whether a table is read whole or in chunks."""
    lines = ["n,word,y", *(f"{row / 3:.6f},{'word ' * 20},{row % 2}" for row in range(3000))]
    faults: dict[str, tuple[int, str]] = {
        "row 2502": (2501, f"1,2,3,{'word ' * 20}"),
        "line 1801": (1800, "\udcff,2,1"),
        "row 2002, column 'n'": (2001, f"seven,{'word ' * 20},1"),
        "row 2702, column 'n'": (2701, f"inf,{'word ' * 20},1"),
        "row 1902, column 'y'": (1901, f"1,{'word ' * 20},"),
    }
    for place, (row, line) in faults.items():
        changed = [*lines[:row], line, *lines[row + 1 :]]
        path = tmp_path / "bad.csv"
        path.write_text("\n".join(changed), encoding="utf-8", errors="surrogateescape")
        errors = []
        for allowed in (None, LITTLE):
            with pytest.raises(DataError) as fault:
                open_data(path, target="y", memory=allowed)
            errors.append(str(fault.value))
        assert errors[0] == errors[1]
        assert f"{path}: {place}" in errors[0]
    assert not list(cache.home().glob(".weftnet-new-*"))  # nothing is left behind


def entry(home: Path) -> Path:
    (entry,) = [path for path in home.iterdir() if (path / "entry.json").exists()]
    return entry


@pytest.mark.slow
def test_a_damaged_entry_is_made_anew(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    whole, first = open_data(path, target="y"), open_data(path, target="y", memory="2MiB")
    kept = entry(cache.home())
    written = (kept / "input-0.npy").read_bytes()
    for damaged in (written[:-1], written[:-1] + bytes([written[-1] ^ 1]), b""):
        (kept / "input-0.npy").write_bytes(damaged)
        again = open_data(path, target="y", memory="2MiB")
        assert any("damaged and are encoded again" in note for note in again.notes)
        same(whole, again)
    (kept / "entry.json").write_text("{}")
    same(whole, open_data(path, target="y", memory="2MiB"))
    assert first.state() == whole.state()


def test_an_entry_holds_for_its_content_and_settings_only(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    first = open_data(path, target="y", memory="2MiB")
    other = open_data(path, target="y", memory="2MiB", seed=1)
    assert not first.rows("test").equal(other.rows("test"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Rome", "Roma"), encoding="utf-8")
    changed = open_data(path, target="y", memory="2MiB")
    assert changed.fingerprint != first.fingerprint
    assert len([kept for kept in cache.home().iterdir() if (kept / "entry.json").exists()]) == 3


def _fingerprint(path: str) -> str:
    return open_data(path, target="y", memory="2MiB").fingerprint


def test_two_processes_write_one_entry(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        fingerprints = pool.map(_fingerprint, [str(path)] * 2)
    assert fingerprints[0] == fingerprints[1]
    entry(cache.home())


def test_amounts_of_memory(tmp_path: Path) -> None:
    assert memory.memory_of("256MiB") == memory.memory_of(256 * 2**20) == 2**28
    assert 2**20 <= memory.memory_of(None) <= free()
    for wrong in ("much", "5 apples", "-1", True, 1.5, "10"):
        with pytest.raises(SettingError, match="memory"):
            memory.memory_of(wrong)  # type: ignore[arg-type]
    (tmp_path / "a.csv").write_text("n,y\n" + "1,2\n3,4\n" * 30000)
    with pytest.raises(DataError, match=r"60000 rows need more memory than allowed"):
        open_data(tmp_path / "a.csv", target="y", memory=LITTLE)
    (tmp_path / "a.txt").write_text("long " * 100000)
    with pytest.raises(DataError, match="this sort is read as a whole"):
        open_data(tmp_path / "a.txt", memory=LITTLE)


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        (errno.EROFS, "mkdtemp"),
        (errno.ENOSPC, "write_array"),
        pytest.param(errno.EACCES, "mkdtemp", marks=pytest.mark.slow),
        pytest.param(errno.ENOSPC, "mkdtemp", marks=pytest.mark.slow),
        pytest.param(errno.EACCES, "write_array", marks=pytest.mark.slow),
    ],
)
def test_a_cache_that_cant_be_written_is_no_error(
    fault: int, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The rows lie with the temporary files then, which is said once."""
    own, (module, name) = cache.home(), {"mkdtemp": (tempfile, "mkdtemp"), "write_array": (cache, "write_array")}[where]
    whole = getattr(module, name)

    def refused(*arguments: Any) -> Any:
        if any(str(each).startswith(str(own)) for each in arguments):
            raise OSError(fault, os.strerror(fault))
        return whole(*arguments)

    place = as_csv(tmp_path)
    want = open_data(place, target="y")
    monkeypatch.setattr(cache, "_instead", [])
    monkeypatch.setattr(cache_home, "_said", set())
    monkeypatch.setattr(module, name, refused)
    monkeypatch.setattr(cache, "_device", lambda path: path.name)  # another disk
    for _ in range(2):
        same(open_data(place, target="y", memory=LITTLE), want)
    assert [record.message for record in caplog.records if "encoded data can't be kept" in record.message] == [
        f"encoded data can't be kept in {own.parent}: {os.strerror(fault)}; "
        "they lie with the temporary files and are encoded again"
    ]


def test_a_full_disk_is_an_error_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": 1000})())
    with pytest.raises(DataError, match=r"too little space(.|\n)*XDG_CACHE_HOME"):
        open_data(as_csv(tmp_path), target="y", memory="2MiB")


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 7), st.sets(st.integers(0, 40)))
def test_blocks(lengths: list[int], size: int, chosen: set[int]) -> None:
    ends = np.cumsum([0, *lengths])
    values = np.arange(ends[-1])
    blocks = [values[start:end] for start, end in itertools.pairwise(ends)]
    rows = np.array(sorted(row for row in chosen if row < len(values)), np.int64)
    got = list(columns.reblocked(columns.selected(blocks, rows), size))
    assert [value for block in got for value in block] == rows.tolist()
    assert all(len(block) == size for block in got[:-1])


@settings(max_examples=30)
@given(st.integers(1, 3000), st.integers(1, 500), st.integers(0, 6))
def test_statistics_do_not_depend_on_the_chunks(count: int, size: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(5, 3, count)
    values[:: 1 + seed] = np.nan
    chunks = [values[start : start + size] for start in range(0, count, size)]
    assert Number(bins=4).fit(values).state() == Number(bins=4).fit_chunks(chunks).state()


def test_samples_and_counts_of_very_many() -> None:
    sample, other = Sample(100), Sample(100)
    values = np.arange(10000.0)
    sample.add(values)
    for start in range(0, 10000, 77):
        other.add(values[start : start + 77])
    assert sorted(sample.values) == sorted(other.values)
    assert abs(sample.values.mean() - 5000) < 1500
    chunks = [["often"] * 5 + [f"rare {chunk} {number}" for number in range(50)] for chunk in range(20)]
    counts = counted(chunks, distinct=100)
    assert counts["often"] == 100
    assert len(counts) <= 200


SCRIPT = """
import os, resource, sys
import pyarrow
pyarrow.set_cpu_count(1); pyarrow.set_io_thread_count(1)
import torch
from torch import nn
torch.set_num_threads(1)
from weftnet.errors import DataError
from weftnet.data import open_data

def trained(path, memory, cache):
    os.environ["XDG_CACHE_HOME"] = os.path.join(sys.argv[1], cache)
    data = open_data(path, target="y", memory=memory)
    torch.manual_seed(0)
    model = nn.Linear(data.signals["table"].numel, 2)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(5):
        batch = data.train_batch(step, 64, 0)
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(batch.inputs["table"]), batch.target).backward()
        optimiser.step()
    with torch.no_grad():
        right = sum(int((model(x.inputs["table"]).argmax(1) == x.target).sum()) for x in data.batches("test", 256))
    return data.sizes, right, [value.tolist() for value in model.parameters()]

small, large, memory, room = sys.argv[2:6]
trained(small, "1MiB", "small")  # what the libraries take once, threads and all
held = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (held + int(room), resource.RLIM_INFINITY))
streamed = trained(large, memory, "streamed")
print("streamed", streamed[0])
if not sys.argv[6:]:
    sys.exit()
try:
    trained(large, "100GiB", "whole")
except DataError as error:
    print("whole:", type(error.__cause__).__name__)
resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print("the same" if trained(large, "100GiB", "free") == streamed else "another result")
"""


@pytest.mark.parametrize(
    ("rows", "memory", "room", "then"),
    [
        pytest.param(8000, "1MiB", 6, [], marks=pytest.mark.slow),
        pytest.param(8000, "1MiB", 6, ["whole"], marks=pytest.mark.slow),
        pytest.param(40000, "6MiB", 12, ["whole"], marks=pytest.mark.slow),
    ],
    ids=["8 MB in 6", "8 MB in 6, then whole", "40 MB in 12, then whole"],
)
def test_a_set_larger_than_the_memory_there_is(
    tmp_path: Path, rows: int, memory: str, room: int, then: list[str]
) -> None:
    """Trained and evaluated in less memory than the file has bytes; read whole it does not fit, until it may."""
    numbers, large, small = 10, tmp_path / "large.csv", tmp_path / "small.csv"
    block = np.random.default_rng(0).normal(size=(500, numbers))
    lines = "\n".join(",".join(f"{value:.98f}" for value in row) + f",{row_number % 2}"
                      for row_number, row in enumerate(block))  # fmt: skip
    header = ",".join(f"n{number}" for number in range(numbers)) + ",y"
    large.write_text("\n".join([header, *[lines] * (rows // 500)]))
    small.write_text("n,word,y\n" + "".join(f"{row / 7:.9f},{'long ' * 30},{row % 2}\n" for row in range(1000)))
    assert large.stat().st_size > room * 2**20
    # freed memory goes back at once, so that what is counted is what is used
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, "-c", SCRIPT, tmp_path, small, large, memory, str(room * 2**20), *then]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    printed = done.stdout.splitlines()
    assert printed[0].startswith(f"streamed {{'train': {rows * 7 // 10}, ")
    assert printed[1:] == (["whole: MemoryError", "the same"] if then else [])
