"""Names from PyTorch and Keras and what they are called here; used only for suggestions."""

from collections.abc import Iterable, Mapping

from weftnet.errors import closest

BLOCKS: dict[str, tuple[str, ...]] = {
    "linear": ("dense",),
    "fullyconnected": ("dense",),
    "fc": ("dense",),
    "mlp": ("dense",),
    "conv": ("conv2d", "conv1d"),
    "convtranspose1d": ("transposed_conv1d",),
    "convtranspose2d": ("transposed_conv2d",),
    "depthwiseconv2d": ("separable_conv2d",),
    "maxpool": ("max_pool2d", "max_pool1d"),
    "averagepool": ("average_pool2d", "average_pool1d"),
    "avgpool1d": ("average_pool1d",),
    "avgpool2d": ("average_pool2d",),
    "adaptiveavgpool1d": ("global_average_pool1d",),
    "adaptiveavgpool2d": ("global_average_pool2d",),
    "globalaveragepooling1d": ("global_average_pool1d",),
    "globalaveragepooling2d": ("global_average_pool2d",),
    "batchnorm1d": ("batch_norm",),
    "swish": ("silu",),
    "selfattention": ("multi_head_attention",),
    "attention": ("multi_head_attention",),
    "positionalencoding": ("sinusoidal_positions",),
    "rope": ("rotary_positions",),
    "upsample": ("upsample2d",),
}

SETTINGS: dict[str, tuple[str, ...]] = {
    "inchannels": ("channels_in", "dim_in"),
    "infeatures": ("dim_in",),
    "inputsize": ("dim_in",),
    "numfeatures": ("channels", "dim"),
    "numchannels": ("channels", "dim"),
    "outchannels": ("channels", "dim"),
    "outfeatures": ("dim", "channels"),
    "filters": ("channels", "dim"),
    "units": ("dim", "channels"),
    "width": ("dim", "channels"),
    "features": ("dim", "channels"),
    "hiddensize": ("dim",),
    "embeddingdim": ("dim",),
    "dmodel": ("dim",),
    "embeddim": ("dim",),
    "dimfeedforward": ("dim_hidden",),
    "numembeddings": ("vocabulary",),
    "vocabsize": ("vocabulary",),
    "kernelsize": ("kernel", "size"),
    "poolsize": ("size",),
    "numheads": ("heads",),
    "nhead": ("heads",),
    "numlayers": ("layers",),
    "numgroups": ("groups",),
    "p": ("rate", "dropout"),
    "negativeslope": ("slope",),
    "alpha": ("slope",),
}

MERGES: dict[str, tuple[str, ...]] = {
    "sum": ("add",),
    "plus": ("add",),
    "cat": ("concat",),
    "stack": ("concat",),
    "product": ("multiply",),
    "mul": ("multiply",),
    "times": ("multiply",),
    "glu": ("gate",),
}


def suggestions(
    name: str, known: Iterable[str], table: Mapping[str, tuple[str, ...]], count: int = 2
) -> tuple[str, ...]:
    """The known names that `name` may stand for: those of the table, then those spelt alike."""
    known = list(known)
    plain = _plain(name)
    if same := [other for other in known if _plain(other) == plain]:
        return tuple(same[:1])
    synonyms = [other for other in table.get(plain, ()) if other in known]
    return tuple(dict.fromkeys([*synonyms, *closest(name, known, count)]))[:count]


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
