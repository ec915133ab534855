"""Page 1: one number."""


def neuron_gradients(w, b, x, t):
    z = w * x + b
    dy = 2 * (max(z, 0.0) - t)
    dz = dy if z > 0 else 0.0
    return dz * x, dz


three_edges = [2, 2, 3]  # x * x hands 1 * x to x twice, 3 * x hands it 1 * 3

largest_rate = 1 / 3  # a step makes (1 - 6 rate) x of x, which is larger than x as soon as 6 rate > 2
