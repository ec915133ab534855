"""functional/recurrent.py: what its gradients through time and PyTorch are compared on."""

import sys

from nnlite.functional import recurrent
from tests.helpers import op

SEQUENCE, STATE = (3, 2, 3), (2, 2)  # three steps of two sequences; two units


def layer(kind):
    """call(lib, F, input, *states, *weights) of one layer in one direction."""

    def call(lib, F, input, h, *others):
        states, weights = ((h, others[0]), others[1:]) if kind == "lstm" else ((h,), others)
        if lib.__name__ == "torch":
            states = tuple(state[None] for state in states)
            hx = states if kind == "lstm" else states[0]
            result = getattr(lib, kind)(input, hx, list(weights), True, 1, 0.0, False, False, False)
            return lib.cat([result[0], result[2]]) if kind == "lstm" else result[0]
        if kind == "lstm":
            h, c = recurrent.lstm(input, *states, *weights)
            return lib.cat([h, c[-1:]])
        return recurrent.gru(input, h, *weights) if kind == "gru" else recurrent.rnn(input, h, *weights, "tanh")

    return call


def weights(gates):
    rows = 2 * gates
    return (rows, 3), (rows, 2), (rows,), (rows,)


OPERATIONS = {
    "rnn": op(layer("rnn_tanh"), SEQUENCE, STATE, *weights(1)),
    "lstm": op(layer("lstm"), SEQUENCE, STATE, STATE, *weights(4)),
    "gru": op(layer("gru"), SEQUENCE, STATE, *weights(3)),
}


def in_a_row(module):
    """The module; its output and states come flattened, one after the other, as tests of modules want one tensor."""

    def parts(result):
        return [part for inner in result for part in parts(inner)] if isinstance(result, tuple) else [result.flatten()]

    def join(module, arguments, result):
        tensors = parts(result)
        return sys.modules[type(tensors[0]).__module__.split(".")[0]].cat(tensors)

    module.register_forward_hook(join)
    return module


MODULES = {
    "RNN": (lambda nn: in_a_row(nn.RNN(3, 4)), (5, 2, 3)),
    "RNN with relu": (lambda nn: in_a_row(nn.RNN(3, 4, 2, "relu", bidirectional=True)), (5, 2, 3)),
    "LSTM": (lambda nn: in_a_row(nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)), (2, 5, 3)),
    "LSTM of one sequence": (lambda nn: in_a_row(nn.LSTM(3, 4, bias=False, batch_first=True)), (5, 3)),
    "GRU": (lambda nn: in_a_row(nn.GRU(3, 4, 3, bidirectional=True)), (5, 3)),
    "RNNCell": (lambda nn: nn.RNNCell(3, 4), (2, 3), (2, 4)),
    "LSTMCell": (lambda nn: in_a_row(nn.LSTMCell(3, 4)), (2, 3)),
    "GRUCell": (lambda nn: nn.GRUCell(3, 4, bias=False), (2, 3), (2, 4)),
}
