"""Kill every command at random moments and call it again: `python scripts/kills.py --count 5 --tasks regression`.

    stage      what was being done when the kill came: data, plan, training, conclusion; or the command itself
    late       the command had ended before the kill came
    equal      the call again (of a run that was begun: `resume`) left the bits of a run that wasn't killed
    redone     it left a result that is whole, of which no two need be the same: an export, a page, a compression
    different  other weights                         lost  the second call failed, or its result is damaged
    litter     something of the killed call remains; it is counted besides

Each call is a process forked from this one, where torch and weftnet are imported already, so that a kill hits the work
and not the imports. `--workers 2` starts real processes; there the launcher alone is killed. Exit status 1 if anything
was lost, different or left behind.
"""

import argparse
import json
import os
import pkgutil
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

import weftnet
from weftnet.answer.manifest import Manifest
from weftnet.architecture.reading import from_dict
from weftnet.architecture.spec import to_yaml
from weftnet.base.files import read_json, sha256
from weftnet.cli import main
from weftnet.errors import WeftnetError
from weftnet.run.folder import Run
from weftnet.tasks import EXAMPLES
from weftnet.tasks._example import Example

#: commands on a run that is there, and what each leaves in its folder
ON_A_RUN = ("export", "compress", "report", "calibrate")
OUTCOMES = ("late", "equal", "redone", "different", "lost", "litter")
_LONGEST = 600


@dataclass(frozen=True)
class Case:
    """A command, and how its result is judged.

    Args:
        stage: the name of the row.
        command: its words.
        again: the words of the second call, for the folder as the kill left it.
        judge: the outcome, once the second call has ended well.
    """

    stage: Callable[[], str]
    command: Sequence[str]
    again: Callable[[], Sequence[str]]
    judge: Callable[[], str]


def call(words: Sequence[str], folder: Path, kill_after: float | None = None) -> tuple[int, float]:
    """Run a command in a process of its own; its status and its seconds. A kill is status −9."""
    began = time.monotonic()
    process = os.fork()
    if not process:
        _child(words, folder)
    deadline = began + (_LONGEST if kill_after is None else kill_after)
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), time.monotonic() - began
        if time.monotonic() >= deadline:
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            return os.waitstatus_to_exitcode(status), time.monotonic() - began
        time.sleep(0.001)


def _child(words: Sequence[str], folder: Path) -> None:
    """The command, in the forked process, which it ends."""
    code = 1
    try:
        os.chdir(folder)
        log = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.argv = ["weftnet", *words]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


class Place:
    """A folder with a task's example and a run that was not killed.

    Args:
        task: its name.
        workers: processes that train together.
        folder: to work in.
    """

    def __init__(self, task: str, workers: int, folder: Path) -> None:
        self.task, self.workers, self.folder = task, workers, folder
        (folder / "data").mkdir(parents=True)
        self.example: Example = EXAMPLES.get(task)(folder / "data")
        (folder / "net.yaml").write_text(to_yaml(from_dict(self.example.architecture)), encoding="utf-8")
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        status, self.seconds = call(self.fit("whole"), folder)
        if status:
            raise SystemExit(f"{task} can't be trained:\n{(folder / 'log.txt').read_text()[-2000:]}")
        self.whole = folder / "whole" / "net-seed0"

    def fit(self, out: str) -> list[str]:
        """The words of a training."""
        example = self.example
        recipe = {**example.recipe, "checkpoint_every": 0.05}
        words = ["fit", str(example.source), "--arch", "net.yaml", "--task", self.task, "--out", out, "--replace"]
        words += ["--plan", "eager", "--steps", str(recipe.pop("steps"))]
        words += [f"--set={name}={json.dumps(value)}" for name, value in recipe.items()]
        words += [f"--task-set={name}={json.dumps(value)}" for name, value in example.settings.items()]
        for name, value in example.options.items():
            if name == "target":
                words += ["--target", str(value)]
            elif name == "kinds":
                words += [f"--kind={column}={json.dumps(kind)}" for column, kind in value.items()]
            else:
                words += [f"--data-set={name}={json.dumps(value)}"]
        return [*words, *(["--workers", str(self.workers)] if self.workers > 1 else ["--jobs", "1"])]

    def training(self) -> Case:
        """A training: killed in whatever stage, resumed if it was begun."""
        run = self.folder / "killed" / "net-seed0"

        def status() -> str:
            return Run.open(run).status if (run / "run.json").is_file() else ""

        def stage() -> str:
            if not status():
                return "data"
            if status() == "finished":
                return "conclusion"
            return "training" if Run.open(run).steps else "plan"

        def again() -> list[str]:
            if not status():
                return self.fit("killed")
            together = ["--workers", str(self.workers)] if self.workers > 1 else []
            return ["resume", "killed/net-seed0", *together]

        def judge() -> str:
            done = Run.open(run)
            done.verify()
            same = all(sha256(done.file(name)) == sha256(self.whole / name) for name in ("weights.safetensors",))
            whole = done.status == "finished" and done.facts.scores == Run.open(self.whole).facts.scores
            ranked = read_json(run.parent / "competition.json")["best"] == run.name
            return "equal" if same and whole and ranked else "different"

        return Case(stage, self.fit("killed"), again, judge)

    def on_run(self, name: str) -> Case:
        """A command on the finished run."""
        words = {
            "export": ["export", "whole", "--out", "out"],
            "compress": ["compress", "whole", "--budget", "0s", "--max-drop", "1000", "--out", "out", "--replace"],
            "report": ["report", "whole", "--out", "out.html"],
            "calibrate": ["calibrate"],
        }[name]

        def judge() -> str:
            if name == "export":
                Manifest(self.folder / "out")
                listed = read_json(self.folder / "out" / "manifest.json")["files"]
                assert all(sha256(self.folder / "out" / each) == checksum for each, checksum in listed.items())
            elif name == "compress":
                table = read_json(self.folder / "out" / "compression.json")
                for row in table["rows"]:
                    if row["verdict"] == "kept":
                        Run.open(self.folder / "out" / row["name"]).verify()
            elif name == "report":
                assert (self.folder / "out.html").read_text(encoding="utf-8").endswith("</html>\n")
            else:
                (kept,) = (self.folder / "cache" / "weftnet").glob("roofline-*.json")
                read_json(kept)
            return "redone"

        return Case(lambda: name, words, lambda: words, judge)

    def clean(self) -> None:
        """As before the kill."""
        for left in [*self.folder.glob("killed*"), *self.folder.glob("out*"), *self.litter()]:
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        for kept in (self.folder / "cache" / "weftnet").glob("roofline-*.json"):
            kept.unlink()
        (self.folder / "log.txt").unlink(missing_ok=True)

    def litter(self) -> list[Path]:
        """What a killed call left and the next one should have used or deleted."""
        names = (".*.part", ".new-*", "*-kept-*", "checkpoints", ".work")
        return [path for name in names for path in self.folder.rglob(name)]


def kill_once(place: Place, case: Case, seconds: float, draw: random.Random) -> tuple[str, list[str]]:
    """Kill a command and call it again: the stage, and the outcomes."""
    place.clean()
    earliest = draw.choice([0.02, 0.02, 0.6])  # the training itself comes late
    status, _ = call(case.command, place.folder, draw.uniform(earliest, 1.0) * seconds)
    stage = case.stage()
    if status != -signal.SIGKILL:
        return stage, ["late"] if status == 0 or not_smaller(place, case, status) else ["lost"]
    status, _ = call(case.again(), place.folder)
    if status and not not_smaller(place, case, status):
        return stage, ["lost"]
    try:
        outcomes = ["redone" if status else case.judge()]
    except (WeftnetError, OSError, ValueError, AssertionError, KeyError) as error:
        print(f"{place.task} {stage}: {error}", file=sys.stderr)
        outcomes = ["lost"]
    return stage, outcomes + ["litter"] * bool(place.litter())


def not_smaller(place: Place, case: Case, status: int) -> bool:
    """Whether a compression ended with status 1 as nothing got smaller and faster, or a task has none to make."""
    log = (place.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
    refused = ("nothing is smaller and faster", "draws samples", "no single network", "not applicable", "share weights")
    return case.command[0] == "compress" and status == 1 and any(text in log for text in refused)


def kill_all(options: argparse.Namespace, folder: Path) -> dict[tuple[str, int, str], Counter[str]]:
    """Every task, number of workers and command, `count` times each."""
    draw, counts = random.Random(options.seed), dict[tuple[str, int, str], Counter[str]]()
    for task in options.tasks or EXAMPLES.names():
        for workers in options.workers:
            if EXAMPLES.find(task) is None:
                continue
            place = Place(task, workers, folder / f"{task}-{workers}")
            cases = [(place.training(), place.seconds)]
            for name in ON_A_RUN if workers == 1 else ():
                if name in options.stages:
                    case = place.on_run(name)
                    place.clean()
                    _, seconds = call(case.command, place.folder)
                    cases.append((case, seconds))
            for case, seconds in cases:
                for _ in range(options.count):
                    stage, outcomes = kill_once(place, case, seconds, draw)
                    counts.setdefault((task, workers, stage), Counter()).update(outcomes)
                    print(f"{task} {workers} {case.command[0]} ({seconds:.1f} s), {stage}: {outcomes}", file=sys.stderr)
                    if {"lost", "different", "litter"} & set(outcomes):
                        kept = folder / "kept" / f"{task}-{workers}-{stage}-{time.monotonic_ns()}"
                        shutil.copytree(place.folder, kept, symlinks=True)
                        print(f"{task} {workers} {stage}: {outcomes}; see {kept}", file=sys.stderr, flush=True)
    return counts


def show(counts: Mapping[tuple[str, int, str], Counter[str]]) -> None:
    """The table, a row for each stage."""
    table = Table("task", "workers", "stage", *OUTCOMES, box=None)
    for (task, workers, stage), found in counts.items():
        table.add_row(task, str(workers), stage, *(str(found[each] or "") for each in OUTCOMES))
    total = sum(counts.values(), Counter[str]())
    table.add_row("all", "", "", *(str(total[each]) for each in OUTCOMES), style="bold")
    Console(width=110).print(table)


def import_all() -> None:
    """Import what the commands import, so that no kill is spent on it."""
    import torch

    for module in pkgutil.walk_packages(weftnet.__path__, "weftnet."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # of an extra
                import_module(module.name)
    for command in ("torch._dynamo", "onnxruntime", "onnxscript", "torch.onnx", "torch_pruning", "captum.attr"):
        with suppress(ImportError):
            import_module(command)
    torch.set_num_threads(1)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2, help="kills of each command")
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=[])
    parser.add_argument("--workers", type=lambda text: [int(each) for each in text.split(",")], default=[1])
    parser.add_argument("--stages", type=lambda text: text.split(","), default=ON_A_RUN, help="of a run, or none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="the counts as JSON")
    parser.add_argument("--keep", type=Path, help="a folder to work in, which stays")
    return parser.parse_args()


if __name__ == "__main__":
    import_all()
    given = parse()
    home = given.keep or Path(tempfile.mkdtemp(prefix="weftnet-kills-"))
    found = kill_all(given, home.resolve())
    show(found)
    if given.out:
        rows = [{"task": key[0], "workers": key[1], "stage": key[2], **counts} for key, counts in found.items()]
        given.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    if not given.keep:
        shutil.rmtree(home)
    raise SystemExit(any(counts[each] for counts in found.values() for each in ("lost", "different", "litter")))
