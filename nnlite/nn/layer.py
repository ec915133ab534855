"""What layers without weights have in common: settings that are plain attributes."""

from .module import Module


class Layer(Module):
    """Prints its settings, which are its public attributes.

    After the constructor has assigned them, `guard("settings", self)` checks each by its name (guards/layers.py).
    """

    def extra_repr(self) -> str:
        shown = {name: value for name, value in vars(self).items() if isinstance(value, (int, float, str, tuple, list))}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items() if name != "training")
