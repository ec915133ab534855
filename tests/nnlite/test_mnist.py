"""MNIST from a server on this machine that does to the files what servers and lines do: all of it, none, half."""

import gzip
import hashlib
import http.server
import importlib
import struct
import threading

import numpy as np
import pytest

import nnlite
from nnlite.data import download, mnist

module = importlib.import_module("nnlite.data.mnist")  # nnlite.data.mnist is the function


def idx(array):
    return gzip.compress(struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes())


@pytest.fixture
def digits(rng):
    """A small MNIST: {"train": (images, labels), "t10k": ...}."""
    return {
        split: (rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n, np.uint8))
        for split, n in (("train", 7), ("t10k", 3))
    }


@pytest.fixture
def files(digits, monkeypatch):
    """Its files by name, known to nnlite by their checksums."""
    files = {
        f"{split}-{part}-ubyte.gz": idx(array)
        for split, arrays in digits.items()
        for part, array in zip(("images-idx3", "labels-idx1"), arrays, strict=True)
    }
    known = {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    monkeypatch.setattr(module, "FILES", known)
    return files


@pytest.fixture
def server(files, monkeypatch):
    """A mirror, and what may go wrong there: other `files`, `cut` bytes and no more, then `silence`, no `ranges`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers["Range"]
            server.asked.append((self.path.rpartition("/")[2], asked))
            data = server.files.get(self.path.removeprefix("/mnist/"))
            if data is None:
                return self.send_error(404)
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and server.ranges else 0
            self.send_response(206 if asked and server.ranges else 200)
            if server.tells_length:
                self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start:][: server.cut])
            if server.silence:
                server.silence.wait(10)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked = dict(files), []
    server.cut, server.silence, server.ranges, server.tells_length = None, None, True, True
    server.url = f"http://127.0.0.1:{server.server_port}/mnist/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


TRAIN = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
IMAGES, LABELS = TRAIN


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("train", "split"), [(True, "train"), (False, "t10k")])
def test_images_and_labels(train, split, server, digits, tmp_path):
    root = tmp_path / "not" / "there yet"
    images, labels = mnist(root, train, download=True, mirrors=[server.url])
    assert images.dtype == np.float32 and labels.dtype == np.int64
    np.testing.assert_array_equal(images, digits[split][0][:, None].astype(np.float32) / 255)
    np.testing.assert_array_equal(labels, digits[split][1])
    assert names(root) == [f"{split}-images-idx3-ubyte.gz", f"{split}-labels-idx1-ubyte.gz"], "no other split, no rest"


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    first = mnist(tmp_path, download=True, mirrors=[server.url])
    server.asked.clear()
    for ask in (False, True):
        again = mnist(tmp_path, download=ask, mirrors=[server.url])
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not server.asked


def test_nothing_is_fetched_unless_asked_for(server, tmp_path):
    with pytest.raises(nnlite.DataError, match=r"no file .*train-images.*download=True"):
        mnist(tmp_path, mirrors=[server.url])
    assert not server.asked and not names(tmp_path)


def test_a_wrong_checksum_is_refused_and_forgotten(server, files, tmp_path):
    server.files[LABELS] = bytes(len(files[LABELS]))
    with pytest.raises(nnlite.DataError, match=rf"cannot download {LABELS} .*SHA-256 .* published is"):
        mnist(tmp_path, download=True, mirrors=[server.url])
    assert names(tmp_path) == [IMAGES], "the good file stays, the bad one is gone"
    server.files = files
    mnist(tmp_path, download=True, mirrors=[server.url])
    assert [name for name, _ in server.asked].count(IMAGES) == 1


def test_a_broken_connection_goes_on_where_it_stopped(server, files, digits, tmp_path):
    server.cut = 100
    with pytest.raises(nnlite.DataError, match=rf"{IMAGES} .*ended after 100 of {len(files[IMAGES]):,} .*call again"):
        mnist(tmp_path, download=True, mirrors=[server.url])
    assert names(tmp_path) == [IMAGES + ".partial"], "nothing has its final name before it is whole"
    assert (tmp_path / (IMAGES + ".partial")).read_bytes() == files[IMAGES][:100]
    server.cut = None
    images, _ = mnist(tmp_path, download=True, mirrors=[server.url])
    assert server.asked == [(IMAGES, None), (IMAGES, "bytes=100-"), (LABELS, None)]
    np.testing.assert_array_equal(images[:, 0] * 255, digits["train"][0])
    assert names(tmp_path) == TRAIN


def test_a_server_that_cannot_resume_sends_it_all_again(server, files, tmp_path):
    (tmp_path / (IMAGES + ".partial")).write_bytes(files[IMAGES][:100])
    server.ranges = False
    mnist(tmp_path, download=True, mirrors=[server.url])
    assert (IMAGES, "bytes=100-") in server.asked
    assert (tmp_path / IMAGES).read_bytes() == files[IMAGES]


def test_a_download_that_stopped_before_its_new_name(server, files, tmp_path):
    (tmp_path / (IMAGES + ".partial")).write_bytes(files[IMAGES])
    mnist(tmp_path, download=True, mirrors=[server.url])
    assert server.asked == [(LABELS, None)] and names(tmp_path) == TRAIN


def test_the_next_mirror_goes_on_where_the_first_broke_off(server, files, tmp_path):
    """The first mirror has half of each file, and says so only by closing the connection."""
    server.files |= {f"half/{name}": data[: len(data) // 2] for name, data in files.items()}
    server.tells_length = False
    mnist(tmp_path, download=True, mirrors=[server.url + "half/", server.url])
    assert server.asked[:2] == [(IMAGES, None), (IMAGES, f"bytes={len(files[IMAGES]) // 2}-")]
    assert (tmp_path / IMAGES).read_bytes() == files[IMAGES]


@pytest.mark.parametrize("trouble", ["missing", "a page to log in", "too much", "wrong"])
def test_the_next_mirror_is_tried(trouble, server, files, tmp_path):
    size = len(files[IMAGES])
    page = {"a page to log in": b"<html>", "too much": files[IMAGES] + b"x", "wrong": bytes(size)}.get(trouble)
    server.files |= {} if page is None else {f"bad/{IMAGES}": page}
    mnist(tmp_path, download=True, mirrors=[server.url + "bad/", server.url])
    assert server.asked[:2] == [(IMAGES, None), (IMAGES, None)], "nothing of the first is gone on with"
    assert (tmp_path / IMAGES).read_bytes() == files[IMAGES]


def test_a_page_instead_of_the_rest_harms_nothing(server, files, tmp_path):
    (tmp_path / (IMAGES + ".partial")).write_bytes(files[IMAGES][:100])
    server.ranges, server.files[IMAGES] = False, b"<html>please log in</html>"
    with pytest.raises(nnlite.DataError, match=r"offers 26 bytes"):
        mnist(tmp_path, download=True, mirrors=[server.url])
    assert (tmp_path / (IMAGES + ".partial")).read_bytes() == files[IMAGES][:100]


def test_offline(server, tmp_path):
    """Every mirror is named, with what is wrong with it."""
    closed = "http://127.0.0.1:1/"
    with pytest.raises(nnlite.DataError) as caught:
        mnist(tmp_path, download=True, mirrors=[closed, server.url + "nowhere/"])
    message = str(caught.value)
    assert f"{closed}{IMAGES}" in message and "refused" in message and "404" in message and "\n" not in message
    assert "kept" not in message and not names(tmp_path)


def test_a_file_that_is_not_mnist_is_left_alone(server, files, tmp_path):
    for wrong in (b"my own notes", bytes(len(files[IMAGES]))):
        (tmp_path / IMAGES).write_bytes(wrong)
        for ask in (False, True):
            with pytest.raises(
                nnlite.DataError, match=rf"{IMAGES} is not the file that was published: it.*published.*move it"
            ):
                mnist(tmp_path, download=ask, mirrors=[server.url])
        assert (tmp_path / IMAGES).read_bytes() == wrong and not server.asked


def test_a_server_that_falls_silent(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.cut, server.silence = 100, threading.Event()
    try:
        with pytest.raises(nnlite.DataError, match=r"timed out.*call again"):
            mnist(tmp_path, download=True, mirrors=[server.url])
    finally:
        server.silence.set()
    assert (tmp_path / (IMAGES + ".partial")).stat().st_size == 100, "what had come is not lost"


def test_a_disk_that_cannot_be_written_is_not_the_mirrors_fault(server, tmp_path):
    """No second mirror is asked, and the error is the disk's own."""
    (tmp_path / (IMAGES + ".partial")).mkdir()
    with pytest.raises(IsADirectoryError):
        mnist(tmp_path, download=True, mirrors=[server.url, server.url])
    assert len(server.asked) <= 1


def test_the_published_files():
    """What is known of the real ones: 60,000 and 10,000 digits, from two mirrors over https."""
    assert module.FILES.keys() == {
        f"{split}-{part}-ubyte.gz" for split in ("train", "t10k") for part in ("images-idx3", "labels-idx1")
    }
    assert all(0 < size < 10**7 and len(bytes.fromhex(digest)) == 32 for size, digest in module.FILES.values())
    assert len(module.MIRRORS) == 2 and all(m.startswith("https://") and m.endswith("/") for m in module.MIRRORS)
