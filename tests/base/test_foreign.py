"""The gate: whatever a parser raises becomes an error of weftnet's own, with file and place."""

import ast
from pathlib import Path

import pytest

import weftnet
from weftnet.base.foreign import reading
from weftnet.errors import DamagedCheckpoint, DataError, WeftnetError

ROOT = Path(weftnet.__file__).parent


class PanicException(BaseException):
    """As Rust's extensions raise it."""


@pytest.mark.parametrize(
    "fault",
    [
        ValueError("odd"), RecursionError(), MemoryError(), UnboundLocalError("x"), OverflowError("1e999"),
        OSError(36, "long"), PanicException("index"), StopIteration(), AssertionError(),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "odd"),
    ],
    ids=lambda fault: type(fault).__name__,
)  # fmt: skip
def test_every_exception_becomes_an_error_with_its_place(fault: BaseException) -> None:
    with pytest.raises(DamagedCheckpoint) as raised, reading(Path("a.bin"), "is damaged", error=DamagedCheckpoint):
        raise fault
    assert str(raised.value).startswith("a.bin: is damaged\n  got: ")
    assert raised.value.__cause__ is fault


def test_the_place_may_change_while_it_is_read() -> None:
    place: list[int] = []

    def parse() -> None:
        with reading(lambda: f"a.csv: line {len(place)}"):
            place.extend((1, 2, 3))
            raise IndexError

    with pytest.raises(DataError, match=r"a.csv: line 3: can't be read"):
        parse()


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(3), WeftnetError("own")])
def test_ends_and_own_errors_pass(end: BaseException) -> None:
    with pytest.raises(type(end)) as raised, reading("x"):
        raise end
    assert raised.value is end


#: what opens or parses a file of somebody else's, by its last two names
PARSERS = {
    "json.loads", "json.load", "yaml.load", "np.load", "zipfile.ZipFile", "csv.reader", "safe_open",
    "Image.open", "expat.ParserCreate", "pickle.load", "pickle.loads", "torch.load", "parquet.ParquetFile",
    "parquet.read_schema",
}  # fmt: skip
#: modules that read only what this program wrote a moment ago, or the command line; and those of the server, which
#: answers a client's JSON with a status
OWN = {
    "train/parallel.py", "data/cache.py", "data/kinds/_tokenizers.py", "contract/entries/kind.py", "contract/_wires.py",
    "base/plain_yaml.py", "base/language.py",
    "contract/_task_settings.py", "tasks/_inference.py", "data/sharing.py",
    "base/lock.py", "cli/commands/grid_stages.py", "train/sharded_checkpoint.py",
    "serve/repository.py", "data/wires/_json.py",
}  # fmt: skip


def test_no_parser_is_called_outside_the_gate() -> None:
    """In its function or in its module, `reading` is entered; JSON of a client is refused with its own status."""
    outside = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
        parsed = [call for call in calls if call in PARSERS]
        if parsed and name not in OWN and not any(call in ("reading", "_reading") for call in calls):
            outside.append(f"{name}: {', '.join(parsed)}")
    assert not outside
