"""Data sets of the Hub: without a connection the error comes at once and says what to do."""

import pytest

from netloom.data import open_data
from netloom.errors import DataError


def test_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        DataError, match=r"hub:owner/name: there is no connection to the Hub(.|\n)*open a downloaded folder"
    ):
        open_data("hub:owner/name")
