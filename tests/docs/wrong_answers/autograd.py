def _in_order_of_discovery(inputs, root):
    order = [root]
    for node in order:
        order += [other for other in dict.fromkeys(inputs[node]) if other not in order]
    return order


def _once_for_each_use(inputs, root):
    order = [root]
    for node in order:
        order += inputs[node]
    return order


def _depth_first(inputs, root):
    order = []

    def visit(node):
        if node not in order:
            order.append(node)
            for other in inputs[node]:
                visit(other)

    visit(root)
    return order


order = [
    _in_order_of_discovery,
    _once_for_each_use,
    _depth_first,
    lambda inputs, root: list(inputs),  # what root does not need, too
    lambda inputs, root: [root],
]
scale_and_shift_gradients = [
    lambda x, scale, dy: (dy * scale, dy * x, dy),  # not summed
    lambda x, scale, dy: (dy * scale, dy.sum(axis=0), dy.sum(axis=0)),  # the other factor forgotten
    lambda x, scale, dy: (dy, (dy * x).sum(axis=0), dy.sum(axis=0)),
    lambda x, scale, dy: (dy * scale, (dy * x).sum(axis=1), dy.sum(axis=1)),  # over the wrong axis
    lambda x, scale, dy: (dy * scale, (dy * x).sum(axis=0), dy.mean(axis=0)),
    lambda x, scale, dy: dy * scale,
]
doublings = [(30, 60), (31, 2**30), (2**30, 2**30), (60, 2**30), (30, 2**31), 30]
