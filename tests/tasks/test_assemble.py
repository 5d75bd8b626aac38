"""Architectures as tasks need them."""

import pytest

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.errors import SettingError
from weftnet.tasks._assemble import assemble
from weftnet.tasks.gan.task import GAN


def test_an_architecture_of_other_parts_is_refused_with_what_is_missing() -> None:
    task, signals = GAN(signal="vector:9"), {"x": parse("vector:9")}
    with pytest.raises(SettingError) as caught:
        assemble(from_dict({"parts": {"body": {"chain": ["relu"]}}}), task, signals)
    assert str(caught.value).splitlines()[0] == "task GAN: the architecture has the part body"
    assert caught.value.expected == ", ".join(task.parts)
    assert caught.value.fix == f"write the missing parts under parts: {', '.join(sorted(task.parts))}"
    misspelt = from_dict({"parts": {"generator": {"chain": ["relu"]}, "critik": {"chain": ["relu"]}}})
    with pytest.raises(SettingError, match=r"is 'critik' meant as 'critic'\?"):
        assemble(misspelt, task, signals)
