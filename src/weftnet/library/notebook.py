"""What a notebook shows of weftnet's objects that know nothing of notebooks: architectures, runs, competitions.

`import weftnet` registers it where IPython runs. Nothing else is imported before one of them is shown.
"""

import sys
from html import escape
from typing import TYPE_CHECKING, Any

from weftnet.base import html

if TYPE_CHECKING:
    from weftnet.architecture.spec import Architecture
    from weftnet.compete.competition import Competition
    from weftnet.explain.explanation import Explanation
    from weftnet.run.folder import Run
    from weftnet.run.loading import Loaded


def architecture(shown: "Architecture") -> str:
    """The drawing, where the architecture says what it reads; otherwise as YAML."""
    from weftnet.architecture.spec import to_yaml
    from weftnet.errors import WeftnetError
    from weftnet.library.drawing import drawing_of

    try:
        return drawing_of(shown, {})._repr_html_()
    except WeftnetError:
        return html.shown(f"<pre>{escape(to_yaml(shown))}</pre>")


def run(shown: "Run") -> str:
    """Task, data, status and scores."""
    facts = shown.facts
    rows = [("task", facts.task.name), ("data", facts.data.name or ""), ("status", shown.status)]
    for split, scores in (facts.scores or {}).items():
        rows.append((split, ", ".join(f"{name} {value:.4g}" for name, value in scores.items())))
    return html.shown(html.heading(str(shown.folder)), html.facts(rows))


def loaded(shown: "Loaded") -> str:
    """The run, and its network."""
    from weftnet.library.drawing import drawing_of

    return run(shown.run) + drawing_of(shown.architecture, shown.signals)._repr_html_()


def competition(shown: "Competition") -> str:
    """The leaderboard, and why the best is the best."""
    from weftnet.library.fit import board_of

    return html.shown(board_of(shown), html.line(shown.reason))


def explanation(shown: "Explanation") -> str:
    """The drawing."""
    from weftnet.explain.drawing import draw

    return html.shown(draw(shown))


_SHOWN = {
    ("weftnet.architecture.spec", "Architecture"): architecture,
    ("weftnet.run.folder", "Run"): run,
    ("weftnet.run.loading", "Loaded"): loaded,
    ("weftnet.compete.competition", "Competition"): competition,
    ("weftnet.explain.explanation", "Explanation"): explanation,
}


def register() -> None:
    """Tell IPython how they are shown; nothing where it does not run."""
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["text/html"]
    for (module, name), function in _SHOWN.items():
        formatter.for_type_by_name(module, name, function)
