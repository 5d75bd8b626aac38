"""What a run trained: architecture, task and inputs, from its JSON and YAML; weights are not read."""

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture
from weftnet.base.foreign import reading
from weftnet.base.typed import misfits
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.tasks._scoring import Scoring
from weftnet.tasks._task import Task


def contents(run: Run) -> tuple[Architecture, Task, dict[str, Signal]]:
    """What a run trained: the complete architecture, the task, the input signals by name.

    Raises:
        RunError: its architecture can't be read, with every fault; or its task's settings can't.
    """
    path = run.file("architecture.yaml")
    architecture, faults = read_text(run.text("architecture.yaml"), where=str(path))
    if architecture is None or faults:
        raise RunError("\n  ".join(["holds no architecture", *map(str, faults)]), where=str(path))
    task = task_of(run)
    return architecture, task, {name: parse(text) for name, text in run.facts.signals.items()}


def parts_of(
    run: Run, architecture: Architecture, task: Task, signals: dict[str, Signal]
) -> dict[str, dict[str, Signal]]:
    """The inputs of each part, if they are those of the architecture's parts.

    Raises:
        RunError: the task trains other parts, or reads other inputs.
    """
    where = str(run.folder / "architecture.yaml")
    with reading(run.folder, "the task can't read these inputs", error=RunError):
        inputs = task.inputs(signals)
    if set(inputs) != set(architecture.parts):
        expected, got = ", ".join(sorted(inputs)), ", ".join(sorted(architecture.parts))
        raise RunError("has other parts than the task trains", where=where, expected=expected, got=got)
    return inputs


def scoring_of(run: Run, task: Task | None = None) -> Scoring:
    """The metrics of a run, and which of them decided; its task is read where it is not given.

    Raises:
        RunError: its task's settings can't be used.
    """
    facts = run.facts.task
    return Scoring(task or task_of(run), facts.metrics, facts.score)


def task_of(run: Run) -> Task:
    """The task a run was trained for.

    Raises:
        RunError: its settings are of the wrong type, or can't be used.
    """
    where, settings = str(run.folder / "run.json"), run.facts.task.settings
    cls = TASKS.get(run.facts.task.name)
    if wrong := misfits(settings, cls):
        raise RunError("the task's settings can't be used", where=where, got=wrong)
    with reading(where, "the task's settings can't be used", error=RunError):
        task: Task = cls(**settings)
    return task
