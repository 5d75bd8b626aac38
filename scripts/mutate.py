"""Change the code by one small mistake at a time, and see whether a test notices.

    python scripts/mutate.py --count 300

Mutants are drawn by a seed from all packages, of each about as many as it has lines. Tests that run the changed
function judge a mutant: which do is recorded by running their files once without a change (`.mutation/`); what fails
there is named and judges nothing. Each mutant is tried in a child of its own with a limit of processor time that
follows from the tests' times. It is

    killed       a test fails, or the process ends; an entry of a registry also meets the tests of its contract. At
                 the end every test that killed one is run without a change
    timeout      the limit is reached, which may be an endless loop; it doesn't count as killed
    survived     all tests pass
    untested     no test was found that runs anything near
    equivalent   a survivor that no test could notice, by scripts/equivalent_mutants.txt

Results are kept in NAME.json after each, so that a second call goes on; --again tries those anew that were not killed,
with tests of more files.
NAME.md is the table. Exit status 1: a test fails without a change.
"""

import argparse
import compileall
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mutation.children import outcome, warm
from mutation.choosing import ROOT, SOURCE, drawn
from mutation.operators import Mutant
from mutation.recorded import Recorded
from mutation.table import markdown, reasons

#: how many times the tests' own processor time a mutant may take
PATIENCE = 4
#: the tests of every entry of a registry, followed by what names one of them; the processor time they may take
CONTRACTS, CONTRACT_SECONDS = ("tests/contract/test_every_entry.py", "-k"), 60.0


def entry_of(module: str) -> str:
    """The name of the registry's entry that a module may be: its own, or that of the folder whose facet it is."""
    path = SOURCE / module
    facet = len(list(path.parent.parent.glob(f"*/{path.name}"))) > 1
    return path.parent.name if facet else path.stem


class Trial:
    """A copy of the package in which one mutant after another lives.

    Args:
        folder: for the copy; the code as it is lies beside it.
        kept: what is known of the tests.
    """

    def __init__(self, folder: Path, kept: Path) -> None:
        self.plain, self.changed = folder / "plain", folder / "changed"
        shutil.copytree(ROOT / "src", self.plain, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        compileall.compile_dir(self.plain, quiet=2)
        shutil.copytree(self.plain, self.changed)
        self.recorded = Recorded(self.plain, kept)

    def of(self, mutant: Mutant, wider: bool = False) -> dict[str, Any]:
        """What became of a mutant, with the test that killed it; `wider` has more tests judge it."""
        judges = self.recorded.judges(mutant, wider)
        result = {**asdict(mutant), "end": "untested", "by": "", "tests": len(judges), "seconds": 0.0}
        if not judges:
            return result
        text = (self.plain / "weftnet" / mutant.module).read_text(encoding="utf-8")
        names = [test.name for test in judges]
        limit = PATIENCE * sum(test.seconds for test in judges)
        self._write(mutant.module, mutant.applied(text))
        ended = outcome(names, self.changed, limit, root=ROOT)
        if ended.how == "missing":  # other parameters, other names
            files = sorted({name.split("::")[0] for name in names})
            ended = outcome(files, self.changed, 2 * limit, root=ROOT)
        if ended.how == "passed":  # the contract of an entry takes too long to be recorded
            ended = outcome([*CONTRACTS, entry_of(mutant.module)], self.changed, CONTRACT_SECONDS, root=ROOT)
        self._write(mutant.module, text)
        end = {"passed": "survived", "timeout": "timeout"}.get(ended.how, "killed")
        return {**result, "end": end, "by": (*ended.tests, "")[0], "seconds": round(ended.seconds, 1)}

    def _write(self, module: str, text: str) -> None:
        """Write a module, and forget what was compiled of it: the time of a file doesn't tell two of a second apart."""
        path = self.changed / "weftnet" / module
        path.write_text(text, encoding="utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
            compiled.unlink()

    def wrong_judges(self, names: Iterable[str]) -> list[str]:
        """Which tests fail without a change, run together."""
        wrong: list[str] = []
        names = sorted(set(names))
        for start in range(0, len(names), 100):
            ended = outcome(names[start : start + 100], self.plain, 300.0, root=ROOT, every=True)
            if ended.how not in ("passed", "failed"):
                raise RuntimeError(f"tests without a change: {ended}")
            wrong += ended.tests
        return wrong


def main() -> int:
    """Try the mutants that are left, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="about how many mutants (300)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (0)")
    parser.add_argument("--only", nargs="+", default=[""], metavar="PART", help="parts of modules' paths")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no mutant after that")
    parser.add_argument("--again", action="store_true", help="try anew what was not killed, with more tests")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "mutation", metavar="NAME")
    parser.add_argument("--kept", type=Path, default=ROOT / ".mutation", help="what is known of the tests")
    args = parser.parse_args()
    end, file = time.monotonic() + 60 * args.minutes, args.out.with_suffix(".json")
    kept = json.loads(file.read_text(encoding="utf-8"))["results"] if file.is_file() else []
    results = {(each["module"], each["old"], each["new"]): each for each in kept}
    left = _not_killed(kept) if args.again else drawn(args.count, args.seed, args.only)
    warm()
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        trial = Trial(Path(folder), args.kept)
        for mutant in left:
            if time.monotonic() > end:
                break
            if args.again or mutant.change not in results:
                found = results[mutant.change] = trial.of(mutant, args.again)
                print(f"{len(results):4} {found['end']:9} {mutant.module}:{mutant.line} {mutant.new}", flush=True)
                _write(args.out, results.values())
        wrong = trial.wrong_judges(each["by"] for each in results.values() if each["by"])
        failing = sorted({*wrong, *trial.recorded.failing()})
    for change in [change for change, each in results.items() if each["by"] in wrong]:
        del results[change]
    _write(args.out, results.values())
    print(*(f"fails without a change: {name}" for name in failing), sep="\n")
    return 1 if failing else 0


def _not_killed(results: Iterable[dict[str, Any]]) -> list[Mutant]:
    """The mutants that were not killed and are still there, where they are now."""
    found = []
    for each in results:
        path = SOURCE / each["module"]
        if each["end"] != "killed" and path.is_file():
            mutant = Mutant(**{name: each[name] for name in Mutant.__annotations__})
            found.append(mutant.placed(path.read_text(encoding="utf-8")))
    return [mutant for mutant in found if mutant is not None]


def _write(out: Path, results: Iterable[dict[str, Any]]) -> None:
    """Results and table."""
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    facts = {"date": datetime.date.today().isoformat(), "commit": git.stdout.strip(), "results": list(results)}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    head = f"# Small mistakes, and whether a test notices\n\n`make mutate` on {facts['date']}, {facts['commit']}.\n\n"
    out.with_suffix(".md").write_text(head + markdown(facts["results"], reasons()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
