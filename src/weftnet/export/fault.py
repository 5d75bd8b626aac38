"""The error of a failed export."""

from weftnet.errors import WeftnetError


class ExportError(WeftnetError):
    """A network can't be written for another engine, or its exported model computes different numbers."""
