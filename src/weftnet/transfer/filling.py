"""A network filled with the tensors of a checkpoint, as the entry's names say; what has no partner is listed."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

from weftnet.errors import RunError
from weftnet.train.start import Taken, shape_text
from weftnet.zoo._weights import Names, Take

#: a logit that is never the largest
_NEVER = -1e4
#: counts batches; no weight
_COUNTER = "num_batches_tracked"


def fill(network: nn.Module, names: Names, tensors: Mapping[str, Tensor], leave: tuple[str, ...] = ()) -> Taken:
    """Copy the tensors; returns what became of them.

    Args:
        network: of a single part.
        names: here → there.
        tensors: there.
        leave: patterns of tensors that are not needed here.

    Raises:
        RunError: none fits.
    """
    used: set[str] = set()
    taken, missing, reshaped, cut = [], [], [], []
    with torch.no_grad():
        for name, value in network.state_dict().items():
            take, leaf = _rule(name, names)
            there = [_tensor(f"{each}.{leaf}" if leaf else each, tensors, used) for each in take.names]
            found = [each for each in there if each is not None]
            if len(found) < max(len(there), 1):
                missing += [] if name.endswith(_COUNTER) else [name]
                continue
            new = _made(take, found, value)
            if take.how == "plus" and len(new) > len(value):
                cut.append(f"{name}, the first {len(value)} rows of {len(new)}")
                new = new[: len(value)]
            if new.shape != value.shape or new.is_floating_point() != value.is_floating_point():
                reshaped.append(f"{name} {shape_text(value)}, there {shape_text(new)}")
                continue
            value.copy_(new)
            taken.append(name)
    ignored = (f"*{_COUNTER}", *leave)
    left = [name for name in tensors if name not in used and not any(fnmatchcase(name, each) for each in ignored)]
    if not taken:
        raise RunError("none of its weights fits", got="; ".join([*missing[:3], *reshaped[:3]]))
    return Taken(tuple(taken), tuple(missing), tuple(left), tuple(reshaped), adapted=tuple(cut))


def _rule(name: str, names: Names) -> tuple[Take, str]:
    """What a tensor here is taken from, and the last word of its name below that; nothing where no name fits."""
    path = max((path for path in names if f"{name}.".startswith(f"{path}.")), key=len, default=None)
    if path is None:
        return Take("joined", ()), ""
    rule = names[path]
    leaf = name[len(path) :].rpartition(".")[2]
    return Take("joined", (rule,)) if isinstance(rule, str) else rule, leaf


def _tensor(name: str, tensors: Mapping[str, Tensor], used: set[str]) -> Tensor | None:
    """A tensor by its name, or a row of one; None if there is none."""
    if name in tensors:
        used.add(name)
        return tensors[name]
    table, _, row = name.rpartition(".")
    if row.isdecimal() and table in tensors and int(row) < len(tensors[table]):
        used.add(table)
        return tensors[table][int(row)]
    return None


def _made(take: Take, found: list[Tensor], value: Tensor) -> Tensor:
    """The tensor that is needed here."""
    match take.how:
        case "joined":
            return found[0] if len(found) == 1 else torch.cat(found)
        case "transposed":
            return found[0].t() if found[0].ndim == 2 else found[0]
        case "reshaped":
            return found[0].reshape(value.shape) if found[0].numel() == value.numel() else found[0]
        case "plus":
            return found[0] + found[1]
        case "behind" | "silent":
            extra = len(value) - len(found[0])
            if extra < 0 or (value.shape[1:] != found[0].shape[1:] and take.how == "behind"):
                return found[0]
            made = torch.zeros(value.shape, dtype=found[0].dtype)
            if take.how == "silent":
                made[:extra] = _NEVER
            else:
                made[extra:] = found[0]
                made[1:extra] = found[0][-1]
            return made
