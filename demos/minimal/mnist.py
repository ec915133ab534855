"""A small convolutional network learns to read handwritten digits (LeCun et al. 1998).

    python -m demos.minimal.mnist

Every training in this project is the loop below: predict, measure the error, find its gradient, take a step.
"""

from pathlib import Path

import numpy as np

import nnlite
from nnlite import nn, optim
from nnlite.nn import functional as F
from nnlite.plot import image_grid

DIGITS = Path(__file__).parents[1] / "assets" / "digits" / "mnist10k.npz"
PICTURE = Path("runs/minimal/mnist.png")
STEPS, BATCH = 1000, 64


def load_digits():
    """10,000 digits of MNIST: images (N, 1, 28, 28) between 0 (paper) and 1 (ink), and labels (N,) from 0 to 9."""
    with np.load(DIGITS) as file:
        images = file["images"][:, None] / np.float32(255)
        return nnlite.tensor(images), nnlite.tensor(file["labels"].astype(np.int64))


class Network(nn.Module):
    """Images (N, 1, 28, 28) -> one score for each of the ten digits (N, 10). The highest is the network's answer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=5, padding=2)
        self.linear = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 16, 14, 14)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 32, 7, 7)
        return self.linear(x.flatten(1))


def main():
    nnlite.manual_seed(0)
    images, labels = load_digits()
    train_images, test_images = images[:8000], images[8000:]
    train_labels, test_labels = labels[:8000], labels[8000:]
    network = Network()
    optimizer = optim.Adam(network.parameters(), lr=1e-3)

    for step in range(1, STEPS + 1):
        batch = nnlite.randint(len(train_images), (BATCH,))  # some digits, drawn at random
        loss = F.cross_entropy(network(train_images[batch]), train_labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 25 == 0:
            print(f"step {step:4}   loss {loss.item():.3f}")

    with nnlite.no_grad():
        probability = F.softmax(network(test_images), 1)
    answer = probability.argmax(1)
    print(f"{(answer == test_labels).float().mean().item():.2%} of 2,000 held-out digits read correctly")

    # A column for each answer, with the digits that the network was least sure of on top.
    order = np.argsort(probability.amax(1).numpy())
    pictures, answers = test_images.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()[order], answer.numpy()[order]
    columns = [pictures[answers == digit][:8] for digit in range(10)]
    titles = [f"read as {digit}" for digit in range(10)]
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    image_grid(list(zip(*columns, strict=False)), PICTURE, titles=titles, scale=3)
    print(f"Look at {PICTURE}")


if __name__ == "__main__":
    main()
