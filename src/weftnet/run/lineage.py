"""Which run another one started from, and how what was taken is trained: a part of run.json."""

from dataclasses import dataclass, field

from weftnet.base.typed import Measured


@dataclass(frozen=True)
class Ancestor:
    """A run that another one started from, or learnt from.

    Args:
        name: of its folder.
        weights: their sha256.
        data: fingerprint of the data it was trained on.
    """

    name: str
    weights: str
    data: str = ""


@dataclass(frozen=True)
class Adapters:
    """The low-rank adapters that a start puts beside weights.

    Args:
        rank: of their products.
        alpha: times 1/rank, the scale of what they add.
        paths: patterns of paths below which weights have one; () for all but the head.
        weights: the names of those that have one.
        whole: of those that are trained themselves, as an adapter would be no smaller.
    """

    rank: int = 8
    alpha: Measured = 16.0
    paths: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


@dataclass(frozen=True)
class StartFacts:
    """What a run started from.

    Args:
        run: the folder, as it was written.
        map: path here → path there.
        freeze: patterns of paths that are not trained.
        rate: pattern → factor of the learning rate.
        new: tensors of the head, where it is new because the classes differ.
        lines: what was taken and what wasn't, and how it is trained, for a person.
        ancestors: the run it started from, the one that started from, and so on.
        tune: what is trained but for what is frozen: `all`, the `head`, or head and adapters (`lora`, `dora`).
        thaw: pattern → share of the steps at which what it covers begins to learn.
        depth_rate: factor of the learning rate for each layer below the head; None for the same rate everywhere.
        l2_sp: strength of the pull towards the weights that were taken.
        head: paths of the nodes that give the answer.
        fresh: tensors that were not taken.
        adapt: the adapters, if there are any.
        delta: whether the run keeps only what differs from the run it starts from.
    """

    run: str
    map: dict[str, str] = field(default_factory=dict)
    freeze: tuple[str, ...] = ()
    rate: dict[str, float] = field(default_factory=dict)
    new: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    ancestors: tuple[Ancestor, ...] = ()
    tune: str = "all"
    thaw: dict[str, Measured] = field(default_factory=dict)
    depth_rate: Measured | None = None
    l2_sp: Measured = 0.0
    head: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    adapt: Adapters | None = None
    delta: bool = False


@dataclass(frozen=True)
class Delta:
    """Where the rest of a run's weights lies, which holds only what differs from its base.

    Args:
        base: the folder of the base.
        near: the same, as seen from the run's own folder.
        weights: sha256 of the base's file of weights.
        taken: tensor here → the base's, for those that are the same.
    """

    base: str
    near: str
    weights: str
    taken: dict[str, str] = field(default_factory=dict)
