"""A network as people hand it over: the zoo's name, a file, plain data, an architecture, a module of torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.spec import Architecture, Block, Chain, Each, Graph, Parallel, Repeat, Residual, Shared
from weftnet.data import Data
from weftnet.data.keys import free
from weftnet.errors import SettingError
from weftnet.library.modules import block_of, is_lazy, with_sizes
from weftnet.run.folder import Run
from weftnet.tasks import Candidate

#: None for a shortlist that suits the data; a tuple of several competes
Networks: TypeAlias = Any
_NODES = (Block, Chain, Each, Graph, Parallel, Repeat, Residual, Shared)
_FORMS = (
    "a name of the zoo, a file, a run, an architecture, its plain data (a dict, a list, OmegaConf), an nn.Module; a "
    "tuple of several"
)


def candidates_of(networks: Networks) -> list[str | Candidate]:
    """What competes: names as they are, all else as a candidate.

    Raises:
        SettingError: it is no network.
        ArchitectureError: plain data have faults.
    """
    if networks is None:
        return []
    found: list[str | Candidate] = []
    for each in networks if isinstance(networks, tuple) else (networks,):
        taken = {one if isinstance(one, str) else one.name for one in found}
        found.append(_candidate(each, taken))
    return found


def holds_modules(networks: Networks) -> bool:
    """Whether one of them is a module, which exists in this process alone."""
    return any(isinstance(each, nn.Module) for each in (networks if isinstance(networks, tuple) else (networks,)))


def lazy_ones(networks: Networks) -> bool:
    """Whether one of them is a module with layers that wait for data to know their sizes."""
    several = networks if isinstance(networks, tuple) else (networks,)
    return any(isinstance(each, nn.Module) and is_lazy(each) for each in several)


def sized(networks: Networks, data: Data, seed: int) -> Networks:
    """The same, with modules whose lazy layers have the sizes that the data give them."""
    inputs = next(data.batches("train", 2)).inputs
    several = networks if isinstance(networks, tuple) else (networks,)
    made = [
        with_sizes(each, inputs, seed) if isinstance(each, nn.Module) and is_lazy(each) else each for each in several
    ]
    return tuple(made) if isinstance(networks, tuple) else made[0]


def architecture_of(network: Networks) -> Architecture | str:
    """One network as an architecture; what has a name as that name.

    Raises:
        SettingError: there are none or several.
    """
    found = candidates_of(network)
    if len(found) != 1:
        raise SettingError("one network is meant", where="network", expected=_FORMS, got=f"{len(found)} of them")
    return found[0] if isinstance(found[0], str) else found[0].architecture


def _candidate(network: Any, taken: set[str]) -> str | Candidate:
    if isinstance(network, str | Path):
        return str(network)
    if isinstance(network, Run):
        return str(network.folder)
    if isinstance(folder := getattr(network, "run", None), Run):  # a fit, or a run that is loaded
        return str(folder.folder)
    if isinstance(network, nn.Module):
        name = block_of(network, taken)
        return Candidate(name, Architecture.of(Block(name)), {}, f"{type(network).__name__}, a module of your own")
    if type(network).__module__.partition(".")[0] == "omegaconf":
        from omegaconf import OmegaConf

        network = OmegaConf.to_container(network, resolve=True)
    if isinstance(network, _NODES):
        network = Architecture.of(network)
    elif isinstance(network, Mapping | list):
        network = from_dict(network)
    if not isinstance(network, Architecture):
        fix = "make one: MyNet()" if isinstance(network, type) else ""
        raise SettingError("this is no network", where="network", expected=_FORMS, got=repr(network)[:80], fix=fix)
    return Candidate(free("network", taken), network, {}, "given")
