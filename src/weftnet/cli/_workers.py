"""`--workers N`: the same command in N processes, on this machine or on a cluster."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from weftnet.errors import SettingError
from weftnet.train.launching import check_workers, launch
from weftnet.train.worker import is_worker

On = Annotated[str | None, typer.Option("--on", help="ray: the workers run on a Ray cluster.", metavar="ray")]
Address = Annotated[str | None, typer.Option(help="Address of the Ray cluster; without it, Ray runs on this machine.")]


@dataclass(frozen=True)
class Place:
    """Where workers run.

    Args:
        on: None for this machine, "ray" for a cluster.
        address: of the cluster.
    """

    on: str | None = None
    address: str | None = None

    def check(self, workers: int | None) -> None:
        """Refuse options that contradict each other.

        Raises:
            SettingError: with the reason.
        """
        if self.on not in (None, "ray"):
            raise SettingError("workers can't run there", where="--on", expected="ray", got=str(self.on))
        if self.on and (workers or 1) == 1:
            raise SettingError("a cluster needs several workers", where="--on", fix="add --workers 2")
        if self.address and not self.on:
            raise SettingError("an address needs a Ray cluster", where="--address", fix="add --on ray")


def work_together(
    workers: int | None, folder: Path, place: Place, *, jobs: int | None = None, shard: bool = False, out: bool = False
) -> bool:
    """Run the command line in several processes; False if it should run in this one.

    Args:
        workers: how many; None or 1 means this process. A worker never starts workers.
        folder: shared by all workers.
        place: where they run.
        jobs: the number of simultaneous trainings that was asked for.
        shard: whether each worker keeps a share of the weights.
        out: whether the folder has to be added to the command.

    Raises:
        SettingError: the options contradict each other.
    """
    if is_worker():
        return False
    check_workers(workers, jobs, shard)
    place.check(workers)
    if workers is None or workers == 1:
        return False
    command = [*sys.argv[1:], *(["--out", str(folder)] if out else [])]
    if place.on is None:
        launch(command, workers)
    else:
        from weftnet.train.on_ray import launch_on_ray

        launch_on_ray(command, workers, run, folder, place.address)
    return True


def run(command: Sequence[str]) -> None:
    """Run a command in this process.

    Raises:
        KeyboardInterrupt: the command was stopped.
    """
    from weftnet.cli._app import app

    if app(list(command), standalone_mode=False) == 130:  # typer's status for an interrupt
        raise KeyboardInterrupt
