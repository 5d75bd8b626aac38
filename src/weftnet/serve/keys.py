"""API keys: a file with one key a line; blank lines and lines that begin with `#` are ignored.

A request brings its key as `Authorization: Bearer KEY` or `X-API-Key: KEY`. Only digests are kept, and every digest is
compared in full, so that the time taken does not reveal how much of a key was right.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from weftnet.base.files import read_text
from weftnet.errors import SettingError
from weftnet.serve.refusal import Refusal

MIN_LENGTH = 16


class Keys:
    """The keys a server accepts.

    Args:
        keys: each of at least `MIN_LENGTH` characters; none for a server without keys.

    Raises:
        SettingError: a key is too short.
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        keys = list(keys)
        for number, key in enumerate(keys, 1):
            if len(key) < MIN_LENGTH:
                raise SettingError(
                    "an API key is too short", where=f"key {number}", expected=f"{MIN_LENGTH} characters"
                )
        self._digests = [sha256(key.encode()).digest() for key in keys]

    @classmethod
    def read(cls, path: Path) -> "Keys":
        """The keys of a file.

        Raises:
            SettingError: it can't be read, or holds no key.
        """
        if not path.is_file():
            raise SettingError("there is no such file of API keys", where=str(path))
        lines = [line.strip() for line in read_text(path).splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        if not keys:
            raise SettingError("contains no API key", where=str(path), expected="one key a line")
        return cls(keys)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def require(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Refuse a request that has none of the keys.

        Raises:
            Refusal: 401.
        """
        if not self._digests:
            return
        received = sha256(_key_of(headers)).digest()
        if not sum(hmac.compare_digest(received, digest) for digest in self._digests):  # `any` would stop early
            raise Refusal(
                401,
                "this server needs an API key",
                headers={"WWW-Authenticate": "Bearer"},
                expected="the header Authorization: Bearer KEY, or X-API-Key: KEY",
            )


def _key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"x-api-key":
            return value.strip()
        if name == b"authorization":
            scheme, _, key = value.partition(b" ")
            return key.strip() if scheme.lower() == b"bearer" else b""
    return b""
