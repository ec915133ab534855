"""CycleGAN: its losses by hand, who learns from which, the pool of images, and the same numbers as PyTorch."""

import numpy as np
import pytest

import nnlite
from models.cyclegan import ContrastDiscriminator, CycleGAN, ImagePool, ResNetGenerator
from models.srgan import Discriminator
from nnlite import nn
from tests.helpers import gradients_at_steps, in_order


def batch(seed=0, n=2, size=32, dtype=np.float32):
    rng = np.random.default_rng(seed)
    images = (rng.uniform(-1, 1, (n, 3, size, size)).astype(dtype) for _ in "xy")
    return [nnlite.Tensor(in_order(image, "channels last")) for image in images]


def tiny(**how):
    """Generators that change images already."""
    generators = [ResNetGenerator(2, 1), ResNetGenerator(2, 1)]
    for generator in generators:
        nn.init.normal_(generator.last.weight, 0.0, 0.02)
    return CycleGAN(*generators, 2, **how)


class Blend(nn.Module):
    """image -> a image + b: a generator whose losses can be written down."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = (nn.Parameter(nnlite.tensor(value)) for value in (a, b))

    def forward(self, image):
        return self.a * image + self.b


class Weighing(nn.Module):
    """A discriminator that is one number times the image's mean."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(nnlite.tensor(weight))

    def forward(self, image):
        return self.weight * image.mean(dim=(1, 2, 3))


def test_the_losses_are_those_of_the_paper():
    """All of them from the images in double precision, with networks of one line and rates of 0."""
    model = CycleGAN(Blend(0.5, 0.1), Blend(2.0, -0.3), 2, 7.0, 3.0, 0.0, 0.0)
    model.discriminators = nn.ModuleDict({"cartoon": Weighing(0.8), "photo": Weighing(-1.5)})
    x, y = (image.numpy().astype(np.float64) for image in batch())
    losses = {name: float(loss) for name, loss in model.train_step(*batch()).items()}

    draw, photograph = (lambda a: 0.5 * a + 0.1), (lambda a: 2.0 * a - 0.3)
    judge_cartoon, judge_photo = (lambda a: 0.8 * a.mean((1, 2, 3))), (lambda a: -1.5 * a.mean((1, 2, 3)))
    on_made = judge_cartoon(draw(x)), judge_photo(photograph(y))
    on_real = judge_cartoon(y), judge_photo(x)
    adversarial = sum(((output - 1) ** 2).mean() for output in on_made)
    discriminator = sum(((r - 1) ** 2).mean() + (m**2).mean() for r, m in zip(on_real, on_made, strict=True)) / 2
    cycle = np.abs(photograph(draw(x)) - x).mean() + np.abs(draw(photograph(y)) - y).mean()
    identity = np.abs(draw(y) - y).mean() + np.abs(photograph(x) - x).mean()
    expected = {"adversarial": adversarial, "cycle": cycle, "identity": identity, "discriminator": discriminator}
    assert losses == pytest.approx(expected, rel=1e-5)


def test_the_terms_are_weighed():
    """The generators' gradient is linear in the weights of the terms."""

    def gradient(lambda_cycle, lambda_identity):
        nnlite.manual_seed(3)
        model = tiny(lambda_cycle=lambda_cycle, lambda_identity=lambda_identity)
        model.train_step(*batch())
        return np.concatenate([p.grad.numpy().ravel() for p in model.generators.parameters()]).astype(np.float64)

    alone, cycle, identity, both = (gradient(*weights) for weights in ((0, 0), (1, 0), (0, 1), (10, 5)))
    expected = alone + 10 * (cycle - alone) + 5 * (identity - alone)
    np.testing.assert_allclose(both, expected, atol=1e-4 * np.abs(both).max())
    assert all(part.any() for part in (alone, cycle - alone, identity - alone))


def test_all_four_networks_learn_and_each_from_its_own_loss(monkeypatch):
    model = tiny()
    seen = gradients_at_steps(monkeypatch, model, ("generators", "discriminators"))
    parts = (model.generators, model.discriminators)
    before = [[p.detach().numpy().copy() for p in part.parameters()] for part in parts]
    model.train_step(*batch())
    assert all(g is None for g in seen["generator"]["discriminators"]), "the generators' loss reached a discriminator"
    for mine, later in zip(seen["generator"]["generators"], seen["discriminator"]["generators"], strict=True):
        assert mine.any() and np.array_equal(mine, later), "the discriminators' loss reached a generator"
    for part, old in zip(parts, before, strict=True):
        assert all((p.detach().numpy() != w).any() for p, w in zip(part.parameters(), old, strict=True)), (
            "every parameter moves"
        )
        assert all(p.requires_grad for p in part.parameters())


# The pool


def test_a_pool_that_is_not_full_returns_what_it_is_given():
    pool, (images, _) = ImagePool(4), batch(n=4)
    np.testing.assert_array_equal(pool.query(images).numpy(), images.numpy())


def test_a_full_pool_returns_half_old_images_each_once():
    """Images are numbered: what comes out is new or comes from the pool, and none comes out twice."""
    pool = ImagePool(10)
    given = [nnlite.full((1, 1, 1, 1), float(number)) for number in range(1000)]
    returned = np.array([float(pool.query(image).numpy()[0, 0, 0, 0]) for image in given])
    np.testing.assert_array_equal(returned[:10], np.arange(10))
    assert (returned <= np.arange(1000)).all()
    from_the_past = returned[10:] < np.arange(10, 1000)
    assert 0.45 < from_the_past.mean() < 0.55  # 990 draws of 1/2: the standard deviation is .016
    kept = {float(image.numpy()[0, 0, 0]) for image in pool.images}
    assert len(kept) == 10
    came_out = set(returned[10:])
    assert len(came_out) == 990 and came_out | kept == set(map(float, range(1000)))


def test_the_discriminators_see_what_the_pools_return(monkeypatch):
    """Each pool is given what was made now; the loss is that of what it returned."""
    model = CycleGAN(Blend(0.5, 0.1), Blend(2.0, -0.3), 2)
    model.discriminators = nn.ModuleDict({"cartoon": Weighing(0.8), "photo": Weighing(-1.5)})
    x, y = (image.numpy() for image in batch())
    asked, old = {}, {"cartoon": nnlite.full((2, 3, 32, 32), 0.4), "photo": nnlite.full((2, 3, 32, 32), -0.2)}
    for kind, pool in model.pools.items():
        monkeypatch.setattr(pool, "query", lambda images, kind=kind: asked.update({kind: images.numpy()}) or old[kind])
    loss = float(model.train_step(*batch())["discriminator"])
    np.testing.assert_allclose(asked["cartoon"], 0.5 * x + 0.1, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(asked["photo"], 2.0 * y - 0.3, rtol=1e-5, atol=1e-6)
    on_real = 0.8 * y.mean((1, 2, 3)), -1.5 * x.mean((1, 2, 3))
    expected = sum(((output - 1) ** 2).mean() for output in on_real) + (0.8 * 0.4) ** 2 + (1.5 * 0.2) ** 2
    assert loss == pytest.approx(expected / 2, rel=1e-4)


# The generator


@pytest.mark.parametrize("size", [(4, 8), (32, 32), (20, 44)])
def test_the_image_keeps_its_size(size):
    assert ResNetGenerator(2, 1)(nnlite.zeros(1, 3, *size)).shape == (1, 3, *size)


def test_other_sizes_are_refused():
    with pytest.raises(nnlite.ShapeError, match="multiples of 4, got 30x32; the nearest is 32x32"):
        ResNetGenerator(2, 1)(nnlite.zeros(1, 3, 30, 32))


def test_it_begins_with_the_image_itself():
    (image, _) = batch(size=64)
    np.testing.assert_array_equal(ResNetGenerator(16, 6)(image).detach().numpy(), image.detach().numpy())


@pytest.mark.parametrize(("levels", "nearest"), [(1, "32x32"), (3, "32x32")])
def test_levels_decide_which_sizes_fit(levels, nearest):
    generator = ResNetGenerator(2, 1, levels)
    assert generator(nnlite.zeros(1, 3, 2**levels, 3 * 2**levels)).shape == (1, 3, 2**levels, 3 * 2**levels)
    with pytest.raises(nnlite.ShapeError, match=f"multiples of {2**levels}, got 31x32; the nearest is {nearest}"):
        generator(nnlite.zeros(1, 3, 31, 32))


def test_a_patch_is_34_pixels_of_contrast():
    """Where the gradient of one output reaches: 34x34 pixels, and 3 more to each side that the blur sees."""
    (image, _) = batch(n=1, size=96)
    image.requires_grad_()
    ContrastDiscriminator(2).eval()(image)[0, 0, 10, 12].backward()
    rows, columns = np.nonzero(image.grad.numpy()[0].any(0))
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == 40


def test_the_discriminator_does_not_see_how_bright_an_image_is():
    image, other = batch()
    judge = ContrastDiscriminator(4)
    dark, bright, different = (judge(x).detach().numpy() for x in (0.5 * image, 0.5 * image + 0.3, 0.5 * other))
    np.testing.assert_allclose(dark, bright, atol=1e-4)
    assert np.abs(dark - different).max() > 0.1


def test_another_kind_of_discriminator_can_be_asked_for():
    """One that sees how bright an image is, which those of contrast do not."""
    judges = tiny(judge=Discriminator).discriminators
    assert set(judges) == {"cartoon", "photo"}
    image, _ = batch()
    dark, bright = (judges["photo"](x).detach().numpy() for x in (0.5 * image, 0.5 * image + 0.3))
    assert np.abs(dark - bright).max() > 0.01


# State, and PyTorch


def test_a_saved_state_goes_on_bit_for_bit(tmp_path):
    """Also with pools that are full, and random numbers that choose from them."""

    def model():
        made = tiny()
        for pool in made.pools.values():
            pool.size = 3
        return made

    straight = model()
    for seed in range(3):
        straight.train_step(*batch(seed))
    nnlite.save({**straight.state_dict(), "rng": nnlite.get_rng_state()}, tmp_path / "c.safetensors")
    expected = [{k: float(v) for k, v in straight.train_step(*batch(seed)).items()} for seed in (7, 8, 9)]
    nnlite.manual_seed(99)
    resumed, state = model(), nnlite.load(tmp_path / "c.safetensors")
    resumed.load_state_dict(state)
    nnlite.set_rng_state(state["rng"])
    assert [{k: float(v) for k, v in resumed.train_step(*batch(seed)).items()} for seed in (7, 8, 9)] == expected


def test_a_state_before_the_first_step_can_be_saved(tmp_path):
    nnlite.save(tiny().state_dict(), tmp_path / "c.safetensors")
    tiny().load_state_dict(nnlite.load(tmp_path / "c.safetensors"))


def torch_networks(torch):
    """(ResNetGenerator with two levels, ContrastDiscriminator) in PyTorch, with the same names."""
    nn, F = torch.nn, torch.nn.functional
    line = torch.exp(-(torch.arange(-3.0, 4.0, dtype=torch.float64) ** 2) / (2 * 1.5**2))
    window = torch.outer(line, line) / line.sum() ** 2

    def contrast(x):
        def blurred(y):
            return F.conv2d(y, window.expand(3, 1, 7, 7), padding=3, groups=3)

        return 5.0 * (x - blurred(x) / blurred(torch.ones_like(x)))

    def rectified(before, after, size, stride=1):
        return [nn.Conv2d(before, after, size, stride, size // 2), nn.LeakyReLU(0.2)]

    class Block(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.body = nn.Sequential(*rectified(c, c, 3), nn.Conv2d(c, c, 3, padding=1))

        def forward(self, x):
            return x + self.body(x)

    class Generator(nn.Module):
        def __init__(self, w, blocks):
            super().__init__()
            down = [*rectified(6, w, 7), *rectified(w, 2 * w, 3, 2), *rectified(2 * w, 4 * w, 3, 2)]
            up = [nn.Upsample(scale_factor=2), *rectified(4 * w, 2 * w, 3)]
            up += [nn.Upsample(scale_factor=2), *rectified(2 * w, w, 3)]
            self.layers = nn.Sequential(*down, *(Block(4 * w) for _ in range(blocks)), *up)
            self.last = nn.Conv2d(w, 3, 7, padding=3)

        def forward(self, x):
            return x + self.last(self.layers(torch.cat([x, contrast(x)], 1)))

    class Discriminator(nn.Module):
        def __init__(self, w):
            super().__init__()
            layers = [nn.Conv2d(3, w, 4, 2, 1), nn.LeakyReLU(0.2)]
            for a, b, stride in ((1, 2, 2), (2, 4, 1)):
                layers += [nn.Conv2d(a * w, b * w, 4, stride, 1, bias=False), nn.BatchNorm2d(b * w), nn.LeakyReLU(0.2)]
            self.patches = nn.Module()
            self.patches.layers = nn.Sequential(*layers, nn.Conv2d(4 * w, 1, 4, 1, 1))

        def forward(self, x):
            return self.patches.layers(contrast(x))

    return Generator, Discriminator


def test_training_gives_pytorchs_losses(torch):
    """From the same weights, in float64, while the pools hand on what they get."""
    Generator, Discriminator = torch_networks(torch)
    ours = tiny(generator_lr=1e-3, discriminator_lr=1e-3)
    for part in (ours.generators, ours.discriminators):
        for tensor in (*part.parameters(), *(t for _, t in part.named_buffers() if t.dtype == np.float32)):
            tensor.array = tensor.array.astype(np.float64)
    networks = {name: Generator(2, 1) for name in ours.generators} | {n: Discriminator(2) for n in ours.discriminators}
    for name, network in networks.items():
        own = ours.generators[name] if name in ours.generators else ours.discriminators[name]
        network.double().load_state_dict({k: torch.tensor(v.numpy().copy()) for k, v in own.state_dict().items()})
    g, f, d_y, d_x = (networks[name] for name in ("drawer", "photographer", "cartoon", "photo"))
    g_adam, d_adam = (
        torch.optim.Adam([*a.parameters(), *b.parameters()], 1e-3, betas=(0.5, 0.999)) for a, b in ((g, f), (d_y, d_x))
    )
    mse, l1 = (lambda output, label: ((output - label) ** 2).mean()), torch.nn.functional.l1_loss
    for step in range(4):
        images = batch(step, dtype=np.float64)
        mine = {name: float(loss) for name, loss in ours.train_step(*images).items()}
        x, y = (torch.tensor(image.numpy().copy()) for image in images)
        drawn, photographed = g(x), f(y)
        adversarial = mse(d_y(drawn), 1) + mse(d_x(photographed), 1)
        cycle, identity = l1(f(drawn), x) + l1(g(photographed), y), l1(g(y), y) + l1(f(x), x)
        g_adam.zero_grad()
        (adversarial + 10 * cycle + 5 * identity).backward()
        g_adam.step()
        on_real, on_made = (d_y(y), d_x(x)), (d_y(drawn.detach()), d_x(photographed.detach()))
        discriminator = sum(mse(r, 1) + mse(m, 0) for r, m in zip(on_real, on_made, strict=True)) / 2
        d_adam.zero_grad()
        discriminator.backward()
        d_adam.step()
        theirs = {"adversarial": adversarial, "cycle": cycle, "identity": identity, "discriminator": discriminator}
        assert mine == pytest.approx({name: loss.item() for name, loss in theirs.items()}, rel=1e-6), f"step {step}"
