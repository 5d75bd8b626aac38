"""Starting several workers of one command on this machine, by torch's elastic launcher.

    launch(["fit", "digits", …], workers=2)   ≙   torchrun --nproc-per-node 2 --max-restarts 3 -m weftnet fit digits …

A worker that ends unexpectedly ends its group; the launcher restarts all of them, and they go on from the newest
checkpoint. An error of weftnet's own would only occur again: it is reported instead. Every worker receives Ctrl-C once.
Workers whose launcher is killed end too (`worker.py`). Importing this module does not import torch.
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

from weftnet.base.workplace import workplace
from weftnet.errors import SettingError, TrainingError, WeftnetError
from weftnet.train.worker import ERRORS, LAUNCHER, reported_error

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

#: How often a group is restarted.
RESTARTS = 3
#: Seconds for which workers that were asked to stop may finish their step and write a checkpoint.
_GRACE = "600"
#: The signals that the launcher handles.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def launch(command: Sequence[str], workers: int, program: Sequence[str] = ("-m", "weftnet")) -> None:
    """Run a weftnet command in several processes that train together, and wait for them.

    Args:
        command: the arguments of `weftnet` on the command line.
        workers: how many.
        program: what Python runs with these arguments.

    Raises:
        WeftnetError: as a worker reported it.
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
    notes = workplace(Path(tempfile.gettempdir()), "weftnet-workers")
    with notes as place, _environment(folder := str(place), workers), _signals(), _closing():
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
    """Refuse several trainings at once that each have several workers, and shards for a single worker.

    Raises:
        SettingError: with the reason.
    """
    if workers is not None and workers < 1:
        raise SettingError("workers can't be used", where="--workers", expected="at least 1", got=str(workers))
    if (workers or 1) > 1 and (jobs or 1) > 1:
        raise SettingError(
            "only one network can be trained at a time with several workers", where="--jobs", expected="1"
        )
    if shard and (workers or 1) == 1:
        raise SettingError("sharding needs several workers", where="--shard", fix="add --workers 2")


@contextmanager
def _environment(folder: str, workers: int) -> Iterator[None]:
    """The environment that the workers inherit; each has its share of the cores, unless OMP_NUM_THREADS is set."""
    added = {ERRORS: folder, LAUNCHER: str(os.getpid()), "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": _GRACE}
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
    """The launcher installs its own signal handlers and leaves them behind; restore those before it."""
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
    """torch leaves the workers' logs to the garbage collector, which warns of open files."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed file .*stderr.log", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()


def _failure(error: "ChildFailedError", folder: str) -> BaseException:
    """What ended the workers: an error that one reported, Ctrl-C, or what is known of the first that ended."""
    if message := reported_error(folder):
        return WeftnetError(message)
    if any(failure.exitcode == 130 for failure in error.failures.values()):
        return KeyboardInterrupt()
    rank, failure = error.get_first_failure()
    logs = sorted(Path(folder).glob(f"*/attempt_*/{rank}/stderr.log"))
    lines = logs[-1].read_text(encoding="utf-8", errors="replace").strip().splitlines() if logs else []
    ended = f"by signal {failure.signal_name()}" if failure.exitcode < 0 else f"with exit status {failure.exitcode}"
    return TrainingError(
        f"worker {rank} ended {ended}, after {RESTARTS} restarts",
        got="\n       ".join(lines[-12:]),
        fix="fix what it reports; `weftnet resume` then goes on from the newest checkpoint",
    )
