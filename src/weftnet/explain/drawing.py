"""An explanation drawn: a fragment of HTML and SVG that needs nothing else, for light and dark.

Red speaks for the target, blue against it; paler is weaker. Each input has a scale of its own. Values that come from
outside are escaped; there is no script.
"""

from html import escape
from typing import Any

from numpy.typing import NDArray

from weftnet.base.numbers import number
from weftnet.explain.explanation import DisplayedInput, Explanation
from weftnet.explain.pictures.alignment import draw_alignment
from weftnet.explain.pictures.bars import draw_bars
from weftnet.explain.pictures.image import draw_image
from weftnet.explain.pictures.series import draw_series
from weftnet.explain.pictures.tokens import draw_tokens
from weftnet.explain.pictures.video import draw_video

_CSS = """
.explanation { --for: #c8324a; --against: #1f6fc4; --drawn: #1b1f24; --quiet: #667; --rule: #d8dde3; }
@media (prefers-color-scheme: dark) { .explanation { --for: #ff7d8d; --against: #6cb2ff; --drawn: #e6e9ec;
  --quiet: #9aa4ad; --rule: #30363c; } }
.explanation { color: var(--drawn); font: 16px/1.5 system-ui, sans-serif; margin: 1rem 0 1.6rem; }
.explanation p { margin: .2rem 0; } .explanation .quiet { color: var(--quiet); font-size: .9rem; }
.explanation svg { max-width: 100%; height: auto; display: block; }
.explanation svg text { fill: var(--drawn); font: 12px system-ui, sans-serif; }
.explanation svg text.quiet { fill: var(--quiet); }
.explanation .for { fill: var(--for); } .explanation .against { fill: var(--against); }
.explanation .rule { stroke: var(--rule); } .explanation .curve { stroke: var(--drawn); fill: none; }
.explanation .words { line-height: 2.1; max-width: 46rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.explanation .words span { padding: .15em .2em; border-radius: .25em; }
.explanation .key i { display: inline-block; width: 1.1em; height: .8em; border-radius: .2em; margin: 0 .35em 0 .9em; }
.explanation .key i:first-child { margin-left: 0; }
"""
_DRAWERS = {"image": draw_image, "video": draw_video, "tokens": draw_tokens, "table": draw_bars, "vector": draw_bars}


def draw(explanation: Explanation) -> str:
    """All inputs of an explanation, a key to the colours, and its checks."""
    inputs = explanation.inputs
    several = len(inputs) > 1
    body = [_input(name, explanation.displayed[name], values, several) for name, values in inputs.items()]
    figures = ", ".join(f"{name} {number(value, 3)}" for name, value in explanation.checks.items())
    head = f"<p>{escape(headline(explanation))}</p>"
    up, down = ("speaks for it", "speaks against it") if _kind(explanation) == "label" else ("raises it", "lowers it")
    key = (
        f"<p class='quiet key'><i style='background:var(--for)'></i>{up}"
        f"<i style='background:var(--against)'></i>{down}</p>"
    )
    foot = f"<p class=quiet>{escape(explanation.method)}{escape(f'; {figures}' if figures else '')}</p>"
    read = "" if explanation.alignment is None else draw_alignment(explanation.alignment)
    return f"<div class=explanation><style>{_CSS}</style>{head}{''.join(body)}{key}{read}{foot}</div>"


def headline(explanation: Explanation) -> str:
    """What is explained, in one line."""
    score = number(explanation.score)
    if explanation.target == "value":
        return f"predicted {score}"
    if _kind(explanation) == "number":
        return f"{explanation.target}: predicted {score}"
    probability = explanation.answer.get("probabilities", {}).get(explanation.target)
    certainty = f", probability {number(probability, 3)}" if probability is not None else ""
    predicted = explanation.answer.get("label")
    other = f" (predicted: {predicted})" if predicted not in (None, explanation.target) else ""
    return f"why {explanation.target}{other}: score {score}{certainty}"


def _kind(explanation: Explanation) -> str:
    """Whether a label or a number was explained."""
    return "label" if "probabilities" in explanation.answer else "number"


def _input(name: str, displayed: DisplayedInput, values: NDArray[Any], several: bool) -> str:
    title = f"<p class=quiet>{escape(name)}</p>" if several else ""
    return title + _DRAWERS.get(displayed.kind, draw_series)(displayed, values)
