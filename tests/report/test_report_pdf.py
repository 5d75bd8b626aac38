from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

import pytest

from weftnet.errors import RunError
from weftnet.report import pdf
from weftnet.report.page import page, paragraph


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "r.html").write_text(page("title", [paragraph("text")]), encoding="utf-8")
    return tmp_path / "r.html"


def test_without_a_browser_the_error_says_what_to_do(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(RunError) as caught:
        pdf.print_pdf(written, written.with_suffix(".pdf"))
    assert str(caught.value) == (
        f"{written}: no browser prints the page\n  expected: chromium, Google Chrome or Microsoft Edge\n  got: none\n"
        "  fix: install chromium, or open the page in a browser and print it there to a file"
    )


@pytest.mark.parametrize("ended", [CompletedProcess([], 1, b"", b"a line\nno display"), TimeoutExpired("b", 120)])
def test_a_browser_that_does_not_print_is_named(
    written: Path, monkeypatch: pytest.MonkeyPatch, ended: CompletedProcess[bytes] | TimeoutExpired
) -> None:
    def run(*_: object, **__: object) -> CompletedProcess[bytes]:
        if isinstance(ended, TimeoutExpired):
            raise ended
        return ended

    monkeypatch.setattr(pdf.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(pdf.subprocess, "run", run)
    with pytest.raises(RunError, match="did not print the page") as caught:
        pdf.print_pdf(written, written.with_suffix(".pdf"))
    assert caught.value.where == "/bin/chromium"
    assert not written.with_suffix(".pdf").exists()


@pytest.mark.slow
def test_it_prints(written: Path) -> None:
    if pdf.browser() is None:
        pytest.skip("no browser")
    out = pdf.print_pdf(written, written.with_suffix(".pdf"))
    assert out.read_bytes().startswith(b"%PDF-")
