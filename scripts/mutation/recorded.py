"""Which tests run a function: every test file is run once as the code is, and what its tests run is kept.

    .mutation/tests/train/test_loop.py.jsonl    a line for each test, and one for what ran while the file was imported

A file is recorded when it is first asked for, and again when it has changed. A test that fails is no judge of a mutant.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mutation.children import outcome
from mutation.choosing import ROOT, files_of
from mutation.operators import Mutant

#: processor seconds of a file: tests that are not reached judge nothing
LONGEST = 25.0
#: test files in which the tests of a module are sought, and how many tests of a function are enough
FILES, ENOUGH = 6, 6
#: tests that read every signature, and so judge defaults
READERS = ROOT / "tests" / "cli" / "test_catalogue.py"
#: processor seconds and number of the tests that a mutant meets
SECONDS, TESTS = 15.0, 60
#: how many times as many of all these a mutant meets that survived
WIDER = 4


@dataclass(frozen=True)
class Test:
    """A test of the code as it is.

    Args:
        name: as pytest takes it; empty for what ran while the file was imported.
        seconds: of processor time.
        ran: `module::qualified name` of the functions.
        failed: without any change.
    """

    name: str
    seconds: float
    ran: frozenset[str]
    failed: bool


class Recorded:
    """What the tests run.

    Args:
        source: the folder that holds the package, as it is.
        folder: that keeps it.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        self.source, self.folder = source, folder
        self.known: dict[Path, list[Test]] = {}

    def of(self, file: Path) -> list[Test]:
        """The tests of a file; the first line is that of its import."""
        if file not in self.known:
            kept = self.folder / f"{file.relative_to(ROOT)}.jsonl"
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            if not kept.is_file() or not kept.read_text(encoding="utf-8").startswith(f"{digest}\n"):
                kept.parent.mkdir(parents=True, exist_ok=True)
                raw = kept.with_suffix(".new")
                ended = outcome([str(file.relative_to(ROOT))], self.source, LONGEST, root=ROOT, record=raw, every=True)
                lines = raw.read_text(encoding="utf-8") if raw.is_file() else ""
                if not lines:
                    raise RuntimeError(f"{file} could not be recorded: {ended}")
                kept.write_text(f"{digest}\n{lines}", encoding="utf-8")
                raw.unlink()
            self.known[file] = [_test(line) for line in kept.read_text(encoding="utf-8").splitlines()[1:]]
        return self.known[file]

    def judges(self, mutant: Mutant, wider: bool = False) -> list[Test]:
        """The tests that run the mutant's function, the quickest first, then those whose file runs it when imported; of
        a line outside functions, those that run anything of its module, or else those of the files that are nearest to
        it. `wider` seeks in more files."""
        times = WIDER if wider else 1
        key, module = f"{mutant.module}::{mutant.function}", f"{mutant.module}::"
        close: dict[str, Test] = {}
        importing: dict[str, Test] = {}
        far: dict[str, Test] = {}
        for number, file in enumerate(files_of(mutant.module)[: times * FILES]):
            imported, *tests = self.of(file) or [Test("", 0.0, frozenset(), True)]
            for test in (test for test in tests if not test.failed):
                if key in test.ran:
                    close[test.name] = test
                elif key in imported.ran:
                    importing[test.name] = test
                elif number < 2 or any(each.startswith(module) for each in test.ran):
                    far[test.name] = test
            if len(close) >= times * ENOUGH:
                break
        if mutant.default:
            close |= {test.name: test for test in self.of(READERS)[1:] if not test.failed}
        chosen: list[Test] = []
        for test in [*_quickest(close), *_quickest(importing)] or _quickest(far):
            if len(chosen) < times * TESTS and sum(each.seconds for each in chosen) + test.seconds <= times * SECONDS:
                chosen.append(test)
        return chosen

    def failing(self) -> list[str]:
        """The tests that fail without any change."""
        return sorted(test.name for tests in self.known.values() for test in tests if test.failed)


def _quickest(tests: Mapping[str, Test]) -> list[Test]:
    """The quickest first."""
    return sorted(tests.values(), key=lambda each: each.seconds)


def _test(line: str) -> Test:
    found = json.loads(line)
    return Test(found["test"], found["seconds"], frozenset(found["ran"]), found["failed"])
