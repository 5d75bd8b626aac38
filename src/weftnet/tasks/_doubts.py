"""Labels that may be meant otherwise: which tasks are plausible where the kind of a target alone does not tell."""

from collections.abc import Sequence


def are_scores(labels: Sequence[object]) -> bool:
    """Whether labels may be amounts: three whole numbers or more that don't count from 0, as codes of classes do."""
    words = [str(label) for label in labels]  # a table's are words
    whole = all(word.removeprefix("-").isdecimal() for word in words)
    return whole and len(words) >= 3 and min(map(int, words)) != 0


def are_lists(labels: Sequence[object]) -> bool:
    """Whether labels may be several in one, such as "drama; war": at least half of them have parts, and parts recur."""
    rows = [str(label).split(";") for label in labels]
    parts = [part.strip() for row in rows for part in row]
    return 2 * sum(len(row) > 1 for row in rows) >= len(rows) > 1 and len(set(parts)) < len(parts)
