"""VGG's features and the losses on them, against PyTorch and loops; published weights by PyTorch's names."""

import sys

import numpy as np
import pytest

import nnlite
from models.patch_filters import cluster_directions, learn_filters, taught_vgg
from models.style_transfer import LBFGS, Canvas, StyleTransfer, gram_matrix, roughness, style_loss
from models.vgg import VGGFeatures, load_vgg19
from nnlite import nn

SMALL = ((1, 2, 1), (4, 6, 8))  # convolutions and widths
LAYERS = {"content_layer": "conv2_2", "style_layers": ("conv1_1", "conv2_1", "conv3_1")}


def pictures(rng, *sizes):
    return [nnlite.Tensor(rng.uniform(-1, 1, (1, 3, *size)).astype(np.float32)) for size in sizes]


def small_transfer(rng, **options):
    photo, painting = pictures(rng, (22, 18), (17, 25))
    return StyleTransfer(taught_vgg([photo, painting], *SMALL), [photo], [painting], **LAYERS, **options)


@pytest.fixture(autouse=True)
def few_patches(monkeypatch):
    """Teaching a network takes no time."""
    monkeypatch.setattr("models.patch_filters.PATCHES", 300)


@pytest.fixture
def narrow(monkeypatch):
    """VGG-19 with few channels, so that a file of it is small."""
    monkeypatch.setattr(VGGFeatures.__init__, "__defaults__", ((2, 2, 4, 4, 4), (2, 3, 4, 5, 5), True, "zeros"))


def vgg19_of_pytorch(torch, convolutions=(2, 2, 4, 4, 4), widths=(2, 3, 4, 5, 5), norm=False):
    """As PyTorch's collection of models builds it, pooling at the end of each block."""
    t, layers, before = torch.nn, [], 3
    for count, width in zip(convolutions, widths, strict=True):
        for _ in range(count):
            layers += [t.Conv2d(before, width, 3, padding=1), *([t.BatchNorm2d(width)] if norm else []), t.ReLU()]
            before = width
        layers.append(t.MaxPool2d(2, 2))
    return t.Sequential(*layers)


def write(torch, network, path):
    state = {f"features.{name}": weight.numpy() for name, weight in network.state_dict().items()}
    nnlite.save(state | {"classifier.6.bias": np.zeros(7, np.float32)}, path)
    return path


@pytest.mark.parametrize("average", [True, False])
def test_features_are_pytorchs(torch, rng, narrow, average, tmp_path):
    theirs = vgg19_of_pytorch(torch)
    ours = VGGFeatures(average=average)
    state = {f"features.{name}": weight.numpy() for name, weight in theirs.state_dict().items()}
    ours.load_state_dict(state)
    (x,) = pictures(rng, (37, 50))
    names = ("conv1_1", "conv1_2", "conv3_4", "conv4_2", "conv5_1")
    found = ours(x, names)
    assert list(found) == list(names)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    y = ((torch.tensor(x.numpy()) + 1) / 2 - mean[:, None, None]) / std[:, None, None]
    convolutions, expected = 0, {}
    counts = {2: "conv1_2", 1: "conv1_1", 8: "conv3_4", 10: "conv4_2", 13: "conv5_1"}
    for layer in theirs:
        if average and isinstance(layer, torch.nn.MaxPool2d):
            layer = torch.nn.AvgPool2d(2, 2)
        y = layer(y)
        convolutions += isinstance(layer, torch.nn.Conv2d)
        if isinstance(layer, torch.nn.ReLU) and convolutions in counts:
            expected[counts[convolutions]] = y.detach().numpy()
    for name in names:
        np.testing.assert_allclose(found[name].detach().numpy(), expected[name], rtol=1e-4, atol=1e-5)


def test_published_weights_are_read_by_pytorchs_names(torch, narrow, tmp_path):
    theirs = vgg19_of_pytorch(torch)
    ours = load_vgg19(write(torch, theirs, tmp_path / "vgg19.safetensors"))
    assert list(ours.place)[-1] == "conv5_1" and not any(p.requires_grad for p in ours.parameters())
    weights = ours.state_dict()
    assert len(weights) == 26
    for name, weight in weights.items():
        np.testing.assert_array_equal(weight.numpy(), theirs.state_dict()[name.removeprefix("features.")].numpy())


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"convolutions": (2, 2, 3, 3, 3)}, "features.16.weight"),  # VGG-16
        ({"norm": True}, "features.2.weight"),
        ({"widths": (2, 3, 4, 4, 4)}, "(5, 4, 3, 3), found (4, 4, 3, 3)"),
    ],
)
def test_other_weights_are_refused(torch, narrow, tmp_path, other, expected):
    path = write(torch, vgg19_of_pytorch(torch, **other), tmp_path / "other.safetensors")
    with pytest.raises(nnlite.CheckpointError) as error:
        load_vgg19(path)
    assert expected in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    (tmp_path / "page.html").write_text("<html>not found</html>")
    for path in (tmp_path / "page.html", tmp_path / "nowhere"):
        with pytest.raises(nnlite.CheckpointError, match=path.name):
            load_vgg19(path)


def test_unknown_layers_and_tiny_images_are_refused(rng):
    network = VGGFeatures(*SMALL)
    with pytest.raises(ValueError, match=r"no conv9_1; it has conv1_1, conv2_1, conv2_2, conv3_1"):
        network(pictures(rng, (16, 16))[0], ["conv1_1", "conv9_1"])
    with pytest.raises(nnlite.ShapeError, match=r"4x4 pixels or more, got \(1, 3, 3, 16\)"):
        network(pictures(rng, (3, 16))[0], ["conv1_1"])


def test_channels_of_the_taught_network_are_standardised(rng):
    """Mean 0 and variance 1 over both pictures, before each rectifier; deterministic."""
    given = pictures(rng, (22, 18), (17, 25))
    network = taught_vgg(given, *SMALL, seed=3)
    for layer in network.features:
        if isinstance(layer, nn.Conv2d):
            seen = []
            with layer.register_forward_hook(lambda m, args, output, seen=seen: seen.append(output.numpy())):
                for picture in given:
                    network(picture, ["conv3_1"])
            values = np.concatenate([y[0].reshape(y.shape[1], -1) for y in seen], 1)
            np.testing.assert_allclose(values.mean(1), 0.0, atol=1e-4)
            np.testing.assert_allclose(values.std(1), 1.0, rtol=1e-3)
    for a, b in zip(network.parameters(), taught_vgg(given, *SMALL, seed=3).parameters(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_directions_that_patches_come_from_are_found(rng):
    """Three orthogonal directions with a little noise: the centers are these, in some order."""
    axes = np.eye(3, 9)
    points = axes[rng.integers(0, 3, 600)] + 0.05 * rng.standard_normal((600, 9))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    centers = cluster_directions(points, 12, rng)
    assert (axes @ centers.T).max(1).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1.0, rtol=1e-4)


def test_what_all_patches_share_does_not_count(rng):
    """Brightness varies 100 times as much as the pattern; filters answer to the pattern all the same."""
    sign, pattern = rng.choice([-1.0, 1.0], 2000), np.array([1.0, -1.0, 0.0, 0.0])
    patches = 50.0 * rng.standard_normal((2000, 1)) + sign[:, None] * pattern + 0.1 * rng.standard_normal((2000, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.patch_filters.NOISE", 1e-6)
        answers = (patches - patches.mean(0)) @ learn_filters(patches, 8, rng).T
    assert np.abs(np.corrcoef(answers.T, sign)[-1, :-1]).min() > 0.5


def test_a_blank_picture_leaves_the_taught_network_finite():
    blank = nnlite.zeros(1, 3, 16, 16)
    for features in taught_vgg([blank], *SMALL)(blank, ["conv1_1", "conv3_1"]).values():
        assert np.isfinite(features.numpy()).all() and np.abs(features.numpy()).max() < 1.0


def test_gram_matrix_and_style_loss_in_loops(rng):
    """G_ij = sum_k F_ik F_jk / M and sum (G - A)^2 / sum A^2."""
    f = rng.standard_normal((1, 3, 4, 5))
    flat = f.reshape(3, 20)
    other = rng.standard_normal((3, 20))
    difference = size = 0.0
    gram = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            gram[i, j] = sum(flat[i, k] * flat[j, k] for k in range(20))
            difference += (gram[i, j] - other[i] @ other[j]) ** 2
            size += (other[i] @ other[j]) ** 2
    np.testing.assert_allclose(gram_matrix(nnlite.Tensor(f)).numpy(), gram / 20, rtol=1e-12)
    assert float(style_loss(nnlite.Tensor(f), nnlite.Tensor(other @ other.T / 20))) == pytest.approx(
        difference / size, rel=1e-12
    )


def test_where_features_are_does_not_matter_to_style(rng):
    f = rng.standard_normal((1, 3, 4, 5))
    shuffled = f.reshape(1, 3, 20)[:, :, rng.permutation(20)].reshape(f.shape)
    np.testing.assert_allclose(gram_matrix(nnlite.Tensor(f)).numpy(), gram_matrix(nnlite.Tensor(shuffled)).numpy())


def test_a_canvas_begins_as_the_photo_and_stays_in_range(rng):
    (photo,) = pictures(rng, (21, 18))
    canvas = Canvas([photo], levels=4)
    np.testing.assert_array_equal(canvas().detach().numpy(), photo.detach().numpy())
    assert [p.shape[2:] for p in canvas.parameters()] == [(21, 18), (11, 9), (6, 5), (3, 3)]
    with nnlite.no_grad():
        for level in canvas.parameters():
            level.copy_(nnlite.full_like(level, 0.25))
    np.testing.assert_allclose(canvas().detach().numpy(), np.minimum(photo.detach().numpy() + 1.0, 1.0), rtol=1e-6)


def test_a_larger_size_begins_with_what_was_painted_on_the_smaller(rng):
    """Enlarging a smooth picture to twice its size and shrinking it again changes it little; finer levels wait."""
    small, large = pictures(rng, (8, 6), (16, 12))
    canvas = Canvas([small, large], levels=2)
    assert [p.shape[2:] for p in canvas.parameters()] == [(16, 12), (8, 6), (4, 3)]
    canvas.level1.data[:] = -small.numpy() + np.linspace(-0.5, 0.5, 8, dtype=np.float32)[:, None]
    painted = canvas(0).detach().numpy()
    enlarged = canvas(1).detach().numpy()
    np.testing.assert_allclose(enlarged.reshape(1, 3, 8, 2, 6, 2).mean((3, 5)), painted, atol=0.02)
    canvas(0).sum().backward()
    assert canvas.level0.grad is None and canvas.level1.grad is not None


def test_roughness_is_the_mean_difference_of_neighbours(rng):
    x = rng.standard_normal((1, 2, 4, 5))
    down = [abs(x[0, c, i + 1, j] - x[0, c, i, j]) for c in range(2) for i in range(3) for j in range(5)]
    across = [abs(x[0, c, i, j + 1] - x[0, c, i, j]) for c in range(2) for i in range(4) for j in range(4)]
    expected = sum(down) / len(down) + sum(across) / len(across)
    assert float(roughness(nnlite.Tensor(x))) == pytest.approx(expected, rel=1e-12)


def test_one_photo_needs_one_painting(rng):
    photo, painting = pictures(rng, (22, 18), (17, 25))
    with pytest.raises(ValueError, match="2 photos and 1 paintings"):
        StyleTransfer(taught_vgg([photo], *SMALL), [photo, photo], [painting], **LAYERS)


def test_one_level_is_gradient_descent_on_pixels(torch, rng):
    """Against the same losses and Adam written in PyTorch."""
    ours = small_transfer(rng, levels=1, style_weight=100.0, roughness_weight=3.0, lr=0.01)
    t = torch.nn
    with torch.no_grad():
        layers = [
            t.Conv2d(3, 4, 3), t.ReLU(), t.AvgPool2d(2), t.Conv2d(4, 6, 3), t.ReLU(), t.Conv2d(6, 6, 3), t.ReLU(),
            t.AvgPool2d(2), t.Conv2d(6, 8, 3), t.ReLU(),
        ]  # fmt: skip
        for mine, layer in zip(ours.network.features, layers, strict=True):
            if isinstance(layer, t.Conv2d):
                layer.weight.copy_(torch.tensor(mine.weight.numpy().copy()))
                layer.bias.copy_(torch.tensor(mine.bias.numpy().copy()))

    def features(x):
        x = ((x + 1) / 2 - torch.tensor(ours.network.mean.numpy())) / torch.tensor(ours.network.std.numpy())
        found = []
        for layer in layers:
            if isinstance(layer, t.Conv2d):
                x = t.functional.pad(x, (1, 1, 1, 1), mode="replicate")
            x = layer(x)
            if isinstance(layer, t.ReLU):
                found.append(x)
        return found

    def gram(f):
        return torch.einsum("nchw,ndhw->cd", f, f) / (f.shape[2] * f.shape[3])

    photo, painting = pictures(np.random.default_rng(20240611), (22, 18), (17, 25))
    np.testing.assert_array_equal(ours.canvas.photo.numpy(), photo.numpy())
    content = features(torch.tensor(photo.numpy()))[2].detach()
    grams = [gram(f).detach() for f in features(torch.tensor(painting.numpy()))]
    x = torch.tensor(photo.numpy().copy(), requires_grad=True)
    adam = torch.optim.Adam([x], 0.01)
    for _ in range(4):
        f = features(x.clamp(-1, 1))
        style = sum(((gram(f[i]) - g) ** 2).sum() / (g**2).sum() for i in (0, 1, 3) for g in [grams[i]]) / 3
        content_loss = ((f[2] - content) ** 2).mean()
        adam.zero_grad()
        y = x.clamp(-1, 1)
        rough = y.diff(dim=2).abs().mean() + y.diff(dim=3).abs().mean()
        (content_loss + 100 * style + 3 * rough).backward()
        adam.step()
        losses = ours.train_step()
        assert float(losses["style"]) == pytest.approx(style.item(), rel=1e-3)
        assert float(losses["content"]) == pytest.approx(content_loss.item(), rel=1e-3, abs=1e-6)
    np.testing.assert_allclose(ours.canvas().detach().numpy(), x.detach().clamp(-1, 1).numpy(), atol=2e-3)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_steps_lower_the_style_loss_and_go_on_bit_for_bit(rng, optimizer):
    if optimizer == "lbfgs":
        pytest.importorskip("scipy")
    straight = small_transfer(rng, optimizer=optimizer)
    first = straight.train_step()
    assert float(first["content"]) == 0.0 and not first["style"].requires_grad and first["style"].shape == ()
    for _ in range({"adam": 20, "lbfgs": 2}[optimizer]):
        straight.train_step()
    resumed = small_transfer(np.random.default_rng(20240611), optimizer=optimizer)
    resumed.network, resumed.contents, resumed.grams = straight.network, straight.contents, straight.grams
    resumed.load_state_dict(straight.state_dict())
    losses = [{name: float(loss) for name, loss in model.train_step().items()} for model in (straight, resumed)]
    assert losses[0] == losses[1] and losses[0]["style"] < 0.5 * float(first["style"])


def test_lbfgs_finds_the_least_of_a_quadratic_of_two_parameters(rng):
    """Of loss = (x - A)^T H (x - A) + |y - B|^2; float32 parameters, one not contiguous in memory."""
    pytest.importorskip("scipy")
    x, y = nn.Parameter(nnlite.zeros(3)), nn.Parameter(nnlite.zeros(1, 2, 3, 2))
    a, b = rng.standard_normal(3).astype(np.float32), rng.standard_normal((1, 2, 3, 2)).astype(np.float32)
    h = nnlite.tensor(np.diag([1.0, 30.0, 900.0]).astype(np.float32))
    calls = []

    def closure():
        optimizer.zero_grad()
        d = x - nnlite.tensor(a)
        loss = (d * (h @ d)).sum() + ((y - nnlite.tensor(b)) ** 2).sum()
        loss.backward()
        calls.append(float(loss))
        return loss

    optimizer = LBFGS([x, y], iterations=30)
    optimizer.step(closure)
    assert 5 < len(calls) < 60
    np.testing.assert_allclose(x.detach().numpy(), a, atol=1e-3)
    np.testing.assert_allclose(y.detach().numpy(), b, atol=1e-3)


def test_lbfgs_asks_for_its_closure():
    with pytest.raises(TypeError, match="pass a closure"):
        LBFGS([nnlite.zeros(2, requires_grad=True)]).step()


def test_lbfgs_without_scipy_says_what_to_install(rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    small_transfer(rng).train_step()
    with pytest.raises(ImportError, match="pip install scipy") as error:
        small_transfer(rng, optimizer="lbfgs")
    assert "\n" not in str(error.value)


def test_without_style_the_photo_stays(rng):
    model = small_transfer(rng, style_weight=0.0, roughness_weight=0.0)
    for _ in range(3):
        model.train_step()
    np.testing.assert_array_equal(model.canvas().detach().numpy(), model.canvas.photo.detach().numpy())
