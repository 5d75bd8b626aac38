"""Workers on a cluster: Ray Train places the processes, connects them and replaces those that are lost.

    launch_on_ray(["fit", "digits", …], workers=2)   ≙   torchrun … -m weftnet fit digits …   on machines that Ray picks

Each worker runs the same command and joins the process group that Ray made; from then on it is one of weftnet's workers
(`parallel.py`). All of them use the same run folder, on a disk that the machines share. Nothing in it is pickled: Ray's
own files are kept beside it during the training, and are deleted afterwards.

Workers and the command that waits for them exchange messages through an actor, the desk: printed text, an error, the
request to stop, how often a worker was started. Source: https://docs.ray.io/en/latest/train/train.html (Ray 2.60).
Importing this module imports neither torch nor Ray.
"""

import logging
import os
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import TextIOBase
from pathlib import Path
from typing import Any

from weftnet.base.extras import need
from weftnet.errors import RunError, SettingError, TrainingError, WeftnetError
from weftnet.train.interrupt import ELSEWHERE, Interrupt
from weftnet.train.launching import RESTARTS
from weftnet.train.worker import ERRORS

#: Seconds between two checks for messages at the desk.
_INTERVAL = 0.3
#: Seconds after which the command says what it is waiting for.
_LONG = 30.0


class Desk:
    """Where workers and the command that waits for them leave messages for each other."""

    def __init__(self) -> None:
        self.starts: Counter[int] = Counter()
        self.printed = ""
        self.error = ""
        self.stopping = self.stopped = False

    def register(self, rank: int) -> tuple[int, str]:
        """A worker starts; how often it did before, and a reported error, which would only occur again."""
        self.starts[rank] += 1
        return self.starts[rank] - 1, self.error

    def print(self, text: str) -> None:
        """Text for the terminal of the command."""
        self.printed += text

    def report_error(self, error: str) -> None:
        """An error of weftnet's own; only the first is kept."""
        self.error = self.error or error

    def request_stop(self) -> None:
        """Ctrl-C was pressed."""
        self.stopping = True

    def stop_requested(self) -> bool:
        """Whether the workers shall stop."""
        return self.stopping

    def report_stop(self) -> None:
        """The training was stopped and can be resumed."""
        self.stopped = True

    def take_output(self) -> tuple[str, bool]:
        """The text printed since the last call, and whether any worker has started."""
        printed, self.printed = self.printed, ""
        return printed, bool(self.starts)

    def ending(self) -> tuple[str, bool]:
        """The error that was reported, and whether the training was stopped."""
        return self.error, self.stopped


class _Printed(TextIOBase):
    """A stream whose text appears on the terminal of the command."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk

    def write(self, text: str) -> int:
        """Send the text; texts arrive in the order of the calls."""
        self.desk.print.remote(text)
        return len(text)


def launch_on_ray(
    command: Sequence[str], workers: int, run: Callable[[Sequence[str]], None], folder: Path, address: str | None = None
) -> None:
    """Run a weftnet command in several processes of a Ray cluster that train together, and wait for them.

    Args:
        command: the arguments of `weftnet` on the command line.
        workers: how many; each has a GPU if the cluster has enough of them.
        run: runs a command, in every worker; raises KeyboardInterrupt if it was stopped.
        folder: of the runs, on a disk that all machines share.
        address: of the cluster; the variable RAY_ADDRESS if left out, and without that this machine alone.

    Raises:
        MissingExtra: Ray is not installed.
        WeftnetError: as a worker reported it.
        RunError: the folder can't be made.
        SettingError: there is no cluster at that address.
        TrainingError: the workers ended unexpectedly more than `RESTARTS` times.
        KeyboardInterrupt: Ctrl-C; the run can be resumed.
    """
    ray, api, torch = (need(name, extra="ray", what="--on ray") for name in ("ray", "ray.train", "ray.train.torch"))
    own_files = folder.resolve().parent / f".{folder.name}-ray"
    gpus, cores = _connect(ray, workers, address)
    try:
        _make(own_files)
        desk = _desk(ray)
        trainer = torch.TorchTrainer(
            _work,
            train_loop_config={
                "desk": desk, "run": run, "command": list(command), "place": os.getcwd(), "errors": str(own_files),
                "columns": shutil.get_terminal_size().columns,
            },
            torch_config=torch.TorchConfig(backend="cpu:gloo,cuda:nccl" if gpus else "gloo"),
            scaling_config=api.ScalingConfig(num_workers=workers, use_gpu=gpus, resources_per_worker={"CPU": cores}),
            run_config=api.RunConfig(
                name="workers", storage_path=str(own_files), failure_config=api.FailureConfig(max_failures=RESTARTS)
            ),
        )  # fmt: skip
        failure = _wait(ray, desk, trainer, f"{workers} workers with {cores} CPUs each")
        error, stopped = ray.get(desk.ending.remote())
    finally:
        ray.shutdown()
        shutil.rmtree(own_files, ignore_errors=True)
    _raise(error, stopped, failure)


def _raise(error: str, stopped: bool, failure: Exception | None) -> None:
    """Raise what ended the workers: an error of weftnet's own, Ctrl-C, or a failure that Ray reports."""
    if error:
        raise WeftnetError(error)
    if stopped:
        raise KeyboardInterrupt
    if failure is not None:
        raise TrainingError(
            f"the workers ended unexpectedly, after {RESTARTS} restarts",
            got="\n       ".join(str(failure).strip().splitlines()[-12:]),
            fix="fix what it reports; `weftnet resume` then goes on from the newest checkpoint",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"can't be made: {error.strerror}", where=str(folder)) from error


def _connect(ray: Any, workers: int, address: str | None) -> tuple[bool, int]:
    """Join the cluster, or start one on this machine; whether workers have GPUs, and how many cores each."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray sends no usage statistics
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    here, cores = address == "local", os.cpu_count() or 1
    own = {"num_cpus": max(cores, workers), "include_dashboard": False} if here else {}
    try:
        host, colon, port = address.rpartition(":")
        if colon and port.isdecimal() and "/" not in host:
            socket.create_connection((host, int(port)), timeout=10).close()  # as Ray itself would retry for minutes
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL, **own)
    except (OSError, ValueError, RuntimeError) as error:
        raise SettingError(
            "there is no Ray cluster", where="--address", got=f"{address}: {str(error).strip().splitlines()[0]}",
            fix="start one with `ray start --head`, or leave --address out for this machine",
        ) from error  # fmt: skip
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # failures are raised instead
    gpus = ray.cluster_resources().get("GPU", 0) >= workers
    return gpus, max(1, cores // workers) if here else 1


def _desk(ray: Any) -> Any:
    """The desk, on the machine of the command, so that it survives the loss of the workers' machines."""
    strategies = need("ray.util.scheduling_strategies", extra="ray", what="--on ray")
    here = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0, scheduling_strategy=here)(Desk).remote()


def _wait(ray: Any, desk: Any, trainer: Any, required: str) -> Exception | None:
    """Wait for the training, print its output, forward Ctrl-C; return the failure that ended it, if there is one."""
    failures: list[Exception] = []

    def fit() -> None:
        try:
            trainer.fit()
        except Exception as error:  # returned by `_wait`
            failures.append(error)

    # in a thread, as Ray's own response to Ctrl-C is to end the workers without a checkpoint
    training = threading.Thread(target=fit, daemon=True)
    training.start()
    with Interrupt() as interrupt:
        forwarded, began, explained = False, time.monotonic(), False
        while training.is_alive():
            training.join(_INTERVAL)
            printed, started = ray.get(desk.take_output.remote())
            print(printed, end="", flush=True)
            if interrupt.asked and not forwarded:
                desk.request_stop.remote()
                forwarded = True
            if not (started or explained) and time.monotonic() - began > _LONG:
                print(
                    f"waiting for {required}; the cluster has {ray.cluster_resources().get('CPU', 0):g} CPUs",
                    flush=True,
                )
                explained = True
        print(ray.get(desk.take_output.remote())[0], end="", flush=True)
    return failures[0] if failures else None


def _work(config: dict[str, Any]) -> None:
    """One worker, in a process that Ray started, with torchrun's variables and a process group."""
    ray, api = need("ray", extra="ray", what="--on ray"), need("ray.train", extra="ray", what="--on ray")
    desk, rank = config["desk"], api.get_context().get_world_rank()
    starts, error = ray.get(desk.register.remote(rank))
    if error:
        return
    os.environ |= {
        "TORCHELASTIC_RESTART_COUNT": str(starts),
        "COLUMNS": str(config["columns"]),
        ERRORS: config["errors"],
    }
    threading.Thread(target=_listen, args=(ray, desk), daemon=True).start()
    try:
        _enter(config["place"])
        with redirect_stdout(_Printed(desk)):
            config["run"](config["command"])
    except KeyboardInterrupt:
        ray.get(desk.report_stop.remote())
    except WeftnetError as error:
        ray.get(desk.report_error.remote(str(error)))
        raise RuntimeError(str(error)) from None  # the others wait for this one: Ray ends them


def _enter(place: str) -> None:
    """Change to the folder in which the command was started, so that its paths mean the same.

    Raises:
        SettingError: this machine has no such folder.
    """
    try:
        os.chdir(place)
    except OSError as error:
        fix = "run the command in a folder on a disk that all machines of the cluster share"
        raise SettingError("a worker's machine doesn't have the folder", where=place, fix=fix) from error


def _listen(ray: Any, desk: Any) -> None:
    """Wait for a request to stop: Ctrl-C is pressed on another machine."""
    while not ray.get(desk.stop_requested.remote()):
        time.sleep(_INTERVAL)
    ELSEWHERE.set()
