"""The page at `/`: one file with its style and its script, which loads nothing from anywhere else.

Its Content-Security-Policy only runs the script whose hash it names: whatever a model's labels or an explanation
contain is shown, never run.
"""

import base64
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response

_FILE = Path(__file__).with_name("page.html")
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def page() -> Response:
    """The page, with its policy."""
    text, policy = _read()
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


@cache
def _read() -> tuple[str, str]:
    text = _FILE.read_text(encoding="utf-8")
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in _SCRIPT.findall(text))
    return text, (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src blob: data:; "
        "media-src blob: data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def _hash(script: str) -> str:
    return base64.b64encode(sha256(script.encode()).digest()).decode()
