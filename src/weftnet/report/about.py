"""What only people know of a network: what it is for and what it is not for. It is asked, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import yaml

from weftnet.base.files import read_text
from weftnet.base.plain_yaml import parse
from weftnet.base.typed import read
from weftnet.errors import DamagedCheckpoint, SettingError


@dataclass(frozen=True)
class About:
    """Words for a model card, each of them optional.

    Args:
        use: what the network is meant for, and by whom.
        not_for: what it must not be used for.
        data: where the data come from, with whose consent.
        limits: what is known to go wrong.
        license: of the weights, as Hugging Face names it: apache-2.0.
        contact: whom to ask.
        pipeline_tag: what Hugging Face lists it under: tabular-classification.
    """

    closed: ClassVar[bool] = True
    use: str = ""
    not_for: str = ""
    data: str = ""
    limits: str = ""
    license: str = ""
    contact: str = ""
    pipeline_tag: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any], where: str) -> "About":
        """From names and texts.

        Raises:
            SettingError: there is no such field, or a value is no text.
        """
        try:
            return read(cls, dict(said), where)
        except DamagedCheckpoint as error:
            known = ", ".join(each.name for each in fields(cls))
            raise SettingError(error.what, where=where, expected=f"texts called {known}", got=error.got) from error


def about_of(file: Path | None, said: Mapping[str, Any]) -> About:
    """What a file of YAML says, and beyond it what was said beside.

    Raises:
        SettingError: the file holds something else.
    """
    document: Any = {}
    if file is not None:
        try:
            document = parse(read_text(file)) or {}
        except yaml.YAMLError as error:
            raise SettingError("is not valid YAML", where=str(file), got=str(error).splitlines()[0]) from error
        if not isinstance(document, Mapping):
            raise SettingError("holds no names and texts", where=str(file), expected="use: what it is meant for")
    where = "what is said about the network" if file is None else str(file)
    return About.of({**document, **said}, where)
