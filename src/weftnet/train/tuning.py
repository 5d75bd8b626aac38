"""How what was taken is trained: the fields of a start, checked; and what a person is told of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from weftnet.base.typed import misfit
from weftnet.errors import SettingError
from weftnet.run.lineage import Adapters, StartFacts
from weftnet.train.depths import depths
from weftnet.train.freezing import waiting

#: what is trained but for what is frozen: of those that put adapters beside weights the head and these
WAYS, ADAPTED = ("all", "head", "lora", "dora"), ("lora", "dora")
#: names of a list that a line shows
SHOWN = 6
#: a rank is below this
_MANY = 2**16
_TYPES: dict[str, Any] = {
    "map": Mapping[str, str], "freeze": tuple[str, ...], "rate": Mapping[str, float],
    "thaw": Mapping[str, float], "depth_rate": float | None, "l2_sp": float, "delta": bool,
}  # fmt: skip


def shares(thaw: Any) -> Any:
    """A mapping with shares written as "50%" as numbers; anything else as it is."""
    return {path: _share(value) for path, value in thaw.items()} if isinstance(thaw, Mapping) else thaw


def _share(value: Any) -> Any:
    try:
        return float(value.removesuffix("%")) / 100 if isinstance(value, str) and value.endswith("%") else value
    except ValueError:
        return value


def check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse values that can't be used.

    Raises:
        SettingError: with the first.
    """
    for name, kind in _TYPES.items():
        if wrong := misfit(value := fields[name], kind):
            raise SettingError(f"{name} can't be used", where="start", expected=wrong, got=repr(value))
    for pattern, factor in fields["rate"].items():
        if not 0 < factor < math.inf:
            what, got = f"the rate of {pattern} can't be used", repr(factor)
            raise SettingError(what, where="start: rate", expected="a positive factor", got=got)
    for pattern, share in fields["thaw"].items():
        if not 0 < share < 1:
            what, expected = f"the share at which {pattern} thaws can't be used", "between 0 and 1, or as 50%"
            raise SettingError(what, where="start: thaw", expected=expected, got=repr(share))
    way_of(fields["tune"])
    if (factor := fields["depth_rate"]) is not None and not 0 < factor <= 1:
        raise SettingError("can't be used", where="start: depth_rate", expected="above 0, at most 1", got=repr(factor))
    if not 0 <= (strength := fields["l2_sp"]) < math.inf:
        raise SettingError("can't be used", where="start: l2_sp", expected="0 or a positive number", got=repr(strength))


def way_of(tune: Any) -> tuple[str, Adapters | None]:
    """The name of a way to tune, and the adapters that it puts beside weights: of "lora" or {lora: {rank: 4}}.

    Raises:
        SettingError: there is no such way, or a setting can't be used.
    """
    name, settings = tune, dict[str, Any]()
    if isinstance(tune, Mapping) and len(tune) == 1:
        ((name, settings),) = tune.items()
    known = ("rank", "alpha", "paths") if name in ADAPTED else ()
    if not isinstance(name, str) or name not in WAYS or not isinstance(settings, Mapping):
        expected = f"{', '.join(WAYS)}, or {{lora: {{rank: 8}}}}"
        raise SettingError("no way to tune is called so", where="start: tune", expected=expected, got=repr(tune))
    for key in settings:
        if key not in known:
            where, expected = f"start: tune: {name}", ", ".join(known) or "nothing"
            raise SettingError(f"has no setting {key!r}", where=where, expected=expected)
    if name not in ADAPTED:
        return name, None
    rank, paths = settings.get("rank", 8), settings.get("paths", ())
    paths = tuple(paths) if isinstance(paths, list) else paths
    if misfit(rank, int) or not 0 < rank < _MANY:
        raise _unusable(name, "rank", "a positive whole number", rank)
    alpha = settings.get("alpha", 2 * rank)
    if misfit(alpha, float) or not 0 < alpha < math.inf:
        raise _unusable(name, "alpha", "a positive number", alpha)
    if misfit(paths, tuple[str, ...]):
        raise _unusable(name, "paths", "a list of paths", paths)
    return name, Adapters(rank, float(alpha), paths)


def _unusable(name: str, setting: str, expected: str, value: Any) -> SettingError:
    return SettingError(f"{setting} can't be used", where=f"start: tune: {name}", expected=expected, got=repr(value))


def plain(facts: StartFacts) -> bool:
    """Whether all of a model is trained from the first step on, at one rate."""
    special = (facts.freeze, facts.thaw, facts.rate, facts.l2_sp, facts.depth_rate)
    return facts.tune == "all" and not any(special)


def told(model: nn.ModuleDict, facts: StartFacts) -> list[str]:
    """What of a model is trained and how, for a person.

    Args:
        model: in which everything is frozen that the start freezes at first.
        facts: of the start.
    """
    lines = []
    if (adapt := facts.adapt) is not None:
        which = f"rank {adapt.rank}, alpha {adapt.alpha:g}, beside {len(adapt.weights)} weights"
        lines.append(f"adapters ({facts.tune}): {which}; they are merged at the end")
        if adapt.whole:
            lines.append(f"trained itself, as an adapter would be no smaller: {few(adapt.whole)}")
    total, now = _count(model.parameters()), _count(each for each in model.parameters() if each.requires_grad)
    if now < total:
        patterns = (*facts.freeze, *facts.thaw)
        frozen = ", ".join(patterns) if facts.tune == "all" else "all but the head"
        frozen += " and the adapters" if adapt else ""
        lines.append(
            f"frozen: {frozen}; trained at the first step: {now:,} of {total:,} weights, {100 * now / total:.2g} %"
        )
    later = dict[float, int]()
    for parameter, share in waiting(model):
        later[share] = later.get(share, 0) + parameter.numel()
    lines += [f"after {share:.0%} of the steps {count:,} more weights" for share, count in sorted(later.items())]
    if facts.depth_rate is not None:
        below = max(depths(model, facts.head).values(), default=0)
        each, lowest = facts.depth_rate, facts.depth_rate**below
        lines.append(f"rates fall by {each:g} a layer below the head, to {lowest:.2g} of it {below} layers down")
    if facts.l2_sp:
        lines.append(f"weights that were taken are pulled to their start (L2-SP, {facts.l2_sp:g}), not to zero")
    return lines


def few(names: Sequence[str]) -> str:
    """Some of the names, for a line."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _count(parameters: Any) -> int:
    return sum(each.numel() for each in parameters)
