"""Build the documentation site and follow every link within it: `python scripts/site.py`, written to build/site.

A warning is an error; so is a link to a page, a file or a place in a page that is not there.
"""

import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"


class Links(HTMLParser):
    """What a page leads to, and the places in it that may be led to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.to: list[str] = []
        self.places: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Each tag may lead away, and be led to."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.to.append(value)
            elif name == "id" and value:
                self.places.add(value)


def broken(site: Path) -> list[str]:
    """Every link within the site that leads nowhere, as `page: link`."""
    pages = {page.resolve(): Links(page) for page in sorted(site.rglob("*.html"))}
    found = []
    for page, links in pages.items():
        for link in links.to:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            place = unquote(parts.fragment)
            if not target.is_file() or (place and target in pages and place not in pages[target].places):
                found.append(f"{page.relative_to(site.resolve())}: {link}")
    return found


def main() -> int:
    """Build, then follow the links."""
    shutil.rmtree(SITE, ignore_errors=True)
    strict = ["--fresh-env", "--quiet", "--fail-on-warning", "--keep-going", "--jobs", "auto"]
    places = ["-c", str(ROOT / "docs"), "-d", str(ROOT / "build" / "doctrees"), str(ROOT), str(SITE)]
    status = subprocess.run([sys.executable, "-m", "sphinx", *strict, *places], check=False).returncode
    if status:
        return status
    found = broken(SITE)
    print("\n".join([*(f"leads nowhere: {each}" for each in found), f"written: {SITE / 'index.html'}"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
