"""Page 1: one number."""

import numpy as np
from lesson import NotAnswered, WrongAnswer, exercise, expect


@exercise
def neuron_gradients(answer):
    """Against difference quotients; the loss is smooth at these points, on both sides of relu's kink."""

    def loss(w, b, x, t):
        return (max(w * x + b, 0.0) - t) ** 2

    h = 1e-6
    for w, b, x, t in ((0.5, -0.5, 3.0, 2.0), (1.0, 0.5, -0.25, 3.0), (0.5, 1.0, 2.0, -1.0), (-1.0, 0.5, 2.0, 1.0)):
        given = answer(w, b, x, t)
        if given is None or given is ...:
            raise NotAnswered
        dw = (loss(w + h, b, x, t) - loss(w - h, b, x, t)) / (2 * h)
        db = (loss(w, b + h, x, t) - loss(w, b - h, x, t)) / (2 * h)
        where = f"at w={w:g}, b={b:g}, x={x:g}, t={t:g}"
        if np.shape(given) != (2,):
            raise WrongAnswer(f"{given} {where} is not two numbers, dw and db")
        expect(given[0], dw, f"dw {where}", tolerance=1e-5)
        expect(given[1], db, f"db {where}", tolerance=1e-5)


@exercise
def three_edges(answer):
    """Against what the walk hands to x."""
    import nnlite
    from nnlite.autograd import walk

    x = nnlite.tensor(2.0, requires_grad=True)
    root = (x * x + 3 * x).grad_fn
    truth = [float(grad) for _, _, grads in walk(root, np.ones((), np.float32)) for edge, grad in grads if edge is x]
    if np.shape(answer) != (3,):
        raise WrongAnswer(f"{answer} is not a list of three numbers, one for each edge")
    expect(sorted(answer), sorted(truth), "the list, sorted,")


@exercise
def largest_rate(answer):
    """By descent: just below it L shrinks, just above it L grows."""
    for rate, shrinks in ((0.99 * answer, True), (1.01 * answer, False)):
        x = 1.0
        for _ in range(20):
            x -= rate * 6 * x
        if (x * x < 1) != shrinks:
            raise WrongAnswer(
                f"with the learning rate {rate:g} and x = 1, L is {3 * x * x:.3g} after 20 steps; it was 3"
            )
