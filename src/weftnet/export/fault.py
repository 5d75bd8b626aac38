"""What stops an export."""

from weftnet.errors import WeftnetError


class ExportError(WeftnetError):
    """A network that can't be written for another engine, or whose copy there gives other numbers."""
