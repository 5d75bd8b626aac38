"""A page in Chinese says what the English one says: block by block the same code, options, numbers and links.

`docs/zh/NAME.md` stands beside `docs/NAME.md`, and README.zh.md beside README.md. Where the English page changes, this
test names the place, and the Chinese one is changed with it.
"""

import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]


def pages(folder: Path) -> list[str]:
    """The pages in a folder and below."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))


PAIRS = {
    "README.zh.md": "README.md",
    **{f"docs/zh/{name}": f"docs/{name}" for name in pages(ROOT / "docs" / "zh")},
}
#: written by scripts/catalogue.py; tests/cli/test_catalogue.py holds it in step
GENERATED = {"docs/zh/blocks.md"}
PARSER = MarkdownIt("commonmark").enable("table")
COMMENT = re.compile(r"(^|\s)#\s.*$", re.M)


class Block(NamedTuple):
    """A heading, a paragraph, a cell, a line of a list, or code: what must not depend on the language."""

    kind: str
    code: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def anchor(title: str) -> str:
    """The place that a heading makes in its page, as GitHub and MyST name it."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def headings(page: str) -> list[str]:
    """The places in a page, in order."""
    tokens = PARSER.parse((ROOT / page).read_text(encoding="utf-8"))
    titles = (after for before, after in itertools.pairwise(tokens) if before.type == "heading_open")
    return [anchor("".join(each.content for each in title.children or ())) for title in titles]


def english(link: str, page: str) -> str:
    """Where a link of a page leads, as a page in English and the number of the heading there."""
    if "//" in link:
        return link
    path, _, place = unquote(link).partition("#")
    target = os.path.normpath(Path(page).parent / path) if path else page
    where = headings(target).index(place) if place else ""
    if page in PAIRS and target not in (*PAIRS, PAIRS[page]):
        twin = next((chinese for chinese, other in PAIRS.items() if other == target), None)
        assert twin is None, f"{page}: {link} leads to the page in English, but there is {twin}"
    return f"{PAIRS.get(target, target)}#{where}"


def picture(source: str, page: str) -> str:
    """Where a picture is; one of a page in Chinese counts as that of the page in English."""
    return source if "//" in source else os.path.normpath(Path(page).parent / source).replace("-zh.", "-en.")


def inline(token: Token, kind: str, page: str) -> Block:
    """A run of text."""
    code: list[str] = []
    links: list[str] = []
    words: list[str] = []
    for child in token.children or ():
        if child.type == "code_inline":
            code.append(child.content)
        elif child.type == "link_open":
            links.append(english(str(child.attrs["href"]), page))
        elif child.type == "image":
            links.append(picture(str(child.attrs["src"]), page))
        else:
            words.append(child.content)
    numbers = re.findall(r"\d(?:[\d.,:]*\d)?", " ".join(words))
    return Block(kind, tuple(sorted(code)), tuple(sorted(numbers)), tuple(sorted(links)))


def blocks(page: str) -> Iterator[Block]:
    """What a page consists of."""
    kind = ""
    for token in PARSER.parse((ROOT / page).read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block"):
            yield Block(f"code {token.info}", (COMMENT.sub("", token.content),))
        elif token.type == "inline":
            yield inline(token, kind, page)
        elif token.type == "html_block":
            yield Block("html", (re.sub(r'alt="[^"]*"', "", token.content),))
        elif token.nesting == 1:
            kind = token.tag + str(token.attrs.get("style", ""))
            if token.tag in ("ul", "ol", "li", "table", "tr", "blockquote"):
                yield Block(f"begin {token.tag}")


def told(block: Block | None) -> str:
    return "nothing more" if block is None else f"{block.kind}: {' · '.join(block.code + block.numbers + block.links)}"


@pytest.mark.parametrize("page", sorted({*PAIRS} - GENERATED))
def test_a_page_in_chinese_is_in_step(page: str) -> None:
    ours, theirs = list(blocks(page)), list(blocks(PAIRS[page]))
    chapter = "the beginning"
    titles = iter(headings(PAIRS[page]))
    for place in range(max(len(ours), len(theirs))):
        got = ours[place] if place < len(ours) else None
        expected = theirs[place] if place < len(theirs) else None
        if expected is not None and re.fullmatch(r"h\d", expected.kind):
            chapter = next(titles)
        assert got == expected, (
            f"{page} is not in step with {PAIRS[page]}, in {chapter}\n"
            f"  expected, as in English: {told(expected)}\n  got, in Chinese: {told(got)}"
        )


@pytest.mark.parametrize("page", sorted(PAIRS))
def test_it_is_chinese(page: str) -> None:
    """Text that was left in English is found: half of what a reader reads is Chinese."""
    tokens = PARSER.parse((ROOT / page).read_text(encoding="utf-8"))
    texts = [child.content for each in tokens for child in each.children or () if child.type == "text"]
    letters: Counter[Any] = Counter("\u4e00" <= letter <= "\u9fff" for letter in "".join(texts) if letter.isalpha())
    assert letters[True] > letters[False]


def test_what_is_not_translated_is_said() -> None:
    """The end of README.zh.md names each page that is in English alone."""
    text = (ROOT / "README.zh.md").read_text(encoding="utf-8")
    for name in pages(ROOT / "docs"):
        target = f"docs/zh/{name}" if f"docs/zh/{name}" in PAIRS else f"docs/{name}"
        assert name.startswith(("zh/", "decisions/")) or f"({target})" in text, target


def test_a_link_to_a_page_in_english_alone_says_so() -> None:
    text = (ROOT / "README.zh.md").read_text(encoding="utf-8").split("## 继续阅读")[1]
    for target, mark in re.findall(r"\]\(([^)]+)\)(（英文）)?", text):
        assert bool(mark) == (target not in PAIRS), target
