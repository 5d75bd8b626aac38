"""What is killed: a command, the stages that its folder tells, the calls that go on, and what must be there then."""

import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kills_parts.calls import Ended, call
from kills_parts.place import Place

from weftnet.base.files import read_json, sha256
from weftnet.run.folder import Run


class Case(ABC):
    """A command of a place.

    Args:
        place: where.

    Attributes:
        name: of the row.
        stages: that it passes through, by name.
        one: whether only one stage is drawn in a round, as each kill takes long.
        forked: whether all of its work is done in the process that is called, so that its writes can be counted.
        usual: how it ends if nobody kills it.
        expected: the files that it leaves then.
    """

    name = ""
    stages: tuple[str, ...] = ()
    one = False
    forked = True

    def __init__(self, place: Place) -> None:
        self.place, self.expected, self.usual = place, set[str](), Ended()

    @property
    def kept(self) -> Path:
        """What the call that nobody killed left."""
        return self.place.whole / self.name

    @property
    @abstractmethod
    def words(self) -> list[str]:
        """The command, in the working directory."""

    def measure(self) -> bool:
        """Call it, and keep what it leaves; False if the task has nothing of the kind."""
        self.place.clean()
        self.usual = call(self.words, self.place.here, self.stage)
        if self.usual.status and "Traceback" in self.place.log:
            raise RuntimeError(f"{self.place.task} {self.name}:\n{self.place.log[-3000:]}")
        self.expected = self.place.files()
        shutil.copytree(self.place.here, self.kept, symlinks=True)
        return self.usual.status == 0

    def stage(self) -> str:
        """How far it is, as the folder tells it."""
        return self.stages[0]

    def again(self) -> Sequence[Sequence[str]]:
        """The calls that go on after a kill."""
        return [self.words]

    @abstractmethod
    def judge(self) -> str:
        """`equal`, `redone` or `different`, once all of them have ended well."""

    def refused(self) -> bool:
        """Whether a call that ended with status 1 said something that isn't the kill's fault."""
        return False

    def litter(self) -> list[str]:
        """What lies there that no call without a kill leaves."""
        return sorted(self.place.files() - self.expected)


class Fit(Case):
    """A training, which is resumed if it was begun.

    Args:
        place: where.
        workers: processes that train together.
    """

    name = "fit"
    stages = ("data", "plan", "training", "conclusion")

    def __init__(self, place: Place, workers: int = 1) -> None:
        super().__init__(place)
        self.run = place.here / "out" / "net-seed0"
        self.together: list[str] = []
        if workers > 1:
            self.name, self.together = f"fit, {workers} workers", ["--workers", str(workers)]
            self.one, self.forked = True, False

    @property
    def words(self) -> list[str]:
        """The command."""
        return [*self.place.fit("out", plan="eager"), *(self.together or ["--jobs", "1"])]

    def stage(self) -> str:
        """By the run's folder."""
        return stage_of(self.run)

    def again(self) -> list[list[str]]:
        """`resume`, if there is a run."""
        return [["resume", "out/net-seed0", *self.together]] if (self.run / "run.json").is_file() else [self.words]

    def judge(self) -> str:
        """The same bits and the same scores, in the leaderboard."""
        ranked = read_json(self.run.parent / "competition.json")["best"] == self.run.name
        page = (self.run.parent / "report.html").read_text(encoding="utf-8").endswith("</html>\n")
        return "equal" if same(self.run, self.reference()) and ranked and page else "different"

    def reference(self) -> Path:
        """The run that nobody killed."""
        return self.kept / "out" / "net-seed0"


class FitAuto(Fit):
    """A training whose plan is measured; the run that nobody killed is then trained under the plan that was chosen."""

    name = "fit --plan auto"
    stages = ("plan",)
    #: enough for a measurement to be worth it
    steps = 500

    @property
    def words(self) -> list[str]:
        """The command."""
        return [*self.place.fit("out", plan="auto", steps=self.steps), "--jobs", "1"]

    def reference(self) -> Path:
        """A run that was given the plan."""
        plan = read_json(self.run / "run.json")["plan"]["plan"]
        text = "".join(each if each.isalnum() else "-" for each in json.dumps(plan))
        there = self.place.whole / f"plan{text}"
        if not there.is_dir():
            words = [*self.place.fit(str(there), plan=plan, steps=self.steps), "--jobs", "1"]
            if call(words, self.place.here, lambda: "").status:
                raise RuntimeError(f"{self.place.task} can't be trained under {plan}:\n{self.place.log[-3000:]}")
        return there / "net-seed0"


class Fits(Case):
    """A competition of two architectures and two seeds.

    Args:
        place: where.
        jobs: trainings at once.
        over: whether the second call is the same again, instead of a `resume` of each run that was begun.
    """

    stages = ("data", "training", "standings")
    one = True

    def __init__(self, place: Place, jobs: int, over: bool) -> None:
        super().__init__(place)
        self.jobs, self.over, self.out = jobs, over, place.here / "out"
        self.name = f"competition, {jobs} at once, {'called again' if over else 'resumed'}"
        self.forked = jobs == 1
        self.runs = [self.out / f"{net}-seed{seed}" for seed in (0, 1) for net in ("net", "other")]

    @property
    def words(self) -> list[str]:
        """The command."""
        words = self.place.fit("out", nets=("net", "other"), plan="eager")
        return [*words, "--seeds", "2", "--jobs", str(self.jobs)]

    def stage(self) -> str:
        """By the runs' folders."""
        stages = {stage_of(run) for run in self.runs}
        if stages == {"data"}:
            return "data"
        return "training" if stages - {"conclusion"} or not all(map(_scored, self.runs)) else "standings"

    def again(self) -> list[list[str]]:
        """The same again; or `resume` for each run that was begun."""
        self.begun = [run for run in self.runs if (run / "run.json").is_file()]
        if self.over or not self.begun:
            self.begun = self.runs
            return [self.words]
        return [["resume", str(run)] for run in self.begun]

    def judge(self) -> str:
        """Every run that was begun has the same bits and its place in the leaderboard."""
        told = read_json(self.out / "competition.json")
        ended = {each["folder"] for each in told["outcomes"] if each["status"] == "finished"}
        whole = ended == {run.name for run in self.begun} and told["best"] in ended
        equal = all(same(run, self.kept / "out" / run.name) for run in self.begun)
        return "equal" if whole and equal else "different"


def stage_of(run: Path) -> str:
    """How far a training is, by its run.json."""
    told = _told(run)
    if not told:
        return "data"
    if "weights.safetensors" in told.get("files", {}):
        return "conclusion"
    return "training" if told.get("steps") else "plan"


def same(run: Path, whole: Path) -> bool:
    """Whether a run is whole, and has the weights and scores of another one, bit for bit."""
    done = Run.open(run)
    done.verify()
    equal = sha256(done.file("weights.safetensors")) == sha256(whole / "weights.safetensors")
    return equal and done.status == "finished" and done.facts.scores == Run.open(whole).facts.scores


_kept: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}


def _told(run: Path) -> dict[str, Any]:
    """What run.json says; {} without one. Read again only when it was replaced."""
    path = run / "run.json"
    with suppress(OSError, ValueError):
        state = path.stat()
        key = (state.st_ino, state.st_mtime_ns)
        if path not in _kept or _kept[path][0] != key:
            _kept[path] = key, json.loads(path.read_bytes())
        return _kept[path][1]
    return {}


def _scored(run: Path) -> bool:
    return _told(run).get("scores") is not None
