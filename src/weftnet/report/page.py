"""The page around every report: readable on a phone, in light and dark mode, in the reader's language.

Titles, paragraphs, captions and heads of tables are texts of the program, which are translated; cells are the data's,
but for those that are `Said` (`base/language.py`). Only the page's own script is run, whatever the data hold.
"""

import base64
from collections.abc import Collection, Sequence
from hashlib import sha256
from html import escape

from weftnet.base.language import script, shown, twin
from weftnet.base.replacing import PAGE_MARK
from weftnet.report.words import explained, explanations_used

_CSS = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #5b6672; --line: #d8dde3; --tint: #f4f6f8;
  --mark: #0a66c2; --good: #1d8a52; --c0: #0a66c2; --c1: #d1495b; --c2: #2a9d5c; --c3: #b7791f; --c4: #7b4fc9;
  --c5: #0f8b8d; --c6: #8a5a44; --c7: #555e68; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #14171a; --soft: #9aa4ad; --line: #30363c;
  --tint: #1c2024; --mark: #6cb2ff; --good: #6fd39a; --c0: #6cb2ff; --c1: #ff8a96; --c2: #6fd39a; --c3: #f0b866;
  --c4: #b99bf2; --c5: #66cfd0; --c6: #d3a48d; --c7: #aab3bb; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 68rem; padding: 1.2rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: .2rem 0; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p, li { max-width: 46rem; overflow-wrap: anywhere; } .soft { color: var(--soft); }
a { color: var(--mark); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; font-size: .9rem; }
th:first-child, td:first-child, .words, th.left { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
.words { white-space: normal; min-width: 14rem; overflow-wrap: anywhere; vertical-align: top; }
table.facts { width: auto; } table.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere;
  vertical-align: top; } table.facts td:first-child { color: var(--soft); white-space: nowrap; }
tr.best td { background: var(--tint); font-weight: 600; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg .axis { stroke: var(--line); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--tint);
  padding: .8rem; overflow-x: auto; border-radius: .4rem; font-size: .85rem; }
.charts { display: flex; flex-wrap: wrap; gap: 1.2rem; }
.charts > figure { flex: 1 1 18rem; min-width: 0; max-width: 32rem; }
.halves > div { flex: 1 1 20rem; min-width: 0; max-width: 32rem; overflow-x: auto; }
img { width: min(100%, 24rem); image-rendering: pixelated; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); padding: .2rem 0; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .9rem; }
.answer { background: var(--tint); border-radius: .7rem; padding: 1.1rem 1.3rem; margin: 1rem 0; }
.answer p { margin: .15rem 0; } .answer .score { font-size: 2.4rem; font-weight: 650; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
.answer .score small { display: inline-block; font-size: 1rem; font-weight: 400; color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(9rem, 100%), 1fr)); gap: .8rem; }
.cards.wide-cards { grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); }
.card { background: var(--tint); padding: .7rem; border-radius: .5rem; overflow-wrap: anywhere; font-size: .85rem;
  min-width: 0; }
.card p { margin: .1rem 0; } .card table { font-size: .85rem; margin-top: .4rem; }
.card td { white-space: normal; overflow-wrap: anywhere; padding: .15rem .4rem; }
img.smooth { image-rendering: auto; }
img.thumb { width: 6rem; }
.wrong { color: var(--c1); } .right { color: var(--good); }
.bar { display: inline-block; height: .62rem; border-radius: .15rem; background: var(--c0); vertical-align: middle;
  min-width: 1px; margin-left: .4rem; }
td.bars { white-space: nowrap; text-align: left; }
td.bars span { display: block; } td.bars .bar { margin: 0; display: block; }
@media (max-width: 30rem) { body { padding: .9rem; } th, td { padding: .3rem .4rem; } .answer { padding: .9rem; } }
#languages { float: right; margin: 0 0 .4rem .8rem; }
#languages button { font: inherit; font-size: .85rem; padding: .15rem .5rem; color: var(--mark);
  background: none; border: 1px solid var(--line); border-radius: .3rem; cursor: pointer; }
#languages button[aria-pressed=true] { color: var(--ink); background: var(--tint); }
@media print { #languages { display: none; } }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .8rem 0; font-size: .95rem; }
.word { font: inherit; color: inherit; background: none; border: 0; padding: 0; text-align: inherit; cursor: help;
  text-decoration: underline dotted; text-underline-offset: .2em; }
.told { max-width: min(28rem, 92vw); margin: auto auto 1rem; inset: auto 0 0; padding: .8rem 1rem; color: var(--ink);
  background: var(--tint); border: 1px solid var(--line); border-radius: .5rem; }
.warned { border-left: .3rem solid var(--c3); padding: .2rem .8rem; }
@media (max-width: 30rem) { .words { min-width: 8rem; } }
@page { margin: 14mm 12mm; }
@media print { :root { color-scheme: light; --ink: #1b1f24; --paper: #fff; --soft: #4b5561; --line: #c9d0d7;
  --tint: #f4f6f8; --mark: #1b1f24; --good: #1d8a52; --c0: #0a66c2; --c1: #d1495b; --c2: #2a9d5c; --c3: #b7791f;
  --c4: #7b4fc9; --c5: #0f8b8d; --c6: #8a5a44; --c7: #555e68; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav, audio { display: none; } .wide { overflow: visible; }
  h1, h2, h3, figcaption { break-after: avoid; } figure, .card, .answer, tr, img, svg { break-inside: avoid; }
  h2 { margin-top: 1.2rem; } th, td { padding: .15rem .4rem; white-space: normal; overflow-wrap: anywhere; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  svg { max-height: 24cm; } pre { font-size: 7.5pt; } .charts > figure { flex: 1 1 40%; } }
"""


def page(title: str, body: Sequence[str]) -> str:
    """A whole HTML document; `body` is HTML, `title` is text."""
    code, content = script(), "\n".join(body)
    content += "".join(explanations_used(content))
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f"{PAGE_MARK}"
        f"<meta http-equiv='Content-Security-Policy' content=\"{_policy(code)}\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_CSS}</style></head>\n<body>\n<p id='languages'></p>"
        f"<h1{twin(title)}>{escape(title)}</h1>\n{content}\n<script>{code}</script></body></html>\n"
    )


def _policy(code: str) -> str:
    """What the page may do: show what it holds, and run its own script."""
    own = base64.b64encode(sha256(code.encode()).digest()).decode()
    return f"default-src 'none'; script-src 'sha256-{own}'; style-src 'unsafe-inline'; img-src data:; media-src data:"


def section(title: str, *body: str) -> str:
    """A heading and its content; `body` is HTML."""
    return f"<h2 id='{_id(title)}'{twin(title)}>{escape(title)}</h2>\n" + "\n".join(body)


def contents(titles: Sequence[str]) -> str:
    """Links to sections."""
    return "<nav>" + "".join(f"<a href='#{_id(each)}'{twin(each)}>{escape(each)}</a>" for each in titles) + "</nav>"


def heading(text: str) -> str:
    """A heading inside a section."""
    return f"<h3{twin(text)}>{escape(text)}</h3>"


def paragraph(text: str, soft: bool = False) -> str:
    """A paragraph of text."""
    return f"<p{' class=soft' if soft else ''}{twin(text)}>{escape(text)}</p>"


def warned(text: str) -> str:
    """A paragraph that nobody should miss."""
    return f"<p class=warned{twin(text := f'{text[:1].upper()}{text[1:]}.')}>{escape(text)}</p>"


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], best: int | None = None, words: Collection[int] = ()
) -> str:
    """A table of text; row `best` is highlighted, columns `words` hold long texts, which are wrapped."""
    kinds = [" class=words" if number in words else "" for number in range(len(head))]
    cells = "".join(f"<th{kind}>{explained(name)}</th>" for name, kind in zip(head, kinds, strict=True))
    lines = []
    for number, row in enumerate(rows):
        style = " class=best" if number == best else ""
        lines.append(
            f"<tr{style}>" + "".join(f"<td{k}>{shown(c)}</td>" for c, k in zip(row, kinds, strict=True)) + "</tr>"
        )
    return f"<div class=wide><table><tr>{cells}</tr>{''.join(lines)}</table></div>"


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """A table of names and values."""
    lines = "".join(f"<tr><td>{explained(name)}</td><td>{shown(value)}</td></tr>" for name, value in rows)
    return f"<div class=wide><table class=facts>{lines}</table></div>"


def figure(svg: str, caption: str) -> str:
    """A drawing and its caption."""
    return f"<figure class=wide>{svg}<figcaption{twin(caption)}>{escape(caption)}</figcaption></figure>"


def charts(*figures: str) -> str:
    """Figures, side by side where the screen is wide enough."""
    return f"<div class=charts>{''.join(figures)}</div>"


def cards(contents_: Sequence[str], wide: bool = False) -> str:
    """Small boxes, as many side by side as fit; each content is HTML."""
    boxes = "".join(f"<div class=card>{each}</div>" for each in contents_)
    return f"<div class='cards{' wide-cards' * wide}'>{boxes}</div>"


def collapsible(title: str, *body: str, expanded: bool = False) -> str:
    """Content that a click on its title shows or hides; `body` is HTML."""
    return f"<details{' open' * expanded}><summary{twin(title)}>{escape(title)}</summary>{''.join(body)}</details>"


def _id(title: str) -> str:
    return "".join(each if each.isalnum() and each.isascii() else "-" for each in title.lower())
