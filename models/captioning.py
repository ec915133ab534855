"""Captioning: a convolutional network looks at an image, an LSTM tells word by word what it shows.

ShowAndTell (Vinyals et al. 2015): the image, as one vector, is the LSTM's first input; after that come the words.

    (h, c) = LSTM(image)
    (h, c) = LSTM(embedding of the word before, (h, c)),   P(next word) = softmax(W h + b)

ShowAttendAndTell (Xu et al. 2015): before each word the decoder looks at the image again, and where it looks depends on
what it has told so far. With f_i the features of column i of the image,

    e_i = v . tanh(A f_i + B h),   w = softmax(e),   context = sum of w_i f_i
    (h, c) = LSTM([embedding of the word before, context], (h, c)),   P(next word) = softmax(W [h, context] + b)

The words are whole numbers from 0 on; the last of them, `end`, ends a caption and also stands in front of the first
word. In training the word before is the right one (teacher forcing), in use the one that was told (greedy decoding).
"""

from __future__ import annotations

from typing import Any

import nnlite
from models.classifiers import eval_mode
from models.trainable import Trainable
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

State = tuple[Tensor, Tensor]  # h and c of the LSTM, (N, units) each

AFTER_END = -100  # in a caption, what follows its end: cross_entropy ignores it


class Encoder(nn.Module):
    """Images (N, 1, 32, W), a row of something from left to right -> features of its columns (N, W / 4, features).

    A column sees the 28 x 32 pixels around it. A learnt vector is added to each, so that it also says where it is.
    """

    def __init__(self, width: int, features: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.MaxPool2d(2), nn.ReLU(),
            *_block(16, 32), nn.MaxPool2d(2),
            *_block(32, 64), nn.MaxPool2d((2, 1)),
            *_block(64, features, kernel=(4, 3), padding=(0, 1)),
        )  # fmt: skip
        self.place = nn.Parameter(0.1 * nnlite.randn(width // 4, features))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).squeeze(2).transpose(1, 2) + self.place


def _block(inputs: int, outputs: int, kernel: Any = 3, padding: Any = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class ShowAndTell(nn.Module):
    """Images (N, 1, 32, width) -> captions of `words` kinds of words and the end."""

    def __init__(self, width: int, words: int, features: int = 96, units: int = 128):
        super().__init__()
        self.end = words
        self.encoder = Encoder(width, features)
        self.embedding = nn.Embedding(words + 1, units)
        self._add_decoder(width // 4, features, units)

    def _add_decoder(self, columns: int, features: int, units: int) -> None:
        self.image = nn.Linear(columns * features, units)
        self.cell = nn.LSTMCell(units, units)
        self.output = nn.Linear(units, self.end + 1)

    def look(self, images: Tensor) -> tuple[Tensor, ...]:
        """What the decoder sees of the images: the features of their columns (N, columns, features)."""
        return (self.encoder(images),)

    def start(self, seen: tuple[Tensor, ...]) -> State:
        """The state after a look at the image, before the first word."""
        return self.cell(self.image(seen[0].flatten(1)))

    def step(self, seen: tuple[Tensor, ...], word: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """The word before (N,) -> logits of the next (N, words + 1), the new state, the weights (N, columns)."""
        state = self.cell(self.embedding(word), state)
        (columns,) = seen
        return self.output(state[0]), state, nnlite.ones(columns.shape[:2], device=columns.device) / columns.shape[1]

    def forward(self, images: Tensor, captions: Tensor) -> Tensor:
        """Logits (N, T, words + 1) for each word of captions (N, T), given the right words before it."""
        seen, begin = self.look(images), nnlite.full_like(captions[:, 0], self.end)
        state, word, told = self.start(seen), begin, []
        for t in range(captions.shape[1]):
            logits, state, _ = self.step(seen, word, state)
            told.append(logits)
            word = nnlite.where(captions[:, t] == AFTER_END, begin, captions[:, t])
        return nnlite.stack(told, 1)

    def tell(self, images: Tensor, most: int) -> tuple[Tensor, Tensor]:
        """The likeliest word each time, (N, most), of which those after an `end` mean nothing; the columns' weights."""
        seen = self.look(images)
        state, words, weights = self.start(seen), [], []
        word = nnlite.full((len(images),), self.end, dtype=nnlite.int64, device=images.device)
        for _ in range(most):
            logits, state, looked_at = self.step(seen, word, state)
            word = logits.argmax(1)
            words.append(word)
            weights.append(looked_at)
        return nnlite.stack(words, 1), nnlite.stack(weights, 1)


class ShowAttendAndTell(ShowAndTell):
    """The same with attention: the weights of the columns are those of the context."""

    def _add_decoder(self, columns: int, features: int, units: int) -> None:
        self.image = nn.Linear(features, 2 * units)
        self.of_column, self.of_state = nn.Linear(features, 64), nn.Linear(units, 64, bias=False)
        self.score = nn.Linear(64, 1, bias=False)
        self.cell = nn.LSTMCell(units + features, units)
        self.output = nn.Linear(units + features, self.end + 1)

    def look(self, images: Tensor) -> tuple[Tensor, ...]:
        """The features of the columns, and A f_i, which is the same for every word."""
        columns = self.encoder(images)
        return columns, self.of_column(columns)

    def start(self, seen: tuple[Tensor, ...]) -> State:
        h, c = nnlite.tanh(self.image(seen[0].mean(1))).chunk(2, 1)
        return h, c

    def step(self, seen: tuple[Tensor, ...], word: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        columns, keys = seen
        weights = F.softmax(self.score(nnlite.tanh(keys + self.of_state(state[0]).unsqueeze(1))).squeeze(2), 1)
        context = (weights.unsqueeze(1) @ columns).squeeze(1)
        state = self.cell(nnlite.cat([self.embedding(word), context], 1), state)
        return self.output(nnlite.cat([state[0], context], 1)), state, weights


class Captioner(Trainable):
    """A network that tells captions, trained with Adam. The loss is the mean of -log P(word), ends included."""

    def __init__(self, network: ShowAndTell, lr: float = 2e-3):
        self.network = network
        self.optimizer = optim.Adam(network.parameters(), lr)

    def train_step(self, images: Tensor, captions: Tensor) -> dict[str, Tensor]:
        """One step on images and captions (N, T): words, then `end`, then AFTER_END. The loss and the share of words
        told right after the right ones, as 0-d Tensors."""
        self.optimizer.zero_grad()
        logits = self.network(images, captions)
        loss = F.cross_entropy(logits.flatten(0, 1), captions.flatten(), ignore_index=AFTER_END)
        loss.backward()
        self.optimizer.step()
        right = (logits.detach().argmax(2) == captions).float().sum() / nnlite.ne(captions, AFTER_END).float().sum()
        return {"loss": loss.detach(), "words_right": right}

    def tell(self, images: Tensor, most: int) -> tuple[Tensor, Tensor]:
        """Captions (N, most) and weights of the columns (N, most, columns), in eval mode and without gradients."""
        with eval_mode(self.network):
            return self.network.tell(images, most)

    def components(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer}
