"""What competes in a `fit`: the data, the task, the candidates, and the terms of every training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from weftnet.compete.choosing import Choice, choose, read_by, reads_its_way, task_for
from weftnet.compete.competition import FILE, best_run
from weftnet.compete.family import of_family, offered_as
from weftnet.compete.jobs import LENGTHS, Terms
from weftnet.compete.propose import offered, propose
from weftnet.compete.starting import beaten, begun_from, beside, few, of_run, refuse_ways, start_from, taught_by
from weftnet.data import Data, open_data
from weftnet.data.request import Source
from weftnet.errors import SettingError, WeftnetError
from weftnet.solvers import baselines
from weftnet.tasks import Candidate
from weftnet.tasks._scoring import Scoring
from weftnet.tasks._task import Task
from weftnet.train.listening import Named
from weftnet.train.worker import is_worker
from weftnet.zoo._named import architecture_of, is_written

BUDGET = 30.0


@dataclass(frozen=True)
class FitOptions:
    """The options of the command line.

    Args:
        source: of the data: a path, values in memory, or `Data` that are opened already.
        data: options of the data: target, kinds, context, …
        archs: files, zoo names or candidates; () for a shortlist that suits the data.
        task: its name; None for the one that suits the data and the architectures.
        task_settings: of the task.
        recipe: fields of the recipe, with at most one of budget, epochs and steps.
        seeds: each network is trained once with each seed.
        jobs: how many trainings run at once; None for one on each core.
        out: the folder; None for one named after data and time.
        replace: whether an earlier competition in the folder is deleted.
        plugins: files and folders of the user's own entries.
        shard: whether each of several workers keeps a share of weights and optimiser state.
        listeners: names of those that every run is logged to.
        start: the run that every training starts from: {from, map, freeze, rate}.
        beside: whether the networks that suit the data compete from nothing with what starts from a run.
        few: whether the last layer is solved for on the frozen features of the start.
        ensemble: whether an ensemble of the trainings competes too.
        distil: whether one network learns from the ensemble, and competes too.
        folds: each network is trained once for each of so many folds; 0 for none.
        refit: whether the winner is trained anew on all rows that are not test.
        baselines: whether the solvers' baselines take part; None for where proposals compete.
        total: seconds for everything, which successive halving shares out; None where each training has its own length.
        began: when the total begins, by the monotonic clock; None for now.
    """

    source: Source | Data
    data: Mapping[str, Any] = field(default_factory=dict)
    archs: Sequence[str | Candidate] = ()
    task: str | None = None
    task_settings: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    seeds: Sequence[int] = (0,)
    jobs: int | None = None
    out: Path | None = None
    replace: bool = False
    plugins: Sequence[str] = ()
    shard: bool = False
    listeners: Sequence[Named] = ()
    start: Mapping[str, Any] | None = None
    beside: bool = False
    few: bool = False
    ensemble: bool = False
    distil: bool = False
    folds: int = 0
    refit: bool = False
    total: float | None = None
    baselines: bool | None = None
    began: float | None = None

    @property
    def beside_runs(self) -> Path:
        """The folder in which that of the competition lies."""
        return Path("runs") if self.out is None else self.out.parent

    @property
    def read(self) -> list[str]:
        """The paths that a training reads, which no replacing may touch."""
        start = [] if self.start is None else [str(self.start["from"])]
        parts = [self.data[split] for split in ("validation", "test") if split in self.data]
        teachers = dict(self.recipe.get("teacher") or {}).get("from", [])
        named = [each for each in (self.source, *parts, *self.archs) if isinstance(each, str | Path)]
        return [*map(str, named), *self.plugins, *start, *teachers]


@dataclass(frozen=True)
class Entries:
    """What competes: candidates on data and a task, the terms of every training, and how the task was chosen."""

    data: Data
    task: Task
    candidates: Sequence[Candidate]
    terms: Terms
    choice: Choice

    @property
    def subject(self) -> tuple[str, str]:
        """The names of the data and of the task."""
        return self.data.name, self.terms.task

    @property
    def scoring(self) -> Scoring:
        """The metrics, and which of them decides."""
        return Scoring(self.task, self.terms.recipe.get("metrics", ()), self.terms.recipe.get("score") or "")


def entries_of(options: FitOptions) -> Entries:
    """Open the data, choose the task and the candidates; without a length each training gets the default budget.

    Raises:
        WeftnetError: the data can't be opened, the task doesn't fit them, or an architecture has faults.
        SettingError: the recipe has more than one length.
    """
    lengths = [name for name in LENGTHS if options.recipe.get(name) is not None]
    asked = [*lengths, *(["total"] if options.total is not None else [])]
    if len(asked) > 1:
        raise SettingError("more than one length of training", expected="one of them", got=" and ".join(asked))
    start = None if options.start is None else start_from(options.start, options.beside_runs)
    known = None if start is None else start.fitted()
    read = partial(opened, options.source, options.data, fitted=known)
    data = read(target_kind=read_by(options.task))
    written = candidates_of([each for each in options.archs if not isinstance(each, str) or is_written(each)])
    needed = options.few or not options.archs
    begun = begun_from(start, options.task, data) if start is not None and needed else None
    started = [] if options.archs or begun is None else [begun]
    architectures = [candidate.architecture for candidate in written + started]
    choice = Choice(options.task) if options.task else choose(data, architectures)
    name = choice.name
    if not options.task and start is None and reads_its_way(name):
        data = read(target_kind=read_by(name))
    task = task_for(data, name, options.task_settings)
    solved = {each.name: each for each in baselines(data.signals, task)}
    probed = few(begun, data.signals, task) if options.few else []
    refuse_ways(start, options.few)
    offers = {**solved, **offered(data.signals, task), **{each.name: each for each in probed}}
    named = candidates_of(options.archs, offers) or probed or started
    candidates = named or propose(data.signals, task)
    if options.beside:
        candidates = beside(start, candidates, propose(data.signals, task))
    if options.baselines or (options.baselines is None and (options.beside or not named) and not is_worker()):
        taken = {each.name for each in candidates}
        fresh = (replace(each, fresh=options.beside) for name, each in solved.items() if name not in taken)
        candidates = [*fresh, *candidates]
    if started and not probed and options.baselines is not False and not is_worker():
        candidates = [*beaten(start, started[0], data.signals, task), *candidates]
    recipe = dict(options.recipe)
    if recipe.get("teacher") is not None:
        recipe["teacher"] = taught_by(recipe["teacher"], task, data)
    if options.total is not None:
        recipe["budget"] = options.total  # of each training: less, when its turn comes
    elif not lengths and not all(set(LENGTHS) & candidate.recipe.keys() for candidate in candidates):
        recipe["budget"] = BUDGET
    origin = None if start is None else start.to_dict()
    terms = Terms(name, options.task_settings, recipe, options.shard, tuple(options.listeners), origin)
    return Entries(data, task, candidates, terms, choice)


def opened(source: Source | Data, options: Mapping[str, Any], **more: Any) -> Data:
    """The data, opened with these options, or as they are where they were opened before.

    Raises:
        SettingError: opened data can't be opened differently.
    """
    if not isinstance(source, Data):
        return open_data(source, **options, **more)
    if options:
        fix = "give them to open_data, or give fit what open_data was given"
        raise SettingError("the data are opened already", where="data", got=", ".join(options), fix=fix)
    return source


def candidates_of(
    archs: Sequence[str | Candidate], offers: Mapping[str, Candidate] = MappingProxyType({})
) -> list[Candidate]:
    """The named architectures as candidates, each called by its file's or folder's stem.

    A name that the shortlist offers, or an entry of the zoo that it is made of, is that candidate, with its sizes and
    its recipe; a run's folder is its network with its recipe. A file, or another entry of the zoo with its own
    defaults, is trained like the proposal that is most like it.

    Raises:
        WeftnetError: some have faults; the message lists those of all.
    """
    candidates, wrong = [], []
    for arch in archs:
        try:
            candidates.append(_candidate(arch, offers))
        except WeftnetError as error:
            error.where = error.where or (arch if isinstance(arch, str) else arch.name)
            wrong.append(error)
    if wrong:
        text = "\n\n".join(map(str, wrong))
        raise WeftnetError(f"{text}\n\nNothing was trained. weftnet check FILE --fix corrects what it can.")
    return candidates


def _candidate(arch: str | Candidate, offers: Mapping[str, Candidate]) -> Candidate:
    if isinstance(arch, Candidate):
        return of_family(arch, offers)
    path, name = Path(arch), Path(arch).stem
    if (path / "run.json").is_file() or (path / FILE).is_file():
        return of_run(best_run(arch))
    if not path.is_file() and (offer := offered_as(arch, offers.values())) is not None:
        return replace(offer, name=arch)
    why = f"from {arch}" if path.is_file() else "from the zoo"
    return of_family(Candidate(name, architecture_of(arch), {}, why), offers)
