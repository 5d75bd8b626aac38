"""An architecture before it is trained, on the inputs and the task of data: what `check` and `draw` look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weftnet.architecture.faults import Fault
from weftnet.architecture.reading import read
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture
from weftnet.base import html
from weftnet.data import Data
from weftnet.data.request import Source
from weftnet.errors import ArchitectureError, SettingError
from weftnet.library.drawing import Drawing, drawing_of
from weftnet.library.networks import Networks
from weftnet.library.networks import architecture_of as handed_over
from weftnet.zoo._named import architecture_of, is_file, is_written

if TYPE_CHECKING:
    from weftnet.compete.choosing import Choice
    from weftnet.cost.check import Report
    from weftnet.tasks._task import Task


@dataclass(frozen=True)
class Asked:
    """What is checked.

    Args:
        architecture: None where a file can't be read that far.
        signals: the inputs by name.
        faults: of the file's form.
        task: whose head completes it.
        choice: how the task was chosen.
        data: that were opened.
    """

    architecture: Architecture | None
    signals: Mapping[str, Signal]
    faults: Sequence[Fault] = ()
    task: "Task | None" = None
    choice: "Choice | None" = None
    data: Data | None = None

    @property
    def examples(self) -> int | None:
        """How many there are to train on, where that is known."""
        return None if self.data is None else self.data.sizes["train"]


def asked(
    network: str | Architecture, signals: Mapping[str, Signal], data: Source | Data | None = None,
    options: Mapping[str, Any] | None = None, task: str | None = None,
) -> Asked:  # fmt: skip
    """The architecture, and what it reads.

    Args:
        network: a file, a name of the zoo, or an architecture.
        signals: of the inputs; none for those of the data, or the architecture's own.
        data: that it would be trained on.
        options: of the data.
        task: by name; None for the one that suits data and architecture.

    Raises:
        WeftnetError: the data can't be opened, or there is no such architecture.
    """
    file = isinstance(network, str) and is_file(network)
    architecture, faults = (None, list[Fault]()) if isinstance(network, str) else (network, [])
    if file:
        architecture, faults = read(str(network))
    elif isinstance(network, str) and (data is None or is_written(network)):
        architecture = architecture_of(network)
    if data is None:
        if task is not None:
            raise SettingError("a task needs data, from which its head is made", where="--task", fix="add --data")
        return Asked(architecture, signals, faults)
    from weftnet.compete.choosing import Choice, choose, read_by, reads_its_way, task_for
    from weftnet.compete.entering import opened
    from weftnet.compete.propose import offered

    options = options or {}
    found = opened(data, options, target_kind=read_by(task))
    choice = Choice(task) if task else choose(found, [architecture] if architecture is not None else [])
    if not task and reads_its_way(choice.name):
        found = opened(data, options, target_kind=read_by(choice.name))
    chosen = task_for(found, choice.name, {})
    signals = signals or found.signals
    if isinstance(network, str) and not file:  # as `fit` would train it
        offers = offered(signals, chosen)
        architecture = offers[network].architecture if network in offers else architecture_of(network)
    return Asked(architecture, signals, faults, chosen, choice, found)


@dataclass(frozen=True)
class Checked:
    """The report of a check: shapes, parameters, FLOPs, memory, times, or all faults.

    Args:
        report: as data: `report.parts`, `report.faults`, `report.data()`.
    """

    report: "Report" = field(repr=False)

    def __bool__(self) -> bool:
        return not self.report.faults

    def __repr__(self) -> str:
        from weftnet.cost.rendering import text

        return text(self.report)

    def _repr_html_(self) -> str:
        from html import escape

        return html.shown(f"<pre>{escape(repr(self))}</pre>")


def check(
    network: Networks,
    data: Source | Data | None = None,
    *,
    inputs: Mapping[str, Signal | str] | None = None,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    times: bool = False,
    **figures: Any,
) -> Checked:
    """What a network costs, before it is trained, or all of its faults; true if there is none.

    >>> bool(weftnet.check("resnet", inputs={"image": "image:3x32x32"}))
    True
    >>> len(weftnet.check([{"conv2d": {"channels": 3}}], inputs={"vector": "vector:4"}).report.faults)
    1

    Args:
        network: as of `weftnet.fit`.
        data: that it would be trained on: they say what it reads, and which task completes it.
        inputs: what it reads, where there are no data.
        target: of the data.
        task: by name.
        times: whether steps are timed, which takes seconds.
        figures: `batch`, `memory` or `examples`, as of `weftnet check`.
    """
    from weftnet.cost import check as checks
    from weftnet.cost.timing import timed

    known = asked(handed_over(network), _signals(inputs), data, {} if target is None else {"target": target}, task)
    if known.architecture is None:
        raise ArchitectureError(known.faults, where=str(network))
    figures = {"examples": known.examples, **figures}
    report = checks.check(known.architecture, known.signals, task=known.task, faults=known.faults, **figures)
    return Checked(timed(report) if times and not report.faults else report)


def draw(
    network: Networks,
    data: Source | Data | None = None,
    *,
    inputs: Mapping[str, Signal | str] | None = None,
    target: str | Sequence[str] | None = None,
) -> Drawing:
    """A network as a drawing, with the shape on every edge.

    >>> weftnet.draw("lenet", inputs={"image": "image:1x28x28"}).save("lenet.svg")
    [PosixPath('lenet.svg')]

    Args:
        network: as of `weftnet.fit`.
        data: that it would be trained on, which say what it reads.
        inputs: what it reads, where there are no data.
        target: of the data.
    """
    known = asked(handed_over(network), _signals(inputs), data, {} if target is None else {"target": target})
    if known.architecture is None or known.faults:
        raise ArchitectureError(known.faults, where=str(network))
    return drawing_of(known.architecture, known.signals)


def _signals(inputs: Mapping[str, Signal | str] | None) -> dict[str, Signal]:
    return {name: parse(each) if isinstance(each, str) else each for name, each in (inputs or {}).items()}
