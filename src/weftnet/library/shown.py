"""What is shown of a competition while it takes place: nothing here; a terminal and a notebook show more."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, Protocol

from weftnet.base.scores import Score
from weftnet.compete.competition import Competition
from weftnet.compete.jobs import Outcome
from weftnet.compete.planning import Plan
from weftnet.data import Data
from weftnet.train.listeners._listener import Listener


class TrainingsShown(Protocol):
    """What is shown while some trainings run."""

    def done(self, outcome: Outcome) -> None:
        """One of them ended."""

    def training(self, title: str) -> Listener:
        """One of them begins, alone: what is shown of its steps."""


class Shown:
    """Shows nothing."""

    tells_reasons: ClassVar[bool] = False
    """Whether it has said why trainings failed, so that an error need not."""

    def say(self, text: str) -> None:
        """A sentence for a person."""

    def planned(self, plan: Plan) -> None:
        """What was read, and what is going to be trained."""

    def trainings(self, names: Sequence[str], score: Score) -> AbstractContextManager[TrainingsShown]:
        """What is shown while the trainings of these candidates run."""
        return _Nothing()

    def ended(self, result: Competition, report: Path, data: Data) -> None:
        """The leaderboard, and what did not finish."""


class _Nothing:
    def __enter__(self) -> "_Nothing":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def done(self, outcome: Outcome) -> None:
        """Nothing."""

    def training(self, title: str) -> Listener:
        """A listener that does nothing."""
        return Listener()
