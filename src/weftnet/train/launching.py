"""Starting several workers of one command on this machine, by torch's elastic launcher, and what they tell.

    launch(["fit", "digits", …], workers=2)   ≙   torchrun --nproc-per-node 2 --max-restarts 3 -m weftnet fit digits …

A worker that ends unexpectedly ends its group; the launcher starts all of them anew, and they go on from the newest
checkpoint. An error of weftnet's own would only come again: it is told instead. Ctrl-C goes to every worker once.
Importing this module does not import torch.
"""

import gc
import logging
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.errors import SettingError, TrainingError, WeftnetError

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

#: How often a group is started anew.
RESTARTS = 3
#: Seconds in which workers that were asked to stop may finish their step and write a checkpoint.
_GRACE = "600"
#: The folder into which a worker writes the error that ended it.
TOLD = "WEFTNET_TOLD"
#: Which the launcher answers.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
#: A file in the folder of what is told: the workers have made their folders.
_BEGUN = "begun"


def enlisted() -> bool:
    """Whether a launcher (`torchrun`, `weftnet fit --workers`) started this process as one of several."""
    return "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def leads() -> bool:
    """Whether this process prints and writes: the first worker does, and one that is by itself."""
    return not enlisted() or os.environ["RANK"] == "0"


def restarted() -> int:
    """How often the group of this worker was started anew."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) if enlisted() else 0


def begin() -> None:
    """Note that this start has made its folders, so that workers that are started anew go on with what is there."""
    if folder := os.environ.get(TOLD):
        Path(folder, _BEGUN).touch()


def begun() -> bool:
    """Whether the workers were started anew after they had made their folders; torchrun keeps no note of that."""
    folder = os.environ.get(TOLD)
    return restarted() > 0 and (not folder or Path(folder, _BEGUN).is_file())


def tell(error: WeftnetError) -> bool:
    """Hand an error to the launcher; whether there is one that waits for it."""
    folder = os.environ.get(TOLD)
    if folder:
        (Path(folder) / f"{os.environ.get('RANK', '0')}.txt").write_text(str(error), encoding="utf-8")
    return bool(folder)


def given_up() -> bool:
    """Whether a worker of this group has told an error, so that starting anew would only repeat it."""
    return bool(_told(os.environ.get(TOLD)))


def launch(command: Sequence[str], workers: int, program: Sequence[str] = ("-m", "weftnet")) -> None:
    """Run a weftnet command in several processes that train together, and wait for them.

    Args:
        command: what stands behind `weftnet` on the command line.
        workers: how many.
        program: what Python runs with it.

    Raises:
        WeftnetError: as a worker told it.
        TrainingError: the workers ended unexpectedly more than `RESTARTS` times.
        KeyboardInterrupt: Ctrl-C; the run can be resumed.
    """
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException, Std
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    for name in logging.root.manager.loggerDict:  # what the launcher would print is raised below
        if name.startswith("torch.distributed.elastic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    failure: BaseException | None = None
    notes = tempfile.TemporaryDirectory(prefix="weftnet-workers-")
    with notes as folder, _environment(folder, workers), _signals(), _closing():
        config = LaunchConfig(
            min_nodes=1, max_nodes=1, nproc_per_node=workers, run_id="weftnet", max_restarts=RESTARTS,
            rdzv_backend="c10d", rdzv_endpoint="localhost:0",
            logs_specs=DefaultLogsSpecs(log_dir=folder, redirects=Std.ERR),
        )  # fmt: skip
        try:
            elastic_launch(config, sys.executable)(*program, *command)
        except SignalException:
            failure = KeyboardInterrupt()
        except ChildFailedError as error:
            failure = _failure(error, folder)
    if failure is not None:
        raise failure


def check_workers(workers: int | None, jobs: int | None = None, shard: bool = False) -> None:
    """Refuse what can't be: trainings at once that each have several workers, shares for a single one.

    Raises:
        SettingError: with the reason.
    """
    if workers is not None and workers < 1:
        raise SettingError("workers can't be used", where="--workers", expected="1 or more", got=str(workers))
    if (workers or 1) > 1 and (jobs or 1) > 1:
        raise SettingError("one network trains at a time with several workers", where="--jobs", expected="1")
    if shard and (workers or 1) == 1:
        raise SettingError("weights are shared out among several workers", where="--shard", fix="add --workers 2")


@contextmanager
def _environment(folder: str, workers: int) -> Iterator[None]:
    """What the workers inherit; each has its share of the cores, unless something else is said."""
    added = {TOLD: folder, "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": _GRACE}
    if "OMP_NUM_THREADS" not in os.environ:
        added["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // workers))
    before = dict(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _signals() -> Iterator[None]:
    """The launcher answers signals with its own exception, and goes on doing so when it is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _closing() -> Iterator[None]:
    """torch leaves the workers' logs to the garbage collector, which complains of open files."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed file .*stderr.log", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()


def _told(folder: str | None) -> str:
    """The error of the first worker that told one; empty without."""
    if not folder or not Path(folder).is_dir():
        return ""
    return next((path.read_text(encoding="utf-8") for path in sorted(Path(folder).glob("*.txt"))), "")


def _failure(error: "ChildFailedError", folder: str) -> BaseException:
    """What ended the workers: an error that one has told, Ctrl-C, or what is known of the first that ended."""
    if told := _told(folder):
        return WeftnetError(told)
    if any(failure.exitcode == 130 for failure in error.failures.values()):
        return KeyboardInterrupt()
    rank, failure = error.get_first_failure()
    logs = sorted(Path(folder).glob(f"*/attempt_*/{rank}/stderr.log"))
    lines = logs[-1].read_text(encoding="utf-8", errors="replace").strip().splitlines() if logs else []
    ended = f"by signal {failure.signal_name()}" if failure.exitcode < 0 else f"with exit status {failure.exitcode}"
    return TrainingError(
        f"worker {rank} ended {ended}, after {RESTARTS} restarts",
        got="\n       ".join(lines[-12:]),
        fix="mend what it says; `weftnet resume` then goes on from the newest checkpoint",
    )
