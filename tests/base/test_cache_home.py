"""Where caches lie, and what is said where nothing can be kept there."""

from pathlib import Path

import pytest

from weftnet.base import cache_home as module
from weftnet.base.cache_home import cache_home, say_unkept


def test_where_caches_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert cache_home() == tmp_path / "own" / "weftnet"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_home() == tmp_path / ".cache" / "weftnet"


def test_what_is_not_kept_is_said_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(module, "_said", set())
    for _ in range(3):
        say_unkept("a plan", "the disk is full", "it is chosen anew")
    say_unkept("a price", "the disk is full", "it is measured anew")
    assert [record.message for record in caplog.records] == [
        f"{what} can't be kept in {cache_home()}: the disk is full; it is {then} anew"
        for what, then in (("a plan", "chosen"), ("a price", "measured"))
    ]
