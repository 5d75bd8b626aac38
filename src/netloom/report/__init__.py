"""Self-contained HTML pages: no script, no font, no picture from elsewhere."""

from netloom.report.competition import write_competition
from netloom.report.run import write_run

__all__ = ["write_competition", "write_run"]
