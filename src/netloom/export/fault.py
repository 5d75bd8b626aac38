"""What stops an export."""

from netloom.errors import NetloomError


class ExportError(NetloomError):
    """A network that can't be written for another engine, or whose copy there gives other numbers."""
