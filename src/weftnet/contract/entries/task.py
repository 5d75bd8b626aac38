"""A task and its facets, on the example that it brings: see `weftnet.tasks`."""

from weftnet.contract import _task_facets, _task_losses, _task_runs, _task_settings
from weftnet.contract._check import Check, checks
from weftnet.contract._scene import scene


def task(name: str) -> list[Check]:
    """The checks of a task."""
    groups = (_task_settings, _task_losses, _task_facets, _task_runs)
    return checks(name, scene, [check for group in groups for check in group.CHECKS])
