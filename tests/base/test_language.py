"""Texts and their translations: found whole, by template and by sentence; both catalogues in step with the sources."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import weftnet
from weftnet.base import language
from weftnet.base.language import FOLDER, LANGUAGES, Said, attribute, catalogue, learn, shown, spoken, translated, twin

ROOT = Path(weftnet.__file__).parent
PLACEHOLDER = re.compile(r"\{[~#]?([a-z_]+)\}")
#: a function that shows texts of the program → the places of its arguments that are such texts, and their names
SHOWS = {
    "paragraph": (0,), "heading": (0,), "section": (0,), "collapsible": (0,), "figure": (1,), "spoken": (0,),
    "twin": (0,), "attribute": (1,), "Said": (0,),
}  # fmt: skip
FILES = sorted(FOLDER.glob("*/*.json"))


@pytest.fixture(autouse=True)
def _forgetting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(language, "_learnt", {})
    learn("zh", {
        "rows": "行", "wide": "宽", "a label": "标签", "no text is read": "没有读到文字",
        "{#count} of {rows} rows hold {~what}": "{rows} 行中有 {count} 行含{what}",
        "{name} is {~how}": "{name}是{how}", "better than {other}": "优于{other}",
    })  # fmt: skip
    yield
    monkeypatch.undo()
    learn("zh", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rows", "行"),
        ("Rows.", "行。"),
        ("Rows", "行"),
        ("3 of 1,200 rows hold a label", "1,200 行中有 3 行含标签"),
        ("3 of 4 rows hold words of theirs", "4 行中有 3 行含words of theirs"),
        ("some of 4 rows hold a label", None),
        ("rows is wide", "rows是宽"),
        ("x is y; rows", "x是y；行"),
        ("Rows. No text is read.", "行。没有读到文字。"),
        ("Rows. No text was seen.", None),
        ("better than {other}", "优于{other}"),
        ("better than\nx", None),
        ("", None),
        ("x" * 5000, None),
    ],
)
def test_a_text_is_translated_by_what_it_says(text: str, expected: str | None) -> None:
    assert translated(text, "zh") == expected


def test_the_template_with_most_of_its_own_is_taken() -> None:
    learn("zh", {"{a}: {b}": "甲{a}乙{b}", "{a}: no {b}": "{a}没有{b}"})
    assert translated("x: no y", "zh") == "x没有y"
    assert translated("x: y", "zh") == "甲x乙y"


def test_html_holds_both_and_is_escaped() -> None:
    learn("zh", {"<b> & 'c'": "<i> & '丙'"})
    assert spoken("rows") == "<span data-zh='行'>rows</span>"
    assert spoken("rows", "tspan") == "<tspan data-zh='行'>rows</tspan>"
    assert spoken("<unknown>") == "&lt;unknown&gt;"
    assert twin("<b> & 'c'") == " data-zh='&lt;i&gt; &amp; &#x27;丙&#x27;'"
    assert attribute("alt", "rows") == "alt='rows' data-zh-alt='行'"
    assert attribute("alt", "<'>") == "alt='&lt;&#x27;&gt;'"
    assert shown("rows") == "rows"
    assert shown(Said("rows")) == spoken("rows")


def test_long_templates_of_many_parts_take_no_time() -> None:
    learn("zh", {"{a}: {b} of {c} rows: {d}: {e}; {f}": "{a}{b}{c}{d}{e}{f}"})
    assert translated(": " * 200 + " of  rows:" * 10, "zh") is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_catalogue_is_whole_and_of_use(path: Path) -> None:
    """A text once, with the same placeholders in both languages; and what it translates is written in the sources."""
    pairs = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=list)
    assert path.parent.name in list(LANGUAGES)[1:]
    texts = [text for text, _ in pairs]
    others = [
        text for each in FILES if each != path and each.parent == path.parent for text in json.loads(each.read_text())
    ]
    assert [text for text, count in Counter([*texts, *others]).items() if count > 1 and text in texts] == []
    for text, other in pairs:
        assert other, text
        assert Counter(PLACEHOLDER.findall(text)) == Counter(PLACEHOLDER.findall(other)), text
        missing = [part for part in own(text) if part not in sources()]
        assert not missing, f"{text!r} stands nowhere in the sources: {missing}"


def test_every_language_has_the_same_texts() -> None:
    first, *others = ([*catalogue(each)] for each in list(LANGUAGES)[1:])
    assert all(set(first) == set(each) for each in others)


@pytest.mark.parametrize("room", ["report"])
def test_nothing_that_is_shown_lacks_a_translation(room: str) -> None:
    """Of what is written where a page shows texts of the program."""
    lacking = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, text in literals(path)
        if translated(text, "zh") is None
    ]
    assert not lacking, "\n".join(lacking)


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Texts with letters that are given to what shows them; 0 stands for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for place in SHOWS.get(name, ()):
                for value in branches(node.args[place]) if place < len(node.args) else ():
                    text = "".join(str(each.value) if isinstance(each, ast.Constant) else "0" for each in value)
                    if re.search(r"[A-Za-z]{2}", text):
                        yield node.lineno, text


def branches(node: ast.expr) -> Iterator[list[ast.expr]]:
    """The pieces of a text, of both where there are two."""
    if isinstance(node, ast.IfExp):
        yield from branches(node.body)
        yield from branches(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield node.values
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield [node]


def own(text: str) -> list[str]:
    """What a text or template says itself, in pieces."""
    return [part.strip() for part in re.split(PLACEHOLDER.pattern.replace("(", "(?:"), text) if len(part.strip()) > 1]


@cache
def sources() -> str:
    """Every text that the package or its pages hold."""
    found = []
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(str(each.value) if isinstance(each, ast.Constant) else "\0" for each in node.values)
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    found += [path.read_text(encoding="utf-8") for path in [*ROOT.rglob("*.html"), *ROOT.rglob("*.js")]]
    return "\0".join(found)


def test_nothing_that_the_served_page_shows_lacks_a_translation() -> None:
    pages = ROOT / "serve" / "pages"
    texts = re.findall(r"\[\[(?:[a-z-]+=)?([^\]]+)\]\]", (pages / "index.html").read_text(encoding="utf-8"))
    for path in pages.glob("*.js"):
        shown = r"(?:\bsay\(|new Error\(|\bfault\([^,\n]+, |\btell\([^\n]*?, )(?:\"([^\"]+)\"|`([^`]+)`)"
        for plain, template in re.findall(shown, path.read_text(encoding="utf-8")):
            texts.append(plain or re.sub(r"\$\{(?:[^{}]|\{[^}]*\})*\}", "0", template))
    assert len(texts) > 40
    assert [text for text in texts if translated(text, "zh") is None and not re.fullmatch(r"[\W\d]*", text)] == []
