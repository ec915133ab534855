"""Looking inside a trained network: what its units see in a picture, and which pictures excite them most.

Every function takes a network unchanged, and one of its modules as the layer to look at; forward hooks do the rest.
A unit is a channel of the layer's output, (N, C, H, W) or (N, C). The network should be in eval mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np

import nnlite
from nnlite import Function, Tensor, nn

Score = Callable[[Tensor], Tensor]  # images (N, C, H, W) -> a number for each, (N,)


def activations(network: nn.Module, images: Tensor, layers: Sequence[nn.Module]) -> list[Tensor]:
    """The output of each of these layers when the network is given the images."""
    found: dict[nn.Module, Tensor] = {}
    with ExitStack() as hooks:
        for layer in layers:
            hooks.enter_context(layer.register_forward_hook(lambda m, args, output: found.update({m: output})))
        network(images)
    return [found[layer] for layer in layers]


def occlusion(score: Score, image: np.ndarray, side: int, stride: int, cover: float | np.ndarray) -> np.ndarray:
    """How much the score falls when a square of the image is covered, for each position (Zeiler & Fergus 2014).

    image    (C, H, W); the square is `side` pixels wide, moves by `stride` and has the value(s) `cover`, (C, 1, 1)
    Returns (h, w): the score of the image minus the score with the square centred at (i stride, j stride).
    """
    _, height, width = image.shape
    covered = [image]
    for row in range(0, height, stride):
        for column in range(0, width, stride):
            top, left = max(0, row - side // 2), max(0, column - side // 2)
            other = image.copy()
            other[:, top : row - side // 2 + side, left : column - side // 2 + side] = cover
            covered.append(other)
    with nnlite.no_grad():
        batches = [nnlite.tensor(np.stack(covered[i : i + 64])) for i in range(0, len(covered), 64)]
        whole, *scores = np.concatenate([score(batch).numpy() for batch in batches])
    return (whole - np.array(scores)).reshape(-(-height // stride), -1)


def maximise(
    score: Score,
    start: np.ndarray,
    limits: tuple[float, float],
    steps: int = 200,
    lr: float = 0.05,
    decay: float = 0.01,
    smooth: float = 0.0,
    shift: int = 1,
    seed: int = 0,
) -> np.ndarray:
    """Change images so that their scores rise: gradient ascent on the pixels (Erhan 2009, Simonyan 2014), from `start`.

    Adam maximises  sum of the scores - decay |x|^2 - smooth (sum of the squared differences of neighbours), with all
    pixels kept within `limits`. Without the two penalties, and without a random shift by up to `shift` pixels before
    each step, the result excites the unit but looks like noise.
    start, result   (N, C, H, W); one image for each unit
    """
    rng = np.random.default_rng(seed)
    images = nn.Parameter(nnlite.tensor(start))
    optimizer = nnlite.optim.Adam([images], lr)
    for _ in range(steps):
        optimizer.zero_grad()
        moved = nnlite.roll(images, tuple(rng.integers(-shift, shift + 1, 2).tolist()), (2, 3))
        loss = decay * (images**2).sum() - score(moved).sum()
        for axis in (2, 3):
            size = images.shape[axis]
            part = [slice(None)] * 4
            part[axis] = slice(1, size)
            before = [slice(None)] * 4
            before[axis] = slice(0, size - 1)
            loss = loss + smooth * ((images[tuple(part)] - images[tuple(before)]) ** 2).sum()
        loss.backward()
        optimizer.step()
        with nnlite.no_grad():
            images.clamp_(*limits)
    return images.detach().numpy()


class RectifyGradient(Function):
    """y = activation(x)    dx = dy where dy > 0, and if guided where x > 0 too; else 0"""

    def forward(self, x, *, activation, guided):
        self.open = x > 0 if guided else True
        with nnlite.no_grad():
            return activation(Tensor(x)).array

    def backward(self, dy):
        return dy * ((dy > 0) & self.open)


class SquashGradient(Function):
    """y = activation(x)    dx = tanh(dy), whatever x is"""

    def forward(self, x, *, activation, guided):
        with nnlite.no_grad():
            return activation(Tensor(x)).array

    def backward(self, dy):
        return self.xp.tanh(dy)


# A deconvnet passes its reconstruction through the activation function of each layer, so that it stays within what the
# layer can output: not negative for rectifiers, between -1 and 1 for tanh.
BACKWARD: dict[type[nn.Module], type[Function]] = {
    nn.ReLU: RectifyGradient,
    nn.LeakyReLU: RectifyGradient,
    nn.Tanh: SquashGradient,
}


@contextmanager
def deconvnet_backward(network: nn.Module, guided: bool = False) -> Iterator[None]:
    """Inside the block, the network's backward pass is that of a deconvnet: only the activation functions differ."""

    def replace_output(layer: nn.Module, args: tuple, output: Tensor) -> Tensor:
        return BACKWARD[type(layer)].apply(args[0], activation=layer.forward, guided=guided)

    with ExitStack() as hooks:
        for layer in network.modules():
            if type(layer) in BACKWARD:
                hooks.enter_context(layer.register_forward_hook(replace_output))
        yield


def reconstruction(
    network: nn.Module, layer: nn.Module, image: np.ndarray, unit: int, guided: bool = False
) -> np.ndarray:
    """What excites a unit in an image (C, H, W), by a deconvnet (Zeiler & Fergus 2014): (C, H, W).

    All values of the layer are set to 0, except for the unit's largest, which is traced back to the pixels through an
    approximate inverse of each layer. The backward pass already has these steps (Simonyan 2014, section 4):

        convolution       its transpose
        max pooling       unpooling to where the maxima were, which the forward pass has saved: the switches
        average pooling   the value spread evenly over the window; nothing needs saving
        rectifier         the one step that differs: the reconstruction itself is rectified, whatever the sign of the
                          forward pass's values; for a tanh it passes through tanh again

    Without max pooling, only the position of the largest value depends on the image. With `guided`, rectifiers also
    block what the forward pass blocked, so the image matters again (guided backpropagation: Springenberg et al. 2015).
    """
    x = nnlite.Tensor(image[None], requires_grad=True)
    with deconvnet_backward(network, guided):
        (output,) = activations(network, x, [layer])
    values = output.detach().numpy()[:, unit]
    seed = nnlite.zeros_like(output).numpy()
    seed[:, unit] = np.where(values == values.max(), values, 0.0)
    output.backward(nnlite.Tensor(seed))
    assert x.grad is not None, "backward has just set it"
    return x.grad.numpy()[0]
