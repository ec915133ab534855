"""functional/recurrent.py: what its gradients through time and PyTorch are compared on."""

import sys

from nnlite.functional import recurrent
from tests.helpers import op, positive

SEQUENCE, STATE = (3, 2, 3), (2, 2)  # three steps of two sequences; two units


def layer(kind):
    """call(lib, F, input, *states, *weights) of one layer in one direction."""

    def call(lib, F, input, h, *others):
        states, weights = ((h, others[0]), others[1:]) if kind == "lstm" else ((h,), others)
        if lib.__name__ == "torch":
            states = tuple(state[None] for state in states)
            hx = states if kind == "lstm" else states[0]
            result = getattr(lib, kind)(input, hx, list(weights), len(weights) == 4, 1, 0.0, False, False, False)
            return lib.cat(result[1:]) if kind == "lstm" else result[0]
        biases = weights[2:] or (None, None)
        if kind == "lstm":
            return recurrent.lstm(input, *states, *weights[:2], *biases)[:, -1]
        if kind == "gru":
            return recurrent.gru(input, h, *weights[:2], *biases)
        return recurrent.rnn(input, h, *weights[:2], *biases, kind.removeprefix("rnn_"))

    return call


def weights(gates, bias=True):
    rows = 2 * gates
    return ((rows, 3), (rows, 2), *([(rows,), (rows,)] if bias else []))


OPERATIONS = {
    "rnn": op(layer("rnn_tanh"), SEQUENCE, STATE, *weights(1)),
    "rnn with relu, without biases": op(layer("rnn_relu"), SEQUENCE, STATE, *weights(1, bias=False), values=positive),
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
    "GRU": (lambda nn: in_a_row(nn.GRU(3, 4, 3)), (5, 2, 3)),
    "GRU both ways": (lambda nn: in_a_row(nn.GRU(3, 4, bidirectional=True)), (5, 3)),
    "RNNCell": (lambda nn: nn.RNNCell(3, 4), (2, 3), (2, 4)),
    "RNNCell with relu": (lambda nn: nn.RNNCell(3, 4, nonlinearity="relu"), (3,)),
    "LSTMCell": (lambda nn: in_a_row(nn.LSTMCell(3, 4)), (2, 3)),
    "GRUCell": (lambda nn: nn.GRUCell(3, 4, bias=False), (2, 3), (2, 4)),
}
