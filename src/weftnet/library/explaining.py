"""Why a run answers as it does: explanations of some examples, and how far to trust them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

from weftnet import explain
from weftnet.base import html
from weftnet.data import Data
from weftnet.data.request import Source
from weftnet.explain import Explanation
from weftnet.explain.drawing import headline
from weftnet.explain.examples import examples
from weftnet.report.page import page, paragraph, section, table
from weftnet.run.loading import Loaded

#: Examples that are explained if no row is named, and pieces that are listed for each.
_EXAMPLES, _PIECES = 4, 5
#: Share of the difference that attributions may leave unexplained without a hint.
_MISSING = 0.05


@dataclass(frozen=True)
class Request:
    """What is to be explained, and how.

    Args:
        sources: files, folders, values in memory; without sources and texts, the run's own data.
        texts: sentences.
        rows: of the sources, from 1; () for the first ones, for the run's own data the first of the test split.
        method: by name; None for the one that suits the network.
        target: a label; None for the predicted one.
        checks: how many examples the sanity checks are measured on.
        settings: of the method.
        seed: of randomised weights and random orders.
    """

    sources: Sequence[Source] = ()
    texts: Sequence[str] = ()
    rows: Sequence[int] = ()
    method: str | None = None
    target: str | None = None
    checks: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class Explained(Sequence[Explanation]):
    """Explanations of some examples, in order.

    Args:
        loaded: the run.
        request: with the method that was used.
        named: each with the name of its example.
        trust: the checks as (question, answer, figures).
    """

    loaded: Loaded
    request: Request
    named: Sequence[tuple[str, Explanation]]
    trust: Sequence[tuple[str, str, str]] = ()

    @overload
    def __getitem__(self, place: int) -> Explanation: ...
    @overload
    def __getitem__(self, place: slice) -> list[Explanation]: ...
    def __getitem__(self, place: int | slice) -> Explanation | list[Explanation]:
        return [each for _, each in self.named][place]

    def __len__(self) -> int:
        return len(self.named)

    def __iter__(self) -> Iterator[Explanation]:
        return (each for _, each in self.named)

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {headline(each)}: {pieces(each)}" for name, each in self.named)

    @property
    def hint(self) -> str:
        """A hint for attributions that don't add up to the difference."""
        worst = max((each.checks.get("missing_share", 0.0) for each in self), default=0.0)
        if worst <= _MISSING:
            return ""
        how = "use more steps (--set steps=1024) or occlusion"
        return f"up to {worst:.0%} of the difference is not accounted for: {how}\n"

    def page(self) -> str:
        """All as an HTML document, with drawings."""
        against = self[0].compared_with if self.named else {}
        body = [
            paragraph(f"{self.request.method} of {self.loaded.run.folder.name}."),
            *(paragraph(f"{name}: compared with {text}.", soft=True) for name, text in against.items() if text),
            *(section(row, explain.draw(each)) for row, each in self.named),
        ]
        if self.trust:
            body.append(
                section("How far to trust it", table(["question", "answer", "figures"], self.trust, words=(0, 2)))
            )
        return page("Explanation", body)

    def _repr_html_(self) -> str:
        body = [html.heading(name) + explain.draw(each) for name, each in self.named]
        rows = [html.table(["", "", "figures"], self.trust, left=3)] if self.trust else []
        return html.shown(*body, *([html.heading("How far to trust it"), *rows] if rows else []))


def explained(loaded: Loaded, request: Request, own: Data | None = None) -> Explained:
    """The explanations that were asked for.

    Args:
        loaded: the run.
        request: what, and how.
        own: the run's own data, where they are at hand.

    Raises:
        WeftnetError: a source can't be read, a row is not there, or the method can't be used.
    """
    request = replace(request, method=request.method or explain.default_method(loaded))
    named: list[tuple[str, Explanation]] = []
    for each in examples(loaded, request.sources, request.texts, request.rows, _EXAMPLES, own):
        found = explain.attribute(loaded, each.batch, request.method, request.target, **request.settings)
        named += zip(each.names, found, strict=True)
    return Explained(loaded, request, named, _trust(loaded, request, own))


def pieces(explanation: Explanation) -> str:
    """The strongest pieces, with their attributions."""
    return ", ".join(
        f"{f'{piece.name} = {piece.value}' if piece.value else piece.name} {piece.attribution:+.3g}"
        for piece in explanation.strongest(_PIECES)
    )


def _trust(loaded: Loaded, request: Request, own: Data | None) -> list[tuple[str, str, str]]:
    """The checks as (question, answer, figures), measured on the first examples of the first source."""
    if not request.checks:
        return []
    first = examples(loaded, request.sources[:1], request.texts, (), request.checks, own)[0]
    checks = explain.checks(loaded, first.batch, request.method, request.seed, request.target, **request.settings)
    rows = [(question, *verdict) for question, verdict in explain.verdicts(checks).items()]
    if "edges" in checks:
        rows.append(("similarity to the image's edges", f"{checks['edges']:.2f}", "rank correlation of the magnitudes"))
    measured = f"example{'s' * (first.batch.size > 1)}; few examples say little"
    return [*rows, ("measured on", str(first.batch.size), measured)]
