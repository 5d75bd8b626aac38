"""Which of torch's layers a network has, to know what can be quantised before anything is written."""

from torch import nn

from weftnet.compose.network import Network

RECURRENT = ("LSTM", "GRU", "RNN")


def layer_families(network: Network) -> dict[str, bool]:
    """Whether the network has layers of each family: conv, linear, embedding, attention, LSTM, GRU, RNN."""
    modules = list(network.modules())
    names = {block.name for block in network.rows}
    return {
        "conv": any(isinstance(module, nn.modules.conv._ConvNd) for module in modules),
        "linear": any(isinstance(module, nn.Linear) for module in modules),
        "embedding": any(isinstance(module, nn.Embedding) for module in modules),
        "attention": any("attention" in name or "transformer" in name for name in names),
        **{name: any(isinstance(module, getattr(nn, name)) for module in modules) for name in RECURRENT},
    }
