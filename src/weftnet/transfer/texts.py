"""How a published network reads texts, as a fitted column: from the files of its tokeniser, none of which is executed.

    tokenizer.json           of the library `tokenizers`, read as JSON
    vocab.txt                word pieces, one in each line, with tokenizer_config.json for upper and lower case
    vocab.json, merges.txt   pairs of bytes

Each is brought into the form of a tokenizer.json, and the kinds of column are asked which of them reads so.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weftnet.base.files import read_json, read_text
from weftnet.data.kinds import KINDS
from weftnet.errors import RunError
from weftnet.transfer.foreign import Foreign

_FILES = ("tokenizer.json", "vocab.txt", "vocab.json")


def column(read: Foreign, longest: int) -> dict[str, Any]:
    """The state of a fitted column.

    Args:
        read: the folder.
        longest: how many tokens a text may have.

    Raises:
        RunError: there is no tokeniser, or none that is known.
        DataError: it splits texts in a way that can't be followed.
    """
    document, where = _document(read)
    for name in KINDS:
        if (kind := KINDS.get(name).of_tokeniser(document, longest)) is not None:
            state: dict[str, Any] = kind.state()
            return state
    got = str(document.get("model", {}).get("type"))
    raise RunError("its tokeniser is of a sort that is not known", where=where, expected="WordPiece or BPE", got=got)


def _document(read: Foreign) -> tuple[dict[str, Any], str]:
    """The tokeniser as a tokenizer.json, and the path of what was read."""
    if (path := read.beside("tokenizer.json")) is not None:
        return read_json(path), str(path)
    if (path := read.beside("vocab.txt")) is not None:
        return _word_pieces(path, read.document("tokenizer_config.json") or {}), str(path)
    merges = read.beside("merges.txt")
    if (path := read.beside("vocab.json")) is not None and merges is not None:
        return _pairs(read_json(path), merges), str(path)
    what = "a network of texts needs its tokeniser, which is not there"
    fix = "give the folder that holds the weights, config.json and the tokeniser"
    raise RunError(what, where=str(read.path), expected=" or ".join(_FILES), fix=fix)


def _word_pieces(path: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    pieces = read_text(path).removesuffix("\n").split("\n")
    return {
        "model": {"type": "WordPiece", "vocab": {piece.rstrip("\r"): code for code, piece in enumerate(pieces)}},
        "normalizer": {
            "type": "BertNormalizer", "lowercase": config.get("do_lower_case", True),
            "strip_accents": config.get("strip_accents"),
            "handle_chinese_chars": config.get("tokenize_chinese_chars", True),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
    }  # fmt: skip


def _pairs(vocabulary: Mapping[str, Any], merges: Path) -> dict[str, Any]:
    lines = [line for line in read_text(merges).splitlines() if line and not line.startswith("#version")]
    return {
        "model": {"type": "BPE", "vocab": dict(vocabulary), "merges": lines},
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
    }
