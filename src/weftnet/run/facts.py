"""What run.json says, as records; and the lines of history.jsonl. Checked once, so that whoever uses them needn't."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from weftnet.base.typed import Measured, brief, read
from weftnet.errors import DamagedCheckpoint, SettingError
from weftnet.execution.planned import AnswerPlans, TrainingPlan
from weftnet.run.lineage import Ancestor, Delta, StartFacts

Status: TypeAlias = Literal["created", "training", "stopped", "finished", "failed"]
Scores: TypeAlias = dict[str, dict[str, Measured]]
#: characters of a signal's written form
_LONGEST_SIGNAL = 200


@dataclass(frozen=True)
class Predicted:
    """What is predicted.

    Args:
        name: of the column, or the columns.
        unit: in which its values are written; "" where none is known.
    """

    name: str
    unit: str = ""


@dataclass(frozen=True)
class TaskFacts:
    """Which task was trained.

    Args:
        name: its name in the registry `TASKS`.
        settings: the arguments of its constructor.
        metrics: names of metrics beyond its own.
        score: the metric that decided; "" for its own.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    score: str = ""


@dataclass(frozen=True)
class DataFacts:
    """Which data it was trained on.

    Args:
        source: where they lay.
        name: of the data set.
        fingerprint: of their content; runs of other data don't compare.
        sizes: examples by split.
    """

    source: str | None = None
    name: str | None = None
    fingerprint: str | None = None
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """What computes the network, where torch doesn't.

    Args:
        name: of the engine.
        file: the model, in the run's folder.
    """

    name: Literal["onnx"]
    file: str


@dataclass(frozen=True)
class Compression:
    """How a compressed run came about.

    Args:
        steps: what was done to the run that it started from, in order.
    """

    steps: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Origin:
    """Published weights that a run was made of.

    Args:
        files: sha256 of each file of weights, by name.
        entry: of the zoo, as which they were read.
        naming: of their tensors.
        settings: of the entry.
        lines: what was taken and what wasn't, for a person.
    """

    files: dict[str, str]
    entry: str
    naming: str
    settings: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Where the weights come from, in a few words."""
        return f"{', '.join(self.files)}, as {self.entry} ({self.naming})"


@dataclass(frozen=True)
class Calibration:
    """Other examples than the training's validation split, by which a run was calibrated once it was trained.

    Args:
        source: where they lay.
        fingerprint: of their content.
        examples: how many.
    """

    source: str
    fingerprint: str
    examples: int


@dataclass(frozen=True)
class Member:
    """One of the runs that an ensemble holds.

    Args:
        name: of its folder.
        weight: of its outputs in the mean.
        sha256: of its weights.
    """

    name: str
    weight: Measured
    sha256: str


@dataclass(frozen=True)
class Refit:
    """What a run that was trained anew on training and validation rows knows of the run that chose its length.

    Args:
        run: the name of its folder.
        step: after which it had the weights that it kept.
        scores: its metrics by split.
    """

    run: str
    step: int
    scores: Scores = field(default_factory=dict)


@dataclass(frozen=True)
class Revision:
    """How long a training with a budget is to be, decided at one of its steps.

    Args:
        at: the step after which it was decided; 0 before the first.
        steps: of the whole training, from then on.
        every: steps between evaluations, from then on.
        seconds: of the budget that were used by then.
        evaluation: seconds of a pass over the validation split, as known then.
        guessed: whether that follows from the seconds of a step alone.
    """

    at: int
    steps: int
    every: int
    seconds: Measured = 0.0
    evaluation: Measured = 0.0
    guessed: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.at <= self.steps or self.every < 1:
            raise SettingError(f"a revision at step {self.at} to {self.steps} steps, every {self.every}")


@dataclass(frozen=True)
class RunFacts:
    """The content of run.json.

    Args:
        format: of the folder.
        seed: of the recipe.
        status: how far it got.
        task, data: what was trained on what.
        signals: the network's inputs in their written form.
        files, sizes: the manifest: sha256 and bytes of every file.
        versions, platform: of what trained it.
        plugins: the names of what each brought, by registry; never where it lay.
        shard: whether several workers each kept a share of the weights.
        steps: of the whole training, once they are known.
        revisions: of the steps of a training with a budget, in order; the first one is made before its first step.
        seconds, waited: of the training so far, and those among them in which it waited for data.
        reason: why it failed.
        scores: metrics by split, once it was evaluated.
        plan, answers: how steps and answers are executed.
        engine: None where torch computes the network.
        compression: None for a run that is not compressed.
        listeners: names, or {name: settings}, of those that are told when it is resumed.
        start: None for a run that was trained from scratch.
        delta: None for a run that holds all of its weights.
        teachers: the runs whose answers it learnt beside the labels.
        members: of an ensemble; () for a single network.
        refit: None for a run that was not trained anew.
        origin: None for a run that was trained; of one that was imported, the published weights.
        origins: where fields of the recipe come from: "asked", "proposed for vgg"; others are the task's or default.
        calibration: None for a run that was calibrated by its training alone.
    """

    format: int
    seed: int
    status: Status
    task: TaskFacts
    data: DataFacts
    signals: dict[str, str]
    files: dict[str, str]
    sizes: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    platform: str = ""
    plugins: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    shard: bool = False
    steps: int | None = None
    revisions: tuple[Revision, ...] = ()
    seconds: Measured | None = None
    waited: Measured | None = None
    reason: str = ""
    scores: Scores | None = None
    plan: TrainingPlan | None = None
    answers: AnswerPlans | None = None
    engine: Engine | None = None
    compression: Compression | None = None
    listeners: tuple[Any, ...] = ()
    start: StartFacts | None = None
    delta: Delta | None = None
    teachers: tuple[Ancestor, ...] = ()
    members: tuple[Member, ...] = ()
    refit: Refit | None = None
    origin: Origin | None = None
    origins: dict[str, str] = field(default_factory=dict)
    calibration: Calibration | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any], where: str) -> "RunFacts":
        """From the content of run.json.

        Raises:
            DamagedCheckpoint: a field is missing or wrong.
        """
        facts = read(cls, document, where)
        if facts.format < 1:
            what = "the field 'format' is wrong"
            raise DamagedCheckpoint(what, where=where, expected="1 or more", got=str(facts.format))
        _check_revisions(facts.revisions, where)
        for name, text in facts.signals.items():
            if len(text) > _LONGEST_SIGNAL:
                what, expected = f"the signal {name[:60]!r} is wrong", f"at most {_LONGEST_SIGNAL} characters"
                raise DamagedCheckpoint(what, where=where, expected=expected, got=brief(text))
        return facts


def _check_revisions(revisions: Sequence[Revision], where: str) -> None:
    """Refuse revisions that are not one after another, each before the end that the one before it set.

    Raises:
        DamagedCheckpoint: with their steps.
    """
    first = Revision(0, 0, 1)
    for before, each in zip((first, *revisions), revisions, strict=False):
        if (before is first and each.at) or (before is not first and not before.at < each.at <= before.steps):
            got = f"{before.at}, {each.at} of {before.steps}"
            what, expected = "the field 'revisions' is wrong", "0 first, then later steps, each before the end"
            raise DamagedCheckpoint(what, where=where, expected=expected, got=got)


@dataclass(frozen=True)
class Evaluation:
    """What the checks of a history's line go by; the lines themselves stay mappings, as they are printed and drawn."""

    step: int
    epoch: Measured
    seconds: Measured
    loss: dict[str, Measured]
    validation: dict[str, Measured]


def check_history(lines: list[Any], where: str) -> None:
    """Refuse a history with a line that is no evaluation.

    Raises:
        DamagedCheckpoint: with the line.
    """
    for row, line in enumerate(lines, 1):
        read(Evaluation, line, f"{where}: line {row}")
