"""torch.nn of the room: old arguments, old names, DataParallel, spectral_norm."""

import copy
import io

import numpy as np
import pytest

import nnlite
import nnlite.torch as ours
from nnlite.errors import GraphError
from tests.nnlite.torch.helpers import assert_same


def tensors(t, *shape, seed=1, requires_grad=False):
    numbers = np.random.default_rng(seed).uniform(0.1, 0.9, shape)
    return t.tensor(numbers, requires_grad=requires_grad)


OLD = [{}, {"size_average": True}, {"size_average": False}, {"reduce": False}, {"reduce": True},
       {"size_average": False, "reduce": True}, {"size_average": False, "reduce": False},
       {"size_average": False, "reduction": "mean"}, {"reduction": "sum"}]  # fmt: skip


@pytest.mark.parametrize("old", OLD, ids=str)
@pytest.mark.parametrize(
    "loss",
    ["mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"],
)
def test_old_arguments_of_losses_of_two_tensors(torch, loss, old):
    name = {
        "mse_loss": "MSELoss", "l1_loss": "L1Loss", "smooth_l1_loss": "SmoothL1Loss", "kl_div": "KLDivLoss",
        "binary_cross_entropy": "BCELoss", "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    }[loss]  # fmt: skip

    def as_function(t):
        return close(getattr(t.nn.functional, loss)(tensors(t, 2, 3), tensors(t, 2, 3, seed=2), **old))

    def as_module(t):
        return close(getattr(t.nn, name)(**old)(tensors(t, 2, 3), tensors(t, 2, 3, seed=2)))

    same = lambda f: assert_same(f, torch, warned=loss != "kl_div")  # noqa: E731  PyTorch warns of kl_div's mean
    same(as_function)
    same(as_module)


@pytest.mark.parametrize("old", OLD, ids=str)
@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
def test_old_arguments_of_losses_of_classes(torch, loss, old):
    name = {"nll_loss": "NLLLoss", "cross_entropy": "CrossEntropyLoss"}[loss]

    def as_function(t):
        return close(getattr(t.nn.functional, loss)(tensors(t, 3, 4), t.tensor([0, 3, 2]), ignore_index=2, **old))

    def as_module(t):
        weight = tensors(t, 4, seed=3)
        return close(getattr(t.nn, name)(weight=weight, **old)(tensors(t, 3, 4), t.tensor([0, 3, 2])))

    assert_same(as_function, torch)
    assert_same(as_module, torch)


def close(tensor):
    """Rounded, so that sums in another order are equal."""
    return np.round(tensor.detach().numpy(), 10).tolist()


@pytest.mark.parametrize(
    "by_position",
    [
        lambda t: t.nn.MSELoss(False).reduction,
        lambda t: t.nn.MSELoss(None, False).reduction,
        lambda t: t.nn.MSELoss(None, None, "sum").reduction,
        lambda t: t.nn.NLLLoss(None, False).reduction,
        lambda t: t.nn.CrossEntropyLoss(None, None, 1).ignore_index,
        lambda t: t.nn.CrossEntropyLoss(None, None, 1, False).reduction,
        lambda t: t.nn.BCEWithLogitsLoss(None, None, None, "sum", tensors(t, 3)).pos_weight,
        lambda t: t.nn.SmoothL1Loss(None, None, "mean", 0.5).beta,
        lambda t: t.nn.HuberLoss("sum", 2.0).delta,
        lambda t: close(t.nn.functional.mse_loss(tensors(t, 3), tensors(t, 3, seed=2), False)),
        lambda t: close(t.nn.functional.nll_loss(tensors(t, 2, 3), t.tensor([0, 1]), None, False)),
        lambda t: t.nn.MSELoss(nothing=1),
    ],
)
def test_old_arguments_by_position(torch, by_position):
    assert_same(by_position, torch)


@pytest.mark.parametrize("old", [{"size_average": False}, {"reduce": False}, {}], ids=str)
@pytest.mark.parametrize(
    ("function", "module", "inputs"),
    [
        ("soft_margin_loss", "SoftMarginLoss", 2), ("hinge_embedding_loss", "HingeEmbeddingLoss", 2),
        ("poisson_nll_loss", "PoissonNLLLoss", 2), ("multilabel_soft_margin_loss", "MultiLabelSoftMarginLoss", 2),
        ("margin_ranking_loss", "MarginRankingLoss", 3), ("triplet_margin_loss", "TripletMarginLoss", 3),
    ],
)  # fmt: skip
def test_old_arguments_of_further_losses(torch, function, module, inputs, old):
    def program(t):
        given = [tensors(t, 4, 3, seed=seed) for seed in range(inputs)]
        by_module = getattr(t.nn, module)(**old)
        return [close(getattr(t.nn.functional, function)(*given, **old)), close(by_module(*given)), by_module.reduction]

    assert_same(program, torch)


def test_losses_are_nnlites():
    loss = ours.nn.MSELoss()
    assert isinstance(loss, nnlite.nn.MSELoss) and isinstance(loss, ours.nn.modules.loss._Loss)
    assert repr(loss) == "MSELoss()" and isinstance(copy.deepcopy(loss), ours.nn.MSELoss)


@pytest.mark.parametrize(
    "without_dim",
    [
        *(lambda t, n=n: close(t.nn.functional.softmax(tensors(t, *(2, 3, 2, 2)[:n]))) for n in range(1, 5)),
        lambda t: close(t.nn.functional.log_softmax(tensors(t, 2, 3))),
        lambda t: close(t.nn.Softmax()(tensors(t, 2, 3))),
        lambda t: close(t.nn.LogSoftmax()(tensors(t, 2, 3, 2))),
        lambda t: close(t.nn.Softmax(dim=1)(tensors(t, 2, 3))),
        lambda t: close(t.nn.Softmax(1)(tensors(t, 2, 3))),
        lambda t: close(t.nn.functional.softmax(tensors(t, 2, 3), -1)),
        lambda t: t.nn.functional.softmax(t.ones(2, 4), 1, dtype=t.float64),
        lambda t: close(t.nn.functional.upsample(tensors(t, 1, 1, 2, 2), scale_factor=2)),
        lambda t: close(t.nn.functional.upsample(tensors(t, 1, 1, 2, 2), (3, 5), mode="bilinear")),
        lambda t: close(t.nn.functional.tanh(tensors(t, 2))),
        lambda t: close(t.nn.functional.sigmoid(tensors(t, 2))),
        lambda t: t.nn.init.constant(t.ones(2), 3.0),
        lambda t: t.nn.init.eye(t.ones(2, 2)),
        lambda t: t.nn.init.xavier_normal(t.ones(2, 2)).shape[0],
        lambda t: t.nn.init.kaiming_uniform(t.ones(2, 2)).shape[0],
        lambda t: t.nn.init._calculate_fan_in_and_fan_out(t.ones(2, 3)),
        lambda t: close(t.nn.utils.clip_grad_norm([tensors(t, 2)], 1.0)),
        lambda t: close(t.nn.utils.parameters_to_vector([tensors(t, 2, 3), tensors(t, 2)])),
        lambda t: isinstance(t.nn.BatchNorm2d(2), t.nn.modules.batchnorm._BatchNorm),
        lambda t: isinstance(t.nn.Linear(2, 2), t.nn.modules.Module),
    ],
)  # fmt: skip
def test_old_names_and_missing_dims(torch, without_dim):
    assert_same(without_dim, torch)


def test_vector_to_parameters():
    layer = nnlite.nn.Linear(2, 3)
    vector = ours.nn.utils.parameters_to_vector(layer.parameters())
    ours.nn.utils.vector_to_parameters(vector * 0 + ours.arange(9.0), layer.parameters())
    assert layer.weight.tolist() == [[0, 1], [2, 3], [4, 5]] and layer.bias.tolist() == [6, 7, 8]


def test_vectors_have_a_gradient(torch):
    def program(t):
        layer = t.nn.Linear(2, 3)
        (t.nn.utils.parameters_to_vector(layer.parameters()) * t.arange(9.0)).sum().backward()
        return [layer.weight.grad, layer.bias.grad]

    assert_same(program, torch)


class TestDataParallel:
    def test_it_calls_its_module(self, torch):
        def program(t):
            model = t.nn.DataParallel(t.nn.Linear(2, 3), device_ids=None)
            x = t.ones(4, 2)
            same = bool((model(x) == model.module(x)).detach().numpy().all())
            names = [*model.state_dict(), *(name for name, _ in model.named_parameters())]
            return [same, names, model.training, model.eval().module.training, isinstance(model, t.nn.Module)]

        assert_same(program, torch)

    def test_a_file_of_one_goes_into_another(self):
        model, other = (ours.nn.DataParallel(ours.nn.Linear(2, 3)) for _ in range(2))
        file = io.BytesIO()
        ours.save(model.state_dict(), file)
        file.seek(0)
        other.load_state_dict(ours.load(file))
        assert other.module.weight.tolist() == model.module.weight.tolist()
        assert ours.nn.parallel.data_parallel(model.module, ours.ones(1, 2)).shape == (1, 3)


class TestSpectralNorm:
    @pytest.mark.parametrize("kind", ["Linear", "Conv2d", "ConvTranspose2d"])
    def test_it_is_pytorchs(self, torch, kind, rng):
        arguments, shape = ((3, 4), (2, 3)) if kind == "Linear" else ((3, 4, 3), (2, 3, 5, 5))
        x, state = rng.standard_normal(shape), None
        results = []
        for t in (torch, ours):
            layer = t.nn.utils.spectral_norm(getattr(t.nn, kind)(*arguments).double(), n_power_iterations=2)
            if state is None:
                state = {name: value.numpy().copy() for name, value in layer.state_dict().items()}
            layer.load_state_dict({name: t.tensor(value) for name, value in state.items()})
            for _ in range(2):
                y = layer(t.tensor(x))
            (y * y).sum().backward()
            trained = y.detach().numpy(), layer.weight_orig.grad.numpy(), layer.weight_u.numpy(), layer.weight_v.numpy()
            results.append((*trained, layer.eval()(t.tensor(x)).detach().numpy(), list(layer.state_dict())))
        *theirs, their_names = results[0]
        *mine, names = results[1]
        assert sorted(names) == sorted(their_names)
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)

    def test_the_largest_singular_value_becomes_1(self):
        layer = ours.nn.utils.spectral_norm(ours.nn.Linear(3, 4))
        for _ in range(100):
            layer(ours.ones(1, 3))
        assert np.linalg.svd(layer.weight.detach().numpy())[1][0] == pytest.approx(1.0, rel=1e-4)
        assert [name for name, _ in layer.named_parameters()] == ["bias", "weight_orig"]
        with pytest.raises(GraphError, match="is normalised already"):
            ours.nn.utils.spectral_norm(layer)
        before = layer(ours.ones(1, 3)).tolist()
        ours.nn.utils.remove_spectral_norm(layer)
        assert sorted(layer.state_dict()) == ["bias", "weight"]
        np.testing.assert_allclose(layer(ours.ones(1, 3)).tolist(), before, rtol=1e-5)


def test_layers_take_a_device_and_a_dtype():
    class Narrow(ours.nn.Linear):
        def __init__(self, inputs, outputs, bias=True, device=None, dtype=None):
            super().__init__(inputs, outputs, bias, device, dtype)

    layer = Narrow(3, 2, False, "cpu", ours.float64)
    assert layer.weight.dtype == "float64" and layer.bias is None and isinstance(layer, nnlite.nn.Linear)
    assert ours.nn.BatchNorm2d(4, dtype=ours.float64).running_mean.dtype == "float64"
    assert ours.nn.Embedding(5, 3, device="cpu").weight.shape == (5, 3)
    assert repr(ours.nn.Conv2d(1, 2, 3)) == repr(nnlite.nn.Conv2d(1, 2, 3))
    with pytest.raises(TypeError):
        ours.nn.Embedding(5, 3, 0, "cpu")


@pytest.mark.parametrize(
    "name, sizes, others", [("Linear", [3], {}), ("Conv2d", [1, 2, 3], {"a": 2}), ("ReLU", [], {"a": 1})]
)
def test_a_wrong_argument_is_refused_with_the_layers_name(name, sizes, others):
    with pytest.raises(TypeError, match=f"^{name}: "):
        getattr(ours.nn, name)(*sizes, **others)
