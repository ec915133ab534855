def _gradients(slope_of_square=2, relu_has_a_slope=True, times_x=True, sign=1):
    def neuron_gradients(w, b, x, t):
        z = w * x + b
        dz = sign * slope_of_square * (max(z, 0.0) - t) * (z > 0 or not relu_has_a_slope)
        return dz * (x if times_x else 1), dz

    return neuron_gradients


neuron_gradients = [
    _gradients(slope_of_square=1),
    _gradients(relu_has_a_slope=False),
    _gradients(times_x=False),
    _gradients(sign=-1),
    lambda w, b, x, t: 2 * (max(w * x + b, 0.0) - t),  # one number
]
three_edges = [[4, 3], [2, 3], 7, [1, 1, 3], [4, 4, 3]]  # x * x as one edge; summed; the slopes of +; both doubled
largest_rate = [1 / 6, 1.0, 2.0, -1 / 3]  # the rate that arrives at 0; slope 2 instead of 6
