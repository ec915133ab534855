"""nnlite/torch/nn/composites: values, gradients and settings, against PyTorch."""

import inspect

import numpy as np
import pytest

import nnlite
from nnlite.torch.nn import composites
from tests.helpers import IMAGE, assert_close, backward, distinct, far, leaf, positive, probability, signed

SEQUENCE = (2, 3, 7)
SIGNS = np.array([1, -1, 1, -1])


def target(lib, shape=(4,)):
    """+1 and -1 by turns."""
    return lib.tensor(np.broadcast_to(SIGNS[: shape[0]].reshape(-1, *[1] * (len(shape) - 1)), shape).astype(np.float64))


# name -> (call(lib, F, *inputs), (values, shape) of each input)
FUNCTIONS = {
    "selu": (lambda lib, F, x: F.selu(x), (signed, IMAGE)),
    "softsign": (lambda lib, F, x: F.softsign(x), (signed, IMAGE)),
    "logsigmoid": (lambda lib, F, x: F.logsigmoid(x), (signed, IMAGE)),
    "celu": (lambda lib, F, x: F.celu(x, 0.5), (signed, IMAGE)),
    "hardsigmoid": (lambda lib, F, x: F.hardsigmoid(1.01 * x), (distinct, IMAGE)),
    "hardswish": (lambda lib, F, x: F.hardswish(1.01 * x), (distinct, IMAGE)),
    "mish": (lambda lib, F, x: F.mish(x), (signed, IMAGE)),
    "tanhshrink": (lambda lib, F, x: F.tanhshrink(x), (signed, IMAGE)),
    "softmin": (lambda lib, F, x: F.softmin(x, 1), (signed, IMAGE)),
    "threshold": (lambda lib, F, x: F.threshold(x, 0.11, 20.0), (signed, IMAGE)),
    "glu": (lambda lib, F, x: F.glu(x, -3), (signed, (2, 4, 3))),
    "normalize": (lambda lib, F, x: F.normalize(x), (signed, IMAGE)),
    "normalize 1": (lambda lib, F, x: F.normalize(x, 1, -1, eps=3.0), (signed, (4, 3))),
    "cosine_similarity": (lambda lib, F, a, b: F.cosine_similarity(a, b), (signed, IMAGE), (signed, IMAGE)),
    "cosine_similarity broadcast": (
        lambda lib, F, a, b: F.cosine_similarity(a[:, None], b[None], dim=-1),
        (signed, (4, 3)),
        (signed, (2, 3)),
    ),
    "pairwise_distance": (lambda lib, F, a, b: F.pairwise_distance(a, b), (signed, (4, 3)), (signed, (4, 3))),
    "pairwise_distance 1": (
        lambda lib, F, a, b: F.pairwise_distance(a, b, 1, 0.5, True),
        (signed, (4, 3)),
        (far, (4, 3)),
    ),
    "soft_margin_loss": (lambda lib, F, x: F.soft_margin_loss(x, target(lib, (4, 3))), (signed, (4, 3))),
    "hinge_embedding_loss": (
        lambda lib, F, x: F.hinge_embedding_loss(x, target(lib), 1.13, reduction="none"),
        (distinct, (4,)),
    ),
    "margin_ranking_loss": (
        lambda lib, F, a, b: F.margin_ranking_loss(a, b, target(lib), 0.5, reduction="sum"),
        (far, (4,)),
        (signed, (4,)),
    ),
    "cosine_embedding_loss": (
        lambda lib, F, a, b: F.cosine_embedding_loss(a, b, target(lib), -0.9, reduction="none"),
        (positive, (4, 3)),
        (positive, (4, 3)),
    ),
    "triplet_margin_loss": (
        lambda lib, F, *x: F.triplet_margin_loss(*x, margin=30.0),
        *[(signed, (4, 3)), (signed, (4, 3)), (far, (4, 3))],
    ),
    "triplet_margin_loss swap": (
        lambda lib, F, *x: F.triplet_margin_loss(*x, 90.0, 3, swap=True, reduction="none"),
        *[(signed, (4, 3)), (signed, (4, 3)), (far, (4, 3))],
    ),
    "multilabel_soft_margin_loss": (
        lambda lib, F, x, t: F.multilabel_soft_margin_loss(x, t, lib.tensor([0.5, 1.0, 2.0]).to(x.dtype)),
        *[(signed, (4, 3)), (probability, (4, 3))],
    ),
    "poisson_nll_loss": (lambda lib, F, x, t: F.poisson_nll_loss(x, t), (signed, (4, 3)), (positive, (4, 3))),
    "poisson_nll_loss full": (
        lambda lib, F, x, t: F.poisson_nll_loss(x, t * 1.0, False, full=True, reduction="sum"),
        *[(positive, (4, 3)), (positive, (4, 3))],
    ),
    "gaussian_nll_loss": (
        lambda lib, F, x, t, v: F.gaussian_nll_loss(x, t, v, full=True, eps=0.05),
        *[(signed, (4, 3)), (signed, (4, 3)), (positive, (4, 3))],
    ),
    "conv1d": (
        lambda lib, F, x, w, b: F.conv1d(x, w, b, 2, 1, 2),
        *[(signed, SEQUENCE), (signed, (4, 3, 3)), (signed, (4,))],
    ),
    "conv1d same": (lambda lib, F, x, w: F.conv1d(x, w, None, padding="same"), (signed, (3, 7)), (signed, (4, 3, 5))),
    "conv1d groups": (lambda lib, F, x, w: F.conv1d(x, w, groups=3), (signed, SEQUENCE), (signed, (6, 1, 3))),
    "conv_transpose1d": (
        lambda lib, F, x, w, b: F.conv_transpose1d(x, w, b, 3, 1, 1, 1, 2),
        *[(signed, SEQUENCE), (signed, (3, 4, 3)), (signed, (4,))],
    ),
    "max_pool1d": (lambda lib, F, x: F.max_pool1d(x, 3, 2, 1, 1, True), (distinct, SEQUENCE)),
    "max_pool1d kernel only": (lambda lib, F, x: F.max_pool1d(x, (2,)), (distinct, (3, 7))),
    "avg_pool1d": (lambda lib, F, x: F.avg_pool1d(x, 3, 2, (1,), True, False), (signed, SEQUENCE)),
    "adaptive_avg_pool1d": (lambda lib, F, x: F.adaptive_avg_pool1d(x, 4), (signed, SEQUENCE)),
    "adaptive_max_pool1d": (lambda lib, F, x: F.adaptive_max_pool1d(x, 4), (distinct, SEQUENCE)),
    "adaptive_max_pool2d": (lambda lib, F, x: F.adaptive_max_pool2d(x, (3, None)), (distinct, IMAGE)),
    "adaptive_max_pool2d larger": (lambda lib, F, x: F.adaptive_max_pool2d(x, 7), (distinct, (3, 5, 4))),
    "pixel_unshuffle": (lambda lib, F, x: F.pixel_unshuffle(x, 2), (signed, (2, 3, 4, 6))),
    "pixel_unshuffle one image": (lambda lib, F, x: F.pixel_unshuffle(x, 2), (signed, (3, 4, 6))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_and_their_gradients_are_pytorchs(torch, name):
    call, *inputs = FUNCTIONS[name]
    rng = np.random.default_rng(7)
    arrays = [values(rng, shape) for values, shape in inputs]
    ours = [leaf(a) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, z = call(nnlite, composites, *ours), call(torch, torch.nn.functional, *theirs)
    u = backward(y)
    z.backward(torch.tensor(u))
    assert y.shape == tuple(z.shape) and y.dtype == np.float64
    assert_close(y, z.detach().numpy(), 1e-11)
    tolerance = 1e-7 if name == "hardsigmoid" else 1e-10  # PyTorch's gradient has a sixth in single precision
    for x, a in zip(ours, theirs, strict=True):
        assert_close(x.grad, a.grad.numpy(), tolerance)


MODULES = {
    "SELU": (lambda nn: nn.SELU(True), IMAGE),
    "Softsign": (lambda nn: nn.Softsign(), IMAGE),
    "LogSigmoid": (lambda nn: nn.LogSigmoid(), IMAGE),
    "CELU": (lambda nn: nn.CELU(0.5), IMAGE),
    "Hardsigmoid": (lambda nn: nn.Hardsigmoid(), IMAGE),
    "Hardswish": (lambda nn: nn.Hardswish(), IMAGE),
    "Mish": (lambda nn: nn.Mish(), IMAGE),
    "Tanhshrink": (lambda nn: nn.Tanhshrink(), IMAGE),
    "Softmin": (lambda nn: nn.Softmin(1), IMAGE),
    "Softmax2d": (lambda nn: nn.Softmax2d(), IMAGE),
    "Threshold": (lambda nn: nn.Threshold(0.1, 20), IMAGE),
    "GLU": (lambda nn: nn.GLU(), IMAGE),
    "CosineSimilarity": (lambda nn: nn.CosineSimilarity(-1), (4, 3), (4, 3)),
    "PairwiseDistance": (lambda nn: nn.PairwiseDistance(1, keepdim=True), (4, 3), (4, 3)),
    "SoftMarginLoss": (lambda nn: nn.SoftMarginLoss(), (4,), (4,)),
    "HingeEmbeddingLoss": (lambda nn: nn.HingeEmbeddingLoss(0.3), (4,), (4,)),
    "MarginRankingLoss": (lambda nn: nn.MarginRankingLoss(0.2), (4,), (4,), (4,)),
    "CosineEmbeddingLoss": (lambda nn: nn.CosineEmbeddingLoss(), (4, 3), (4, 3), (4,)),
    "TripletMarginLoss": (lambda nn: nn.TripletMarginLoss(2.0, swap=True), (4, 3), (4, 3), (4, 3)),
    "MultiLabelSoftMarginLoss": (lambda nn: nn.MultiLabelSoftMarginLoss(), (4, 3), (4, 3)),
    "PoissonNLLLoss": (lambda nn: nn.PoissonNLLLoss(), (4, 3), (4, 3)),
    "GaussianNLLLoss": (lambda nn: nn.GaussianNLLLoss(), (4, 3), (4, 3), (4, 3)),
    "Conv1d": (lambda nn: nn.Conv1d(3, 4, 3, 2, 1), SEQUENCE),
    "Conv1d circular": (lambda nn: nn.Conv1d(3, 6, 3, padding="same", groups=3, padding_mode="circular"), SEQUENCE),
    "Conv1d reflect": (lambda nn: nn.Conv1d(3, 4, 3, padding=2, bias=False, padding_mode="reflect"), SEQUENCE),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(3, 4, 4, 2, 1, dilation=2, output_padding=1), SEQUENCE),
    "MaxPool1d": (lambda nn: nn.MaxPool1d(2), SEQUENCE),
    "AvgPool1d": (lambda nn: nn.AvgPool1d(3, 1, 1), SEQUENCE),
    "AdaptiveAvgPool1d": (lambda nn: nn.AdaptiveAvgPool1d(2), SEQUENCE),
    "AdaptiveMaxPool1d": (lambda nn: nn.AdaptiveMaxPool1d(2), SEQUENCE),
    "AdaptiveMaxPool2d": (lambda nn: nn.AdaptiveMaxPool2d(2), IMAGE),
    "PixelUnshuffle": (lambda nn: nn.PixelUnshuffle(2), (2, 3, 4, 6)),
    "UpsamplingBilinear2d": (lambda nn: nn.UpsamplingBilinear2d((7, 3)), IMAGE),
    "ConstantPad2d": (lambda nn: nn.ConstantPad2d((1, -1, 0, 2), 3.5), IMAGE),
    "CircularPad2d": (lambda nn: nn.CircularPad2d(1), IMAGE),
    "ZeroPad1d": (lambda nn: nn.ZeroPad1d((1, -2)), SEQUENCE),
    "ConstantPad1d": (lambda nn: nn.ConstantPad1d(1, -2.0), SEQUENCE),
    "ReflectionPad1d": (lambda nn: nn.ReflectionPad1d(2), SEQUENCE),
    "ReplicationPad1d": (lambda nn: nn.ReplicationPad1d((3, 0)), SEQUENCE),
    "UpsamplingNearest2d": (lambda nn: nn.UpsamplingNearest2d(size=(10, 4)), IMAGE),
}
BY_HAND = {"ParameterList", "ParameterDict", "Dropout1d"}


def classes():
    return {n for n, c in vars(composites).items() if inspect.isclass(c)}


def test_every_layer_is_here():
    assert classes() - BY_HAND == {name.split()[0] for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_layers_are_pytorchs(torch, name, rng):
    make, *shapes = MODULES[name]
    ours, theirs = make(composites), make(torch.nn)
    assert repr(ours) == repr(theirs)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    arrays = [rng.random(shape).astype(np.float32) for shape in shapes]
    y, z = ours(*map(nnlite.tensor, arrays)), theirs(*map(torch.tensor, arrays))
    assert y.dtype == np.float32 and y.shape == tuple(z.shape)
    assert_close(y, z.detach().numpy(), 1e-5)


@pytest.mark.parametrize(
    "name", sorted(classes() - {"ParameterList", "ParameterDict", "LogSigmoid", "Softmax2d", "Softsign", "Tanhshrink"})
)
def test_arguments_stand_where_pytorchs_do(torch, name):
    left_out = {"device", "dtype", "size_average", "reduce"}

    def listed(lib):
        parameters = inspect.signature(getattr(lib, name)).parameters.values()
        return [(p.name, p.default) for p in parameters if p.name not in left_out]

    assert listed(composites) == listed(torch.nn)


def test_one_hot(torch):
    for classes, count in (([[0, 2], [1, 0]], -1), ([3], 5), (1, -1)):
        ours = composites.one_hot(nnlite.tensor(classes), count)
        theirs = torch.nn.functional.one_hot(torch.tensor(classes), count)
        assert ours.dtype == np.int64 and np.array_equal(ours.numpy(), theirs.numpy())
    for given, count, error in (([1.0], -1, TypeError), ([-1], 3, ValueError), ([3], 3, ValueError)):
        with pytest.raises(error, match="one_hot: "):
            composites.one_hot(nnlite.tensor(given), count)


def test_dropout_of_sequences_drops_channels():
    nnlite.manual_seed(0)
    for shape in ((2, 50, 4), (50, 4)):
        y = composites.Dropout1d(0.4)(nnlite.ones(*shape)).numpy().reshape(-1, 4)
        assert len(np.unique(y, axis=0)) == 2 and np.allclose(np.unique(y), [0.0, 1.0 / 0.6])
    x = nnlite.ones(2, 3, 4)
    assert np.array_equal(composites.Dropout1d().eval()(x).numpy(), x.numpy())


def test_rows_and_dictionaries_of_parameters(torch):
    def names(nn, lib):
        layer = nn.ParameterList([lib.ones(2), lib.ones(3)])
        layer.append(lib.ones(4))
        layer += [lib.ones(5)]
        layer[-1] = torch.nn.Parameter(lib.ones(6)) if lib is torch else nnlite.nn.Parameter(lib.ones(6))
        table = nn.ParameterDict({"b": lib.ones(1), "a": lib.ones(2)})
        table["c"] = lib.ones(3)
        table.pop("b")
        everything = (layer.state_dict(), layer[1:].state_dict(), table.state_dict())
        state = [[(k, tuple(v.shape)) for k, v in state.items()] for state in everything]
        return state, len(layer), [tuple(p.shape) for p in layer], list(table), "a" in table, "b" in table, len(table)

    assert names(composites, nnlite) == names(torch.nn, torch)
    with pytest.raises(TypeError, match="expected a Parameter or Tensor, got list"):
        composites.ParameterList([[1.0]])


REFUSED = {
    "alpha": (lambda x: composites.celu(x, 0), "celu: alpha must be above 0, got 0"),
    "halves": (lambda x: composites.glu(x), r"glu: axis -1 of shape \(2, 3, 5\) has odd length"),
    "rank": (lambda x: composites.conv1d(x[0, 0], x), r"conv1d: expected a sequence .* got \(5,\)"),
    "channels": (lambda x: composites.conv1d(x, x[:, :2]), r"conv1d: the input \(2, 3, 5\) .* has 3 channels"),
    "indices": (lambda x: composites.max_pool1d(x, 2, return_indices=True), "return_indices=True is not covered"),
    "indices of images": (lambda x: composites.adaptive_max_pool2d(x, 2, True), "return_indices=True is not covered"),
    "images": (lambda x: composites.adaptive_max_pool2d(x[0], 2), r"adaptive_max_pool2d: expected images .* \(3, 5\)"),
    "squares": (lambda x: composites.pixel_unshuffle(x, 2), r"pixel_unshuffle: .* \(2, 3, 5\) must be multiples of 2"),
    "reduction": (lambda x: composites.soft_margin_loss(x, x, reduction="median"), "reduction must be .* 'median'"),
    "variance": (lambda x: composites.gaussian_nll_loss(x, x, -x), "gaussian_nll_loss: var must not be negative"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what):
    call, says = REFUSED[what]
    with pytest.raises(ValueError, match=says):
        call(nnlite.ones(2, 3, 5))
