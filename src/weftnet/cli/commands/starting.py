"""`fit --start`: the run that a training starts from, and its network as a candidate."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weftnet.compete.competition import best_run
from weftnet.run.contents import contents
from weftnet.run.folder import Run
from weftnet.tasks import Candidate
from weftnet.tasks._headless import headless
from weftnet.train.start import Start


def start_from(fields: Mapping[str, Any]) -> Start:
    """The start that was asked for; of a competition it is the best run."""
    return Start.from_dict({**fields, "from": str(best_run(fields["from"]))})


def start_candidate(start: Start) -> Candidate:
    """The network of the run that a training starts from, without its head."""
    architecture, task, signals = contents(Run.open(start.run))
    name = re.sub(r"-seed\d+$", "", Path(start.run).name)
    return Candidate(name, headless(architecture, task, signals), {}, f"as in {start.run}")
