"""Self-contained HTML pages: no scripts, and no fonts or pictures from elsewhere."""

from weftnet.report.competition import write_competition
from weftnet.report.run import write_run

__all__ = ["write_competition", "write_run"]
