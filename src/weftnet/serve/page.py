"""The page at `/`: one answer with its style and its script, which loads nothing from anywhere else.

`pages/` holds its parts: index.html, style.css, and the scripts in the order of `_SCRIPTS`. `[[Clear]]` in index.html
is a text of the page, which stands there in every language; `[[aria-label=History]]` one in an attribute. Scripts hold
their texts in English, and translate them by the catalogues that come with the page (`base/language.py`).

Its Content-Security-Policy only runs the script whose hash it names: whatever a model's labels or an explanation
contain is shown, never run.
"""

import base64
import json
import re
from functools import cache
from hashlib import sha256
from html import unescape
from pathlib import Path

from starlette.responses import Response

from weftnet.base import language

_FOLDER = Path(__file__).with_name("pages")
#: behind those of `base/languages`
_SCRIPTS = ("base.js", "form.js", "table.js", "answer.js", "programs.js", "batch.js", "history.js", "main.js")
_TEXT = re.compile(r"\[\[(?:([a-z-]+)=)?([^\]]+)\]\]")


def page() -> Response:
    """The page, with its policy."""
    text, policy = _read()
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def script() -> str:
    """The page's script."""
    others = {code: dict(language.catalogue(code)) for code in list(language.LANGUAGES)[1:]}
    catalogues = json.dumps(others, ensure_ascii=False).replace("<", "\\u003c")  # it can't end the script
    texts = (language.FOLDER / "texts.js").read_text(encoding="utf-8").replace("CATALOGUES", catalogues, 1)
    own = [(_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join([language.script(), texts, *own])


@cache
def _read() -> tuple[str, str]:
    code = script()
    parts = {
        "<!-- style.css -->": f"<style>\n{(_FOLDER / 'style.css').read_text(encoding='utf-8')}</style>",
        "<!-- script -->": f"<script>{code}</script>",
    }
    text = _TEXT.sub(_said, (_FOLDER / "index.html").read_text(encoding="utf-8"))
    for mark, part in parts.items():
        text = text.replace(mark, part)
    own = base64.b64encode(sha256(code.encode()).digest()).decode()
    return text, (
        f"default-src 'none'; script-src 'sha256-{own}'; style-src 'unsafe-inline'; img-src blob: data:; "
        "media-src blob: data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def _said(mark: re.Match[str]) -> str:
    """A text of index.html as HTML, or as an attribute."""
    name, text = mark[1], unescape(mark[2])
    return language.attribute(name, text) if name else language.spoken(text)
