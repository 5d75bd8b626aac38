"""`netloom calibrate`: measure this machine."""


def calibrate() -> None:
    """Measure this machine anew, for the time predictions of `check`."""
    from netloom.commands.architecture import calibrate_command

    calibrate_command()
