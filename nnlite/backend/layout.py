"""Memory order. Shapes are (N, C, H, W) everywhere, but the memory behind them is (N, H, W, C).

A pixel's channels then lie side by side: one image is a matrix with a row for each pixel and a column for
each channel. A convolution's window is a few runs of neighbours, a bias or a batch-norm scale is one value
a column, and statistics are column sums. These helpers give that matrix without a copy when the order is
already right; im2col.py says what it buys.
"""


def channels_last(x):
    """(N, C, H, W) -> its (N, H, W, C) view; a copy only if the memory is in another order.

    Rows may be part of longer rows (a slice of the channels), so that the gradient of `cat` needs no copy.
    """
    base = x.transpose(0, 2, 3, 1)
    return base if _is_rows(base) else _convert(base)


def channels_first(base):
    """(N, H, W, C) -> its (N, C, H, W) view: the way back."""
    return base.transpose(0, 3, 1, 2)


def rows(x):
    """Any array as a matrix (rows, columns); images as (N*H*W, C). A view wherever that is possible."""
    if x.ndim == 4:
        return channels_last(x).reshape(-1, x.shape[1] or 1)
    return x.reshape(-1, x.shape[-1] or 1 if x.ndim else 1)


def from_rows(matrix, shape):
    """The inverse of `rows`: give the matrix the shape it came from."""
    if len(shape) == 4:
        n, c, h, w = shape
        return channels_first(matrix.reshape(n, h, w, c))
    return matrix.reshape(shape)


def border(xp, x, before, after, fill=0.0):
    """(N, H, W, C) with a border, `before` = (top, left) and `after` = (bottom, right); x itself if it is empty."""
    if not any((*before, *after)):
        return x
    (top, left), (bottom, right), (n, h, w, c) = before, after, x.shape
    shape = n, top + h + bottom, left + w + right, c
    padded = xp.full(shape, fill, x.dtype) if fill else xp.zeros(shape, x.dtype)  # zeros cost next to nothing
    padded[:, top : top + h, left : left + w] = x
    return padded


def groups_of(groups, *channels):
    """For each group, its slice of each of these numbers of channels."""
    sizes = [n // groups for n in channels]
    return [tuple(slice(n * g, n * (g + 1)) for n in sizes) for g in range(groups)]


def _is_rows(base):
    """Whether (N, H, W, C) merges into a matrix: dense columns, and rows at one constant distance."""
    n, h, w, c = base.shape
    sn, sh, sw, sc = base.strides
    width = c * base.itemsize
    step = sw if w > 1 else sh if h > 1 else sn if n > 1 else width  # the stride of an axis of size 1 means nothing
    return (
        (c == 1 or sc == base.itemsize)
        and (h == 1 or sh == w * step)
        and (n == 1 or sn == h * w * step)
        and step >= width
    )


def _convert(base):
    return base.copy(order="C")
