"""Recurrent layers: one layer, in one direction, over a whole sequence.

A step of a recurrent layer adds a product with the input, which is known in advance, and one with the state, which is
not. So the products with the input are one `linear` for all steps, and only what depends on the state is in the loop:

    x = W_ih input + b_ih     all steps at once, (T, N, gates * H)
    a = W_hh h + b_hh         step by step, (N, gates * H)

Each class has the loop over time in forward, and in backward the same loop from the last step to the first:
backpropagation through time. A step's gradient is what arrives from its own output plus what the next step hands back.
All steps share the weights, whose gradient is one product of all steps at the end.

T steps, N sequences, H units. The initial state is kept in front of the others, so that states[t] goes into step t and
states[t + 1] comes out of it.
"""

from __future__ import annotations

from ..function import Function, total
from ..tensor import Tensor
from .activation import logistic
from .linear import linear

# The Functions


class _Recurrence(Function):
    """What the three kinds share: the product with the state, and the gradient of its weights."""

    def from_state(self, h):
        """a = W_hh h + b_hh"""
        a = self.backend.matmul(h, self.weight.T)
        return a if self.bias is None else a + self.bias

    def to_weights(self, da, h):
        """dW_hh and db_hh, summed over all steps: da (T, N, gates * H), h (T, N, H) as it went into each step."""
        da, h = da.reshape(-1, da.shape[-1]), h.reshape(-1, h.shape[-1])
        to_weight, to_bias = self.needs_input_grad[-2:]
        return self.backend.matmul(da.T, h) if to_weight else None, total(da, 0) if to_bias else None


class RNN(_Recurrence):
    """h' = tanh(x + a), or with relu    x: (T, N, H) -> y: every h', (T, N, H)"""

    def forward(self, x, h_0, weight, bias, *, rectified):
        self.weight, self.bias, self.rectified = weight, bias, rectified
        self.h = self.xp.empty((len(x) + 1, *h_0.shape), x.dtype)
        self.h[0] = h_0
        for t in range(len(x)):
            sums = x[t] + self.from_state(self.h[t])
            self.h[t + 1] = self.xp.maximum(sums, 0.0) if rectified else self.xp.tanh(sums)
        return self.h[1:]

    def backward(self, dy):
        dx = self.xp.empty(dy.shape, dy.dtype)
        dh = 0.0
        for t in reversed(range(len(dy))):
            h = self.h[t + 1]
            dx[t] = (dy[t] + dh) * (h > 0 if self.rectified else 1.0 - h * h)
            dh = self.backend.matmul(dx[t], self.weight)
        return dx, dh, *self.to_weights(dx, self.h[:-1])


class LSTM(_Recurrence):
    """c' = f c + i g,  h' = o tanh(c')    x: (T, N, 4 H) -> y: every h' and c', (2, T, N, H)

    i, f and o are sigmoid(x + a), the gates that write, keep and show the cell; g = tanh(x + a) is what is written.
    """

    def forward(self, x, h_0, c_0, weight, bias):
        self.weight, self.bias = weight, bias
        self.states = self.xp.empty((2, len(x) + 1, *h_0.shape), x.dtype)
        self.gates = self.xp.empty(x.shape, x.dtype)
        (h, c), size = self.states, h_0.shape[1]
        h[0], c[0] = h_0, c_0
        for t in range(len(x)):
            gates = x[t] + self.from_state(h[t])
            written = self.xp.tanh(gates[:, 2 * size : 3 * size])
            gates = logistic(self.xp, gates)
            gates[:, 2 * size : 3 * size] = written
            i, f, g, o = _parts(gates, 4)
            c[t + 1] = f * c[t] + i * g
            h[t + 1] = o * self.xp.tanh(c[t + 1])
            self.gates[t] = gates
        return self.states[:, 1:]

    def backward(self, dy):
        (h, c), (to_h, to_c) = self.states, dy
        dx = self.xp.empty(self.gates.shape, dy.dtype)
        dh = dc = 0.0
        for t in reversed(range(len(dx))):
            (i, f, g, o), (di, df, dg, do) = _parts(self.gates[t], 4), _parts(dx[t], 4)
            shown = self.xp.tanh(c[t + 1])
            dh = to_h[t] + dh
            dc = to_c[t] + dc + dh * o * (1.0 - shown * shown)
            di[...] = dc * g * i * (1.0 - i)
            df[...] = dc * c[t] * f * (1.0 - f)
            dg[...] = dc * i * (1.0 - g * g)
            do[...] = dh * shown * o * (1.0 - o)
            dh, dc = self.backend.matmul(dx[t], self.weight), dc * f
        return dx, dh, dc, *self.to_weights(dx, h[:-1])


class GRU(_Recurrence):
    """h' = (1 - z) n + z h,  n = tanh(x_n + r a_n)    x: (T, N, 3 H) -> y: every h', (T, N, H)

    r and z are sigmoid(x + a): r lets the state into n, z keeps the old state.
    """

    def forward(self, x, h_0, weight, bias):
        self.weight, self.bias = weight, bias
        self.h = self.xp.empty((len(x) + 1, *h_0.shape), x.dtype)
        self.gates = self.xp.empty((*x.shape[:2], 4 * h_0.shape[1]), x.dtype)  # r, z, n and a_n
        self.h[0], size = h_0, h_0.shape[1]
        for t in range(len(x)):
            a = self.from_state(self.h[t])
            r, z, n, a_n = _parts(self.gates[t], 4)
            a_n[...] = a[:, 2 * size :]
            self.gates[t, :, : 2 * size] = logistic(self.xp, x[t, :, : 2 * size] + a[:, : 2 * size])
            n[...] = self.xp.tanh(x[t, :, 2 * size :] + r * a_n)
            self.h[t + 1] = (1.0 - z) * n + z * self.h[t]
        return self.h[1:]

    def backward(self, dy):
        steps, sequences, size = dy.shape
        dx, da = self.xp.empty((2, steps, sequences, 3 * size), dy.dtype)
        dh = 0.0
        for t in reversed(range(steps)):
            (r, z, n, a_n), (dr, dz, dn) = _parts(self.gates[t], 4), _parts(dx[t], 3)
            dh = dy[t] + dh
            dn[...] = dh * (1.0 - z) * (1.0 - n * n)
            dz[...] = dh * (self.h[t] - n) * z * (1.0 - z)
            dr[...] = dn * a_n * r * (1.0 - r)
            da[t] = dx[t]
            da[t, :, 2 * size :] = dn * r
            dh = self.backend.matmul(da[t], self.weight) + dh * z
        return dx, dh, *self.to_weights(da, self.h[:-1])


def _parts(gates, count):
    """Views of (N, count * H), H columns each."""
    size = gates.shape[1] // count
    return [gates[:, k * size : (k + 1) * size] for k in range(count)]


# The functions. Weights and biases are those of torch.nn's layers: weight_ih (gates * H, I), weight_hh (gates * H, H),
# biases (gates * H,) or None.


def rnn(
    input: Tensor, h_0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None, nonlinearity: str
) -> Tensor:
    """h' = tanh(W_ih input + b_ih + W_hh h + b_hh), or relu (Elman 1990): (T, N, I), (N, H) -> every h' (T, N, H)."""
    return RNN.apply(linear(input, w_ih, b_ih), h_0, w_hh, b_hh, rectified=nonlinearity == "relu")


def lstm(
    input: Tensor, h_0: Tensor, c_0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
) -> Tensor:
    """Long short-term memory (Hochreiter & Schmidhuber 1997; the gate f: Gers et al. 2000); gates in order i, f, g, o.

    (T, N, I), (N, H), (N, H) -> every h' and c', (2, T, N, H).
    """
    return LSTM.apply(linear(input, w_ih, b_ih), h_0, c_0, w_hh, b_hh)


def gru(input: Tensor, h_0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> Tensor:
    """Gated recurrent unit (Cho et al. 2014), gates in order r, z, n: (T, N, I), (N, H) -> every h' (T, N, H)."""
    return GRU.apply(linear(input, w_ih, b_ih), h_0, w_hh, b_hh)
