"""Initial weights: two rules that several models share, each applied to all layers of a network."""

from __future__ import annotations

from nnlite import nn


def init_he(network: nn.Module, slope: float = 0.0) -> None:
    """Convolutions and linear layers from N(0, 2 / (fan in (1 + slope^2))), biases 0 (He et al. 2015).

    A rectifier sets half of its inputs to 0, or multiplies them by `slope` if it is leaky; this variance makes up for
    what it takes, so that activations keep their size from layer to layer.
    """
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, a=slope)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def init_normal(network: nn.Module) -> None:
    """Convolutions from N(0, 0.02^2), weights of batch norm from N(1, 0.02^2), biases 0 (Radford et al. 2016)."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1.0, 0.02)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
