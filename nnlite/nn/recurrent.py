"""Recurrent layers over sequences, and the cells that take one step."""

from __future__ import annotations

import math
from typing import Any

from .. import functional as F
from ..creation import zeros
from ..errors import guard, guarded
from ..functional import recurrent
from ..tensor import Tensor
from .module import Module, Parameter, uniform_parameter


class RNNBase(Module):
    """What RNN, LSTM and GRU share: `num_layers` layers, each over the outputs of the one below, perhaps both ways.

    Layer k has weight_ih_l{k} (gates * hidden_size, inputs), weight_hh_l{k} (gates * hidden_size, hidden_size) and
    bias_ih_l{k}, bias_hh_l{k} (gates * hidden_size,), with `_reverse` in the names of the direction from the end to
    the start. All start uniform within 1 / sqrt(hidden_size).

    input: (T, N, input_size), with batch_first (N, T, input_size), or one sequence (T, input_size). Returned are the
    outputs of the last layer, (T, N, D * hidden_size) with D = 2 if bidirectional and else 1, and the states after the
    last step, (D * num_layers, N, hidden_size); the initial ones have that shape as well and are zero if left out.
    A PackedSequence is not covered.
    """

    gates: int

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ):
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers, self.bias = input_size, hidden_size, num_layers, bias
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional
        guard("RNNBase.__init__", self)
        directions = ["", "_reverse"] if bidirectional else [""]
        self._names = [f"l{k}{direction}" for k in range(num_layers) for direction in directions]
        for i, name in enumerate(self._names):
            inputs = input_size if i < len(directions) else hidden_size * len(directions)
            _add_weights(self, inputs, f"_{name}")

    @guarded
    def forward(self, input: Tensor, hx: Any = None) -> Any:
        batched, axis = input.ndim == 3, 1 if self.batch_first else 0
        sequence = input.transpose(0, axis) if batched else input.unsqueeze(1)
        initial = self._initial(sequence, hx, batched)
        directions = 2 if self.bidirectional else 1
        last = []
        for k in range(self.num_layers):
            outputs = []
            for i in range(k * directions, (k + 1) * directions):
                backwards = i % directions == 1
                given = sequence.flip(0) if backwards else sequence
                states = self._run(given, [state[i] for state in initial], _weights(self, f"_{self._names[i]}"))
                outputs.append(states[0].flip(0) if backwards else states[0])
                last.append([state[-1] for state in states])
            sequence = F.cat(outputs, -1) if self.bidirectional else outputs[0]
            if k < self.num_layers - 1:
                sequence = F.dropout(sequence, self.dropout, self.training)
        final = tuple(F.stack(states) for states in zip(*last, strict=True))
        if batched:
            return sequence.transpose(0, axis), self._returned(final)
        return sequence.squeeze(1), self._returned(tuple(state.squeeze(1) for state in final))

    def _initial(self, sequence, hx, batched):
        """The initial states, each (D * num_layers, N, H): one for the RNN and GRU, two for the LSTM."""
        if hx is None:
            shape = len(self._names), sequence.shape[1], self.hidden_size
            hx = self._returned((zeros(shape, dtype=sequence.dtype, device=sequence.device),) * 2)
        elif not batched:
            hx = tuple(state.unsqueeze(1) for state in hx) if isinstance(hx, (tuple, list)) else hx.unsqueeze(1)
        return hx if isinstance(hx, (tuple, list)) else (hx,)

    def _run(self, input, initial, weights):
        """One layer in one direction: [every state (T, N, H)], the one that is also the output in front."""
        raise NotImplementedError

    def _returned(self, states):
        """The states in the form that is given to the caller."""
        return states[0]

    def extra_repr(self) -> str:
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        changed = [f", {name}={vars(self)[name]}" for name, usual in defaults.items() if vars(self)[name] != usual]
        return f"{self.input_size}, {self.hidden_size}{''.join(changed)}"


class RNN(RNNBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with nonlinearity='relu' (Elman 1990): input, h_0 -> output, h_n."""

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ):
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)

    def _run(self, input, initial, weights):
        return [recurrent.rnn(input, *initial, *weights, self.nonlinearity)]


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter & Schmidhuber 1997): input, (h_0, c_0) -> output, (h_n, c_n).

    The four gates lie in the weights in the order i, f, g, o (see functional/recurrent.py).
    """

    gates = 4

    def _run(self, input, initial, weights):
        states = recurrent.lstm(input, *initial, *weights)
        return [states[0], states[1]]

    def _returned(self, states):
        return states


class GRU(RNNBase):
    """Gated recurrent unit (Cho et al. 2014): input, h_0 -> output, h_n. Gates in the order r, z, n."""

    gates = 3

    def _run(self, input, initial, weights):
        return [recurrent.gru(input, *initial, *weights)]


class RNNCellBase(Module):
    """One step: input (N, input_size) or (input_size,), state (N, hidden_size) or (hidden_size,) -> the next state.

    A state that is left out is zero. weight_ih, weight_hh, bias_ih and bias_hh are as in RNNBase, for one layer.
    """

    gates: int

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        guard("RNNBase.__init__", self)
        _add_weights(self, input_size, "")

    @guarded
    def forward(self, input: Tensor, hx: Any = None) -> Any:
        if hx is None:
            shape = (*input.shape[:-1], self.hidden_size)
            hx = (zeros(shape, dtype=input.dtype, device=input.device),) * (2 if isinstance(self, LSTMCell) else 1)
        states = hx if isinstance(hx, (tuple, list)) else (hx,)
        rows = [tensor.reshape(-1, tensor.shape[-1]) for tensor in (input, *states)]
        after = self._step(rows[0].unsqueeze(0), rows[1:], _weights(self, ""))
        after = tuple(state.reshape(*input.shape[:-1], self.hidden_size) for state in after)
        return after if isinstance(self, LSTMCell) else after[0]

    def _step(self, input, states, weights):
        raise NotImplementedError

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}{'' if self.bias else ', bias=False'}"


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with nonlinearity='relu': input, h -> h'."""

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh"):
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias)

    def _step(self, input, states, weights):
        return [recurrent.rnn(input, *states, *weights, self.nonlinearity)]


class LSTMCell(RNNCellBase):
    """One step of an LSTM: input, (h, c) -> (h', c')."""

    gates = 4

    def _step(self, input, states, weights):
        both = recurrent.lstm(input, *states, *weights)
        return [both[0], both[1]]


class GRUCell(RNNCellBase):
    """One step of a GRU: input, h -> h'."""

    gates = 3

    def _step(self, input, states, weights):
        return [recurrent.gru(input, *states, *weights)]


WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _add_weights(layer, inputs, ending):
    size = layer.hidden_size
    rows, bound = layer.gates * size, 1.0 / math.sqrt(size)
    for name, shape in zip(WEIGHTS, ((rows, inputs), (rows, size), (rows,), (rows,)), strict=True):
        if layer.bias or len(shape) == 2:
            setattr(layer, name + ending, uniform_parameter(shape, bound))


def _weights(layer, ending) -> list[Parameter | None]:
    return [getattr(layer, name + ending, None) for name in WEIGHTS]
