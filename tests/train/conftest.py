"""What the tests of training share."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill, unlike a power cut, loses nothing that was written; waiting for the disk would take most of the time."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
