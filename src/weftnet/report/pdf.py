"""A page as a PDF file: printed by a browser of this machine, whose style sheet for print the page brings.

A browser draws what a report is made of – SVG in the page's colours, wrapping tables, letters of every script – and is
on nearly every machine; no library of Python does. The page is read from its file and nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from weftnet.base.files import write_bytes
from weftnet.errors import RunError

_MAC = "/Applications/{0}.app/Contents/MacOS/{0}"
#: programs that print a page by `--headless --print-to-pdf`
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
    "microsoft-edge-stable", "msedge",
    "brave-browser", *map(_MAC.format, ("Google Chrome", "Chromium", "Microsoft Edge")),
)  # fmt: skip
#: seconds after which a browser is given up
_LONGEST = 120


def browser() -> str | None:
    """The first of the browsers that is on this machine."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def print_pdf(page: Path, out: Path) -> Path:
    """Print an HTML file of ours.

    Raises:
        RunError: there is no browser, or it did not print.
    """
    fix = "install chromium, or open the page in a browser and print it there to a file"
    program = browser()
    if program is None:
        expected = "chromium, Google Chrome or Microsoft Edge"
        raise RunError("no browser prints the page", where=str(page), expected=expected, got="none", fix=fix)
    with TemporaryDirectory() as folder:
        made = Path(folder) / "page.pdf"
        options = [
            "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", f"--user-data-dir={folder}", "--no-pdf-header-footer",
            f"--print-to-pdf={made}",
        ]  # fmt: skip
        if sys.platform == "linux" and os.geteuid() == 0:  # its sandbox refuses to run as root; the page is our own
            options.append("--no-sandbox")
        try:
            ended = subprocess.run(
                [program, *options, page.resolve().as_uri()], capture_output=True, timeout=_LONGEST, check=False
            )
            said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        except (OSError, subprocess.TimeoutExpired) as error:
            said = [str(error)]
        content = made.read_bytes() if made.is_file() else b""
    if not content.startswith(b"%PDF-"):
        raise RunError(
            "the browser did not print the page", where=program, got=said[-1] if said else "nothing", fix=fix
        )
    write_bytes(out, content)
    return out
