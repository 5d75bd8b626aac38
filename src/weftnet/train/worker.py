"""Which process this is: alone, or one of several workers; by the environment variables that launchers set.

    RANK, WORLD_SIZE, LOCAL_RANK       as torchrun sets them: this worker, of how many, counted on this machine
    TORCHELASTIC_RESTART_COUNT         how often the launcher has restarted the group
    WEFTNET_ERRORS                     a folder of the launcher's, in which workers leave messages for it
    WEFTNET_LAUNCHER                   the launcher's process; without it, a worker's parent

Importing this module does not import torch.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weftnet.errors import SettingError, WeftnetError

#: The variable with the folder into which a worker writes the error that ended it.
ERRORS = "WEFTNET_ERRORS"
#: the variable that names the device of every training, for this process and those that it starts
DEVICE = "WEFTNET_DEVICE"
#: The variable with the process of the launcher.
LAUNCHER = "WEFTNET_LAUNCHER"
#: Seconds between two looks at whether it still runs.
_INTERVAL = 0.5
#: A file in that folder: the workers have made their run folders.
_STARTED = "started"


def is_worker() -> bool:
    """Whether a launcher (`torchrun`, `weftnet fit --workers`) started this process as one of several."""
    return "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_leader() -> bool:
    """Whether this process prints and writes: the first worker does, and a process that is alone."""
    return not is_worker() or os.environ["RANK"] == "0"


def end_with_launcher() -> None:
    """From now on a worker whose launcher was killed ends at once, in whatever it is: nobody would replace it."""
    if not is_worker():
        return
    os.environ.setdefault(LAUNCHER, str(os.getppid()))

    def watch() -> None:
        while not _is_orphan():
            time.sleep(_INTERVAL)
        os._exit(1)

    threading.Thread(target=watch, name="end with launcher", daemon=True).start()


@contextmanager
def no_failure_of_an_orphan() -> Iterator[None]:
    """An error in a worker whose launcher was killed says only that other workers have ended: it ends silently too."""
    try:
        yield
    except Exception:
        if is_worker() and LAUNCHER in os.environ:
            time.sleep(_INTERVAL)  # the connections of a process close a moment before it has ended
            if _is_orphan():
                os._exit(1)
        raise


def _is_orphan() -> bool:
    return os.environ[LAUNCHER] != str(os.getppid())  # an orphan gets another parent


def restarts() -> int:
    """How often the launcher has restarted this worker's group."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) if is_worker() else 0


def mark_started() -> None:
    """Note that the run folders are made, so that restarted workers continue with what is there."""
    if folder := os.environ.get(ERRORS):
        Path(folder, _STARTED).touch()


def restarted_midway() -> bool:
    """Whether the workers were restarted after they had made the run folders; torchrun keeps no note of that."""
    folder = os.environ.get(ERRORS)
    return restarts() > 0 and (not folder or Path(folder, _STARTED).is_file())


def report_error(error: WeftnetError) -> bool:
    """Leave an error for the launcher; False if there is no launcher that reads it."""
    folder = os.environ.get(ERRORS)
    if folder:
        (Path(folder) / f"{os.environ.get('RANK', '0')}.txt").write_text(str(error), encoding="utf-8")
    return bool(folder)


def reported_error(folder: str | None = None) -> str:
    """The error of the first worker of the group that reported one, which a restart would only repeat; "" if none.

    Args:
        folder: of the errors; the one in the environment, if left out.
    """
    folder = folder or os.environ.get(ERRORS)
    if not folder or not Path(folder).is_dir():
        return ""
    return next((path.read_text(encoding="utf-8") for path in sorted(Path(folder).glob("*.txt"))), "")


def _check_device(device: str) -> None:
    """Refuse a device that this machine lacks.

    Raises:
        SettingError: there is none of this name.
    """
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        there = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
        what = "there is no such device"
        raise SettingError(what, where="device", expected=", ".join(there), got=device) from error


def own_device(device: str | None = None) -> str:
    """The device this process trains on; of several GPUs each worker has the one with its number on the machine.

    Args:
        device: the one asked for; when left out that of the variable WEFTNET_DEVICE, or a GPU if there is one.

    Raises:
        SettingError: there is no such device, or the machine has fewer GPUs than workers.
    """
    import torch  # here, as the command line asks who it is before it imports torch

    device = device or os.environ.get(DEVICE) or None
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    else:
        _check_device(device)
    if device != "cuda" or not is_worker():
        return device
    number, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= count:
        raise SettingError(
            "a worker has no GPU of its own", where="--workers", expected=f"at most {count} on this machine",
            fix="use fewer workers; or the CPU: set CUDA_VISIBLE_DEVICES to an empty value",
        )  # fmt: skip
    return f"cuda:{number}"
