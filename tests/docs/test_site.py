"""The site's table of contents is whole, and a link that leads nowhere is found."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"site_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_every_page_stands_in_the_table_of_contents() -> None:
    contents = module(ROOT / "docs" / "contents.py")
    listed = {f"{name}.md" for name in contents.TUTORIALS + contents.GUIDE + contents.REFERENCE}
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages if not page.startswith(("zh/", "decisions/0"))} == listed


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    broken = module(ROOT / "scripts" / "site.py").broken
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.html").write_text(
        '<a href="sub/b.html#here">x</a><a href="#top" id="top">x</a><a href="https://example.com/none">x</a>'
        '<img src="sub/%C3%A9.png"><a href="sub/b.html#gone">x</a><a href="c.html">x</a><a href="#gone">x</a>'
    )
    (tmp_path / "sub" / "b.html").write_text('<h1 id="here">x</h1><a href="../a.html">x</a><a href="a.html">x</a>')
    (tmp_path / "sub" / "é.png").touch()
    assert broken(tmp_path) == [
        "a.html: sub/b.html#gone", "a.html: c.html", "a.html: #gone", "sub/b.html: a.html",
    ]  # fmt: skip
