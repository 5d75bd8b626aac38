"""`weftnet calibrate`: measure this machine."""


def calibrate() -> None:
    """Measure this machine anew, for the time predictions of `check`."""
    from weftnet.cli.commands.architecture import calibrate_command

    calibrate_command()
