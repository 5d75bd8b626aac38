"""Runs to try an entry on: those of the tasks' examples, in turn, until one suits it."""

from collections.abc import Callable
from typing import TypeVar

from weftnet.contract._check import Broken, NotApplicable
from weftnet.contract._scene import Scene, scene
from weftnet.errors import MissingExtra, WeftnetError
from weftnet.tasks import EXAMPLES, TASKS

Found = TypeVar("Found")


def suited(tried: Callable[[Scene], Found]) -> Found:
    """What comes of the first task's example that an entry can be tried on.

    Args:
        tried: raises a `WeftnetError` where the example does not suit it.

    Raises:
        NotApplicable: a package is not installed.
        Broken: it suits none.
    """
    reasons = []
    for name in TASKS:
        if EXAMPLES.find(name) is None:
            continue
        try:
            return tried(scene(name))
        except MissingExtra as missing:
            raise NotApplicable(str(missing)) from None
        except WeftnetError as reason:
            reasons.append(f"{name}: {reason.what}" + (f" ({reason.got})" if reason.got else ""))
    raise Broken("it applies to none of the tasks' examples", got="; ".join(reasons))
