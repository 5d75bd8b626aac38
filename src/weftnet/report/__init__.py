"""Self-contained HTML pages: no script, no font, no picture from elsewhere."""

from weftnet.report.competition import write_competition
from weftnet.report.run import write_run

__all__ = ["write_competition", "write_run"]
