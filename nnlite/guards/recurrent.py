"""Guards of the recurrent layers: their settings, the shapes of sequences and of states."""

from .. import nn
from ..errors import ShapeError
from ..function import is_tensor
from . import common


@common.guards("RNNBase.__init__")
def settings(layer):
    name = type(layer).__name__
    common.check_whole(name, 1, input_size=layer.input_size, hidden_size=layer.hidden_size)
    common.check_whole(name, 1, num_layers=vars(layer).get("num_layers", 1))
    common.check_share(name, dropout=vars(layer).get("dropout", 0))
    if "nonlinearity" in vars(layer):
        common.check_choice(name, "nonlinearity", layer.nonlinearity, ("tanh", "relu"))


@common.guards("RNNBase.forward")
def sequence(self, input, hx=None):
    name, size = type(self).__name__, self.input_size
    if type(input).__name__ == "PackedSequence":
        raise TypeError(
            f"{name}: a PackedSequence is not covered; pass padded sequences and ignore what is past the end"
        )
    common.require_tensors(name, input)
    shape = input.shape
    if len(shape) not in (2, 3) or shape[-1] != size or 0 in shape:
        form = f"(N, T, {size})" if self.batch_first else f"(T, N, {size})"
        raise ShapeError(f"{name}: expected {form} or one sequence (T, {size}), none of them 0, got {shape}")
    batch = (shape[0 if self.batch_first else 1],) if len(shape) == 3 else ()
    _states(name, hx, (len(self._names), *batch, self.hidden_size), isinstance(self, nn.LSTM))


@common.guards("RNNCellBase.forward")
def step(self, input, hx=None):
    name, size = type(self).__name__, self.input_size
    common.require_tensors(name, input)
    if input.ndim not in (1, 2) or input.shape[-1] != size or 0 in input.shape:
        raise ShapeError(f"{name}: expected (N, {size}) or ({size},), N not 0, got {input.shape}")
    _states(name, hx, (*input.shape[:-1], self.hidden_size), isinstance(self, nn.LSTMCell))


def _states(name, hx, shape, two):
    """Raise unless hx is None, a state of this shape, or for an LSTM two of them."""
    if hx is None:
        return
    wanted = "two states (h, c)" if two else "one state h"
    states = hx if two else (hx,)
    if not isinstance(states, (tuple, list)) or len(states) != 1 + two or not all(map(is_tensor, states)):
        raise TypeError(f"{name}: hx must be {wanted}, each a Tensor {shape}, got {_described(hx)}")
    if any(state.shape != shape for state in states):
        raise ShapeError(f"{name}: hx must be {wanted}, each of shape {shape}, got {_described(hx)}")


def _described(hx):
    if isinstance(hx, (tuple, list)):
        return f"({', '.join(map(_described, hx))})"
    return str(hx.shape) if is_tensor(hx) else type(hx).__name__
