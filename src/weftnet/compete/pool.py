"""Trainings one after another, or several at once in processes of their own; Ctrl-C stops them and keeps their runs.

Each worker is in a process group of its own, so a terminal's Ctrl-C reaches only this process, which forwards it once.
A worker that is training then finishes its step and keeps its run; jobs that have not started are skipped. A second
Ctrl-C is forwarded too and interrupts the step. A worker whose parent process has ended exits.

The data are opened once: a single worker trains on them here, and several map the same arrays (`data/sharing.py`).
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event

from weftnet.compete.jobs import Job, Outcome, interrupted, run_job
from weftnet.data.data import Data
from weftnet.data.sharing import Parcel, shared
from weftnet.plugins import load_plugin
from weftnet.train.listeners._listener import Listener


@dataclass(frozen=True)
class _Worker:
    """What a worker process has for all of its jobs.

    Args:
        ended: set once no further job may start.
        data: what every job trains on.
    """

    ended: Event
    data: Data


#: In a worker, from its start.
_worker: _Worker | None = None


class Pool:
    """Processes for trainings on the same data; they start with the first jobs and are kept for further ones.

    Args:
        data: what every job trains on.
        workers: how many jobs run at once. Several workers use one thread each; a single one uses torch's default.
        plugins: files and folders that every worker loads too.
    """

    def __init__(self, data: Data, workers: int, plugins: Sequence[str] = ()) -> None:
        self.data, self.workers, self.plugins = data, workers, plugins
        self._open = ExitStack()
        self._processes: _Processes | None = None

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def started(self) -> bool:
        """Whether there are processes."""
        return self._processes is not None

    def run(
        self, jobs: Sequence[Job], done: Callable[[Outcome], None], progress: Callable[[str], Listener] | None = None
    ) -> list[Outcome]:
        """Run all jobs; their outcomes in order of completion. A single job runs in this process.

        Args:
            jobs: to be run.
            done: called with every outcome.
            progress: title → the display of one training's progress; for one at a time.

        Raises:
            DataError: the data can't be shared with other processes.
        """
        if min(self.workers, len(jobs)) <= 1:
            return _in_turn(jobs, self.data, done, progress)
        if self._processes is None:
            self._processes = self._start()
        outcomes, broken = self._processes.run(jobs, done)
        if broken:
            self._close()
        return outcomes

    def _start(self) -> "_Processes":
        parcel, context = self._open.enter_context(shared(self.data)), multiprocessing.get_context("spawn")
        ended, pids = context.Event(), context.SimpleQueue()
        executor = ProcessPoolExecutor(self.workers, context, _start_worker, (ended, pids, parcel, self.plugins))
        return _Processes(self._open.enter_context(executor), ended, pids)

    def _close(self) -> None:
        with _ignored():
            self._open.close()
        self._processes = None


class _Processes:
    """The processes of a pool.

    Args:
        executor: of their jobs.
        ended: set once no further job may start.
        pids: where each process says its number.
    """

    def __init__(self, executor: ProcessPoolExecutor, ended: Event, pids: "SimpleQueue[int]") -> None:
        self.executor, self.ended, self.pids = executor, ended, pids
        self.known: list[int] = []

    def run(self, jobs: Sequence[Job], done: Callable[[Outcome], None]) -> tuple[list[Outcome], bool]:
        """Run all jobs; their outcomes in order of completion, and whether a process was killed."""
        outcomes, broken = [], False
        with _ignored():
            futures: dict[Future[Outcome], Job] = {self.executor.submit(_work, job): job for job in jobs}
            with self._forwarded():
                for future in as_completed(futures):
                    try:
                        outcomes.append(future.result())
                    except BrokenProcessPool:
                        what = "its process, or another worker's, was killed; if memory ran out, --jobs 1 needs less"
                        outcomes.append(futures[future].outcome("failed", error=what))
                        broken = True
                    done(outcomes[-1])
        return outcomes, broken

    @contextmanager
    def _forwarded(self) -> Iterator[None]:
        """On Ctrl-C no further job starts, and every process is interrupted."""

        def forward(*_: object) -> None:
            self.ended.set()
            while not self.pids.empty():
                self.known.append(self.pids.get())
            for pid in self.known:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, forward)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def run_jobs(
    jobs: Sequence[Job],
    data: Data,
    workers: int,
    done: Callable[[Outcome], None],
    progress: Callable[[str], Listener] | None = None,
    plugins: Sequence[str] = (),
) -> list[Outcome]:
    """Run all jobs in a pool of their own; see `Pool`."""
    with Pool(data, workers, plugins) as pool:
        return pool.run(jobs, done, progress)


def _in_turn(
    jobs: Sequence[Job], data: Data, done: Callable[[Outcome], None], progress: Callable[[str], Listener] | None
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for job in jobs:
        if any(outcome.status in ("stopped", "skipped") for outcome in outcomes):
            outcome = interrupted(job)
        else:
            try:
                told = [progress(f"{job.name} seed {job.seed}")] if progress else []
                outcome = run_job(job, data, told)
            except KeyboardInterrupt:
                outcome = interrupted(job)
        outcomes.append(outcome)
        done(outcome)
    return outcomes


@contextmanager
def _ignored() -> Iterator[None]:
    """Ctrl-C is ignored here, and in processes started here until they install a handler."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _start_worker(ended: Event, pids: "SimpleQueue[int]", parcel: Parcel, plugins: Sequence[str]) -> None:
    """One thread, as two workers that use all cores each would slow each other down; plugins, then data."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgrp()
    pids.put(os.getpid())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
    for plugin in plugins:
        load_plugin(plugin)
    _worker = _Worker(ended, parcel.open())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Job) -> Outcome:
    """Run a job in a worker, which reacts to Ctrl-C only while it has one."""
    assert _worker is not None  # it was started
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        outcome = interrupted(job) if _worker.ended.is_set() else run_job(job, _worker.data)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return interrupted(job)
    return outcome
