"""Captioners: steps against a whole LSTM, telling against teacher forcing, what follows an end, learning by heart."""

import numpy as np
import pytest

import nnlite
from models.captioning import AFTER_END, Captioner, ShowAndTell, ShowAttendAndTell
from nnlite import nn
from nnlite.nn import functional as F
from tests.helpers import assert_close

NETWORKS = [ShowAndTell, ShowAttendAndTell]


def images(count=3, seed=0):
    return nnlite.tensor(np.random.default_rng(seed).random((count, 1, 32, 24), np.float32))


def make(network):
    nnlite.manual_seed(0)
    return network(24, words=4, features=8, units=12)


def test_telling_is_an_lstm_over_the_image_and_the_words_before():
    network = make(ShowAndTell).eval()
    whole = nn.LSTM(12, 12, batch_first=True)
    whole.load_state_dict({f"{name}_l0": value for name, value in network.cell.state_dict().items()})
    captions = nnlite.tensor([[1, 3, 0], [2, 2, 4], [0, 4, AFTER_END]])
    image = network.image(network.encoder(images()).flatten(1)).unsqueeze(1)
    words = network.embedding(nnlite.tensor([[4, 1, 3], [4, 2, 2], [4, 0, 4]]))
    outputs, _ = whole(nnlite.cat([image, words], 1))
    assert_close(network(images(), captions), network.output(outputs[:, 1:]), 1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_given_what_it_told_it_tells_the_same(network):
    model = Captioner(make(network))
    words, weights = model.tell(images(), 5)
    assert words.shape == (3, 5) and weights.shape == (3, 5, 6)
    assert_close(weights.sum(2), np.ones((3, 5), np.float32), 1e-5)
    model.network.eval()
    assert np.array_equal(model.network(images(), words).argmax(2).numpy(), words.numpy())


def test_the_context_is_the_column_that_all_attention_is_on():
    network = make(ShowAttendAndTell).eval()
    columns, keys = network.look(images())
    with nnlite.no_grad():
        network.score.weight.fill_(1.0)
        keys[:, 2] += 20.0  # tanh is 1 there and well below elsewhere
        keys[:, [0, 1, 3, 4, 5]] -= 20.0
    state = network.start((columns, keys))
    logits, (h, _), weights = network.step((columns, keys), nnlite.tensor([4, 4, 4]), state)
    assert_close(weights[:, 2], np.ones(3, np.float32), 1e-6)
    assert_close(logits, network.output(nnlite.cat([h, columns[:, 2]], 1)), 1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_what_follows_an_end_is_ignored(network):
    short, long = [[1, 4, AFTER_END], [0, 2, 4]], [[1, 4, *[AFTER_END] * 3], [0, 2, 4, *[AFTER_END] * 2]]
    a, b = (Captioner(make(network)).train_step(images(2), nnlite.tensor(c)) for c in (short, long))
    assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-6)
    assert float(a["words_right"]) == pytest.approx(float(b["words_right"]))


def test_the_loss_is_the_mean_over_words_and_ends():
    model, captions = Captioner(make(ShowAttendAndTell)), nnlite.tensor([[1, 4, AFTER_END], [0, 2, 4]])
    probability = F.softmax(model.network(images(2), captions), 2).detach().numpy()
    told = [
        probability[0, 0, 1],
        probability[0, 1, 4],
        probability[1, 0, 0],
        probability[1, 1, 2],
        probability[1, 2, 4],
    ]
    assert float(model.train_step(images(2), captions)["loss"]) == pytest.approx(-np.log(told).mean(), rel=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_four_captions_are_learnt_by_heart(network):
    model = Captioner(make(network), lr=1e-2)
    captions = nnlite.tensor([[1, 2, 4], [3, 4, AFTER_END], [2, 1, 4], [0, 0, 4]])
    for _ in range(40):
        model.train_step(images(4), captions)
    words, _ = model.tell(images(4), 3)
    learnt = captions.numpy() != AFTER_END
    assert np.array_equal(words.numpy()[learnt], captions.numpy()[learnt])
