"""`weftnet calibrate`: measure the rates that `check` estimates from."""

from weftnet.cli._options import Json, Quiet
from weftnet.cli._output import Output


def calibrate(as_json: Json = False, quiet: Quiet = False) -> None:
    """Measure what this machine reaches in each kind of kernel, and keep it.

    `check` needs none of this where it can time real steps. Where a network is too large for that, it estimates from
    these rates, and measures them itself the first time. Measure again when the machine is idle, or has changed.
    """
    from weftnet.cli.commands.architecture import calibrate_command

    calibrate_command(Output(as_json, quiet))
