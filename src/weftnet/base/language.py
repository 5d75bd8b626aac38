"""Pages in the reader's language: texts are written in English where they arise, and translated by what they say.

    languages/zh/*.json    English text → the text in Chinese
    "Worst mistakes": "最严重的错误"
    "{#count} of {rows} rows hold {~what}": "{rows} 行中有 {count} 行含{what}"

A text is looked up whole; if it isn't there, its sentences are, one by one. Where one of them isn't either, the first
template that fits is taken, of those with the most letters of their own: `{name}` stands for any words, which stay as
they are; `{#name}` for a number; `{~name}` for words that are translated in their turn. If none fits, the text stays
English. So nobody who writes a text marks it, and a plugin's text without a translation is shown as it is.

What data brought – names, labels, values – is never looked up: whoever draws a page says which texts are the program's,
by `spoken`, `twin`, `attribute` or `Said`. In a page both texts stand; the script `languages/switch.js` shows one.
"""

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from types import MappingProxyType

#: code → what the language calls itself; the first is the one that texts are written in
LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "zh": "中文"})
#: the folder of the catalogues, and of the script
FOLDER = Path(__file__).with_name("languages")

#: characters of the longest text that templates are tried on
_LONGEST = 600
_PLACEHOLDER = re.compile(r"\{([~#]?)([a-z_]+)\}")
#: what a placeholder stands for; `languages/texts.js` holds the same
_ANYTHING = r"(.+?)"
_NUMBER = r"([-−+<]? ?\d(?:[\d.,\u2009]*\d)?(?:e[-+]?\d+)?(?: ?%)?)"
#: where a text is divided, and what stands there in each language
_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z“\"(])|(; )|( · )|(\n)")
_JOINED: Mapping[str, Mapping[str, str]] = {"zh": {"; ": "；", " ": "", ".": "。"}}

_learnt: dict[str, dict[str, str]] = {}


class Said(str):
    """A text of the program's among texts of the data: a cell of a table, the name of a curve."""

    __slots__ = ()


def learn(language: str, texts: Mapping[str, str]) -> None:
    """Add translations, such as those of a plugin; a text that is known already keeps its own.

    >>> learn("zh", {"upper half": "上半部分"})
    >>> translated("upper half", "zh")
    '上半部分'

    Args:
        language: an entry of `LANGUAGES`.
        texts: English text, or template → the text in this language.
    """
    _learnt.setdefault(language, {}).update(texts)
    for each in (catalogue, _templates, translated):
        each.cache_clear()


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All translations into a language, by the text in English."""
    texts: dict[str, str] = dict(_learnt.get(language, {}))
    for path in sorted((FOLDER / language).glob("*.json")):
        texts |= json.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType(texts)


@lru_cache(maxsize=8192)
def translated(text: str, language: str) -> str | None:
    """The text in a language; None where there is no translation."""
    return _exact(text, language) or _sentences(text, language) or _by_template(text, language)


def in_language(text: str, language: str) -> str:
    """The text in a language, or as it is."""
    return translated(text, language) or text


def spoken(text: str, tag: str = "span") -> str:
    """HTML of a text of the program's: with its translations, where there are any; `tag` may be tspan, in a drawing."""
    marks = twin(text)
    return f"<{tag}{marks}>{escape(text)}</{tag}>" if marks else escape(text)


def twin(text: str) -> str:
    """The attributes of an element that holds this text of the program's alone: `f"<p{twin(text)}>{escape(text)}</p>"`.

    Empty where there is no translation; otherwise they begin with a blank.
    """
    return "".join(f" data-{language}='{escape(each, quote=True)}'" for language, each in _others(text))


def shown(text: str, tag: str = "span") -> str:
    """HTML of a text that is the program's if it is `Said`, else the data's."""
    return spoken(text, tag) if isinstance(text, Said) else escape(text)


def attribute(name: str, text: str) -> str:
    """An attribute that holds a text of the program's: alt, title, aria-label or placeholder."""
    others = "".join(f" data-{language}-{name}='{escape(each, quote=True)}'" for language, each in _others(text))
    return f"{name}='{escape(text, quote=True)}'{others}"


@cache
def script() -> str:
    """The script of a page in several languages, for one element `<script>`: chooses, switches, remembers."""
    return (FOLDER / "switch.js").read_text(encoding="utf-8").replace("LANGUAGES", json.dumps(dict(LANGUAGES)))


def _others(text: str) -> list[tuple[str, str]]:
    found = ((language, translated(text, language)) for language in list(LANGUAGES)[1:])
    return [(language, each) for language, each in found if each is not None]


def _forms(text: str, language: str) -> list[tuple[str, str]]:
    """How a text may stand in the catalogue, each with what is then put behind it: without full stop or capital."""
    forms = [(text, "")]
    if text.endswith("."):
        forms.append((text[:-1], _JOINED.get(language, {}).get(".", ".")))
    return forms + [(form[:1].lower() + form[1:], end) for form, end in forms if form[:1].isupper()]


def _exact(text: str, language: str) -> str | None:
    texts = catalogue(language)
    return next((texts[form] + end for form, end in _forms(text, language) if form in texts), None)


def _sentences(text: str, language: str) -> str | None:
    """Its sentences, if it has several and there is a translation of each."""
    if len(text) > _LONGEST or len(pieces := _divided(text)) < 2:
        return None
    joined, said = _JOINED.get(language, {}), []
    for piece, between in pieces:
        if (one := _exact(piece, language) or _by_template(piece, language)) is None:
            return None
        said += [one, joined.get(between, between)]
    return "".join(said)


def _by_template(text: str, language: str) -> str | None:
    if len(text) > _LONGEST:
        return None
    for form, end in _forms(text, language):
        for pattern, names, other in _templates(language):
            if match := pattern.fullmatch(form):
                return _filled(other, dict(zip(names, match.groups(), strict=True)), language) + end
    return None


def _filled(template: str, found: Mapping[str, str], language: str) -> str:
    values = {
        name.lstrip("~#"): in_language(each, language) if name[0] == "~" else each for name, each in found.items()
    }
    return _PLACEHOLDER.sub(lambda place: values[place[2]], template)


@cache
def _templates(language: str) -> tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...]:
    """Pattern, names of its groups, and translation of each template; the most letters of its own first."""
    found = [text for text in catalogue(language) if _PLACEHOLDER.search(text)]
    found.sort(key=lambda text: (-len(_PLACEHOLDER.sub("", text)), text))
    return tuple(
        (_pattern(text), tuple(kind + name for kind, name in _PLACEHOLDER.findall(text)), catalogue(language)[text])
        for text in found
    )


def _pattern(text: str) -> re.Pattern[str]:
    parts, last = [], 0
    for place in _PLACEHOLDER.finditer(text):
        parts += [re.escape(text[last : place.start()]), _NUMBER if place[1] == "#" else _ANYTHING]
        last = place.end()
    return re.compile("".join([*parts, re.escape(text[last:])]))


def _divided(text: str) -> list[tuple[str, str]]:
    """Sentences, each with what stands behind it."""
    pieces, last = [], 0
    for place in _SENTENCES.finditer(text):
        pieces.append((text[last : place.start()], place.group()))
        last = place.end()
    return [*pieces, (text[last:], "")]
