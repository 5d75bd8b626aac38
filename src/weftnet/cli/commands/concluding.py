"""The result of a competition as files."""

from pathlib import Path

from weftnet.base.files import write_json
from weftnet.compete import competition as compete
from weftnet.compete.competition import Competition
from weftnet.data import Data


def written(result: Competition, data: Data) -> Path:
    """Write the result and its report, whose path is returned."""
    from weftnet.report import write_competition

    page = write_competition(result, data)
    write_json(result.folder / compete.FILE, result.document())  # last: it says that all is done
    return page
