"""Self-contained HTML pages: no script, no font, no picture from elsewhere."""

from netloom.report.competition import write_competition

__all__ = ["write_competition"]
