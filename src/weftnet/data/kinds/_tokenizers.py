"""What kinds share that turn texts into tokens by the library `tokenizers`; no tokeniser file is read by it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from weftnet.base.extras import need
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds._tokens import as_text
from weftnet.errors import DataError


def texts_of(values: Any) -> list[str]:
    """Raw values as texts that can be encoded as UTF-8.

    Raises:
        BadValue: a lone surrogate, which is no character.
    """
    texts = [as_text(value) for value in values]
    for row, text in enumerate(texts):
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise BadValue(row, "the text holds a lone surrogate and has no UTF-8 bytes", got=ascii(text[:40]))
    return texts


def library() -> Any:
    """The package.

    Raises:
        MissingExtra: it is not installed.
    """
    return need("tokenizers", extra="text", what="reading texts as subwords")


def as_json(tokenizer: Any) -> dict[str, Any]:
    """A tokeniser of the library, in its JSON form."""
    document: dict[str, Any] = json.loads(tokenizer.to_str())
    return document


def ordered(vocabulary: Any, where: str) -> list[str]:
    """The tokens of {token: number}, by number.

    Raises:
        DataError: the numbers have gaps, or there are no tokens.
    """
    by_number = {code: token for token, code in dict(vocabulary).items()}
    if not by_number or sorted(by_number) != list(range(len(by_number))):
        raise DataError("the numbers of its tokens have gaps", where=where, got=f"{len(by_number)} tokens")
    return [str(by_number[code]) for code in range(len(by_number))]


def part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a tokenizer.json; {} where it has none."""
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def only(found: Mapping[str, Any], known: Mapping[str, Sequence[Any]], what: str) -> None:
    """Refuse settings of a tokeniser that can't be followed.

    Args:
        found: its settings.
        known: the values that each may have.
        what: it is, for the message.

    Raises:
        DataError: one has another value.
    """
    for name, values in known.items():
        if name in found and found[name] not in values:
            expected = f"{name}: {' or '.join(map(str, values))}"
            got = str(found[name])[:80]
            raise DataError(f"the {what} splits texts in a way that is not known", expected=expected, got=got)
