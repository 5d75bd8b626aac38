"""The request for a source of rows, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from weftnet.data.cache import key_of
from weftnet.data.infer import Spec
from weftnet.data.splits import SplitSpec

#: a path or name, or values in memory: a mapping, a frame, arrays, a data set of torch or of Hugging Face
Source: TypeAlias = Any


def name_of(source: Source) -> str:
    """What a source is called: its path, or `memory`."""
    return str(source) if isinstance(source, str | Path) else "memory"


@dataclass(frozen=True)
class Request:
    """Everything the data depend on besides their source.

    Args:
        kinds: what columns are, where the inferred kind is not wanted; None leaves a column out.
        splits: how rows are split.
        seed: of the shuffling.
        state: of data opened before.
        options: of the source.
        target: the column to predict, if it was named.
        duplicates: "keep", or "group" to keep equal rows in one split.
        fitted: states of kinds by column, kept where the column is of that kind here too.
        target_kind: what the target is, where its values can be read so and `kinds` doesn't name it.
        parts: split → the source that is its official part.
    """

    kinds: Mapping[str, Spec | None]
    splits: SplitSpec
    seed: int
    state: Mapping[str, Any] | None
    options: Mapping[str, Any]
    target: str | None
    duplicates: str = "keep"
    fitted: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    target_kind: Spec | None = None
    parts: Mapping[str, Source] = field(default_factory=dict)

    def key(self, fingerprint: str) -> str:
        """The name under which encoded rows are cached."""
        return key_of(
            fingerprint, self.kinds, self.splits, self.seed, self.state, self.options, self.target, self.duplicates,
            dict(self.fitted), self.target_kind,
        )  # fmt: skip
