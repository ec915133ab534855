"""Colour profiles (ICC) made by hand, and their colours in sRGB, by the formulas."""

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_xyz(primaries, white):
    """The matrix from linear RGB to XYZ under D50, for primaries and white given as (x, y)."""

    def xyz(point):
        x, y = point
        return np.array([x / y, 1, (1 - x - y) / y])

    columns = np.stack([xyz(point) for point in primaries], axis=1)
    matrix = columns * np.linalg.solve(columns, xyz(white))
    adaptation = np.diag((BRADFORD @ D50) / (BRADFORD @ xyz(white)))
    return np.linalg.solve(BRADFORD, adaptation @ BRADFORD) @ matrix


def srgb_decoded(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def srgb_encoded(linear):
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def rgb_profile(primaries, white, gamma):
    """A profile of three primaries and a gamma; gamma None is the curve of sRGB."""
    columns = to_xyz(primaries, white).T
    tags = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    return _profile(b"RGB ", b"XYZ ", tags | {name: _curve(gamma) for name in (b"rTRC", b"gTRC", b"bTRC")})


def grey_profile(gamma):
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def cmyk_profile(lab):
    """A profile with two levels of each ink; lab(inks), inks of 0 and 1, gives the colour of each mixture."""
    steps = bytes(range(256))
    mixtures = [lab([n >> 3 & 1, n >> 2 & 1, n >> 1 & 1, n & 1]) for n in range(16)]
    table = b"".join(bytes([round(2.55 * L), a + 128, b + 128]) for L, a, b in mixtures)
    identity = struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel())
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + 4 * steps + table + 3 * steps
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut, b"A2B1": lut}, kind=b"prtr")


def in_srgb(values, primaries, white, gamma):
    """The same colours in sRGB: linearise, to XYZ, to linear sRGB, encode."""
    v = np.asarray(values) / 255
    linear = srgb_decoded(v) if gamma is None else v**gamma
    both = np.linalg.solve(to_xyz(SRGB, D65), to_xyz(primaries, white))
    return 255 * srgb_encoded(linear @ both.T)


def lab_in_srgb(L, a, b):
    """A colour of CIE L*a*b* (under D50) in sRGB."""
    y = (L + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    xyz = D50 * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return 255 * srgb_encoded(np.linalg.solve(to_xyz(SRGB, D65), xyz))


def _xyz(values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *np.rint(65536 * np.asarray(values)).astype(int))


def _curve(gamma):
    if gamma is not None:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma)) + bytes(2)
    table = np.rint(65535 * srgb_decoded(np.linspace(0, 1, 1024))).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", 1024) + table.tobytes()


def _profile(space, connection, tags, kind=b"mntr"):
    text = b"made by hand"
    tags = tags | {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + bytes(1 + 8 + 3 + 67),
        b"cprt": b"text" + bytes(4) + b"nobody's\0",
        b"wtpt": _xyz(D50),
    }
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    body = struct.pack(">I", len(tags)) + table + data
    date = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    white = _xyz(D50)[8:]
    header = struct.pack(">I", 128 + len(body)) + bytes(4) + struct.pack(">I", 0x02100000) + kind + space + connection
    header += date + b"acsp" + bytes(28) + white + bytes(48)
    assert len(header) == 128
    return header + body
