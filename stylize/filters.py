"""The filters that the styles are made of. Each is local: an output pixel depends on its neighbourhood alone.

Images here are float32 in 0..1 unless a docstring says otherwise; lengths are in pixels. Every filter gives
the same bits on every call, for any number of threads: sums are taken per pixel in a fixed order, nothing
is random.
"""

from math import ceil, pi

import numpy as np

from ._cv2 import cv2

BORDER = cv2.BORDER_REFLECT_101
SECTORS = 8
WIDE = 1.6  # ratio of the Gaussians in a difference of Gaussians, then close to a Laplacian (Marr 1980)
FLOW_STEPS = 8  # Euler steps taken each way along a streamline
LONGEST = 32_766  # pixels, the longest side that cv2.remap takes
REACH = 4  # pixels: how far from a place the interpolation looks, plus one


def to_float(image: np.ndarray) -> np.ndarray:
    """uint8 levels 0..255 -> float32 in 0..1."""
    return image.astype(np.float32) / 255


def to_uint8(image: np.ndarray) -> np.ndarray:
    """float in 0..1 -> uint8 levels, rounded; what lies outside is clipped."""
    return np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)


def odd(length: float) -> int:
    """The odd number nearest to a length, at least 3: the side of a window that has a middle."""
    return max(3, 2 * round((length - 1) / 2) + 1)


def luma(rgb: np.ndarray) -> np.ndarray:
    """Grey value of RGB (ITU-R BT.601 weights), (H, W, 3) -> (H, W), dtype and range kept."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def gaussian(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur, the window cut at 3 sigma so that its reach is known."""
    size = 2 * ceil(3 * sigma) + 1
    return cv2.GaussianBlur(image, (size, size), sigma, borderType=BORDER)


def bilateral(image: np.ndarray, diameter: float, sigma_colour: float, sigma_space: float) -> np.ndarray:
    """Edge-keeping blur (Tomasi 1998) of a uint8 image: neighbours count by nearness in place and in colour.

    diameter: rounded to an odd number of pixels; sigma_colour: in levels, 0..255.
    """
    return cv2.bilateralFilter(image, odd(diameter), sigma_colour, sigma_space, borderType=BORDER)


def gradient_length(image: np.ndarray) -> np.ndarray:
    """|grad| of a one-channel float image, per pixel (Sobel, so slightly smoothed)."""
    dx = cv2.Sobel(image, cv2.CV_32F, 1, 0, scale=1 / 8, borderType=BORDER)
    dy = cv2.Sobel(image, cv2.CV_32F, 0, 1, scale=1 / 8, borderType=BORDER)
    return np.sqrt(dx * dx + dy * dy)


def smoothstep(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, and 3t^2 - 2t^3 between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def sector_kernels(radius: float) -> np.ndarray:
    """The 8 overlapping pie slices of `kuwahara`: (8, n, n) with n = 2 ceil(radius) + 1, each of sum 1.

    A Gaussian (sigma = radius / 2, cut at `radius`) is shared out among the sectors by angle: sector i
    takes the part cos^2(2 (theta - i pi/4)) within 45 degrees of its axis. Neighbouring shares add up to 1,
    so together the sectors are the Gaussian; at the centre, where no angle is defined, each takes an
    eighth.
    """
    reach = ceil(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    distance2 = x * x + y * y
    disc = np.exp(-2 * distance2 / radius**2) * (distance2 <= radius**2)
    kernels = []
    for i in range(SECTORS):
        angle = (np.arctan2(y, x) - i * pi / 4 + pi) % (2 * pi) - pi
        share = np.where(np.abs(angle) < pi / 4, np.cos(2 * angle) ** 2, 0)
        share[reach, reach] = 1 / SECTORS
        kernels.append(disc * share / (disc * share).sum())
    return np.array(kernels, np.float32)


def kuwahara(rgb: np.ndarray, radius: float, sharpness: float = 8) -> np.ndarray:
    """Generalised Kuwahara filter (Papari 2007): paint each pixel with the calm side of its neighbourhood.

        out = sum_i w_i m_i / sum_i w_i,    w_i = (v_i + noise)^(-sharpness / 2)

    where m_i is the mean colour of sector i and v_i its variance, summed over the channels. A sector that
    an edge runs through has a large variance and so no say, which is why edges stay sharp while texture
    turns flat. `noise` is the variance of a standard deviation of 1/100; sectors calmer than that count as
    equals.

    m_i and v_i are smooth, so for a radius of 6 and more they are taken from a reduced image and enlarged;
    the choice between the sectors, which makes the edges, is still made pixel by pixel.
    """
    noise = 1e-4
    height, width = rgb.shape[:2]
    reduction = max(1, round(radius / 4))
    r, g, b = cv2.split(rgb)
    stacked = cv2.merge([r, g, b, r * r + g * g + b * b])
    stacked = resize(stacked, ceil(width / reduction), ceil(height / reduction))
    red, green, blue, total = (np.zeros((height, width), np.float32) for _ in range(4))
    for kernel in sector_kernels(radius / reduction):
        means = cv2.filter2D(stacked, -1, kernel, borderType=BORDER)
        r, g, b, mean_square = cv2.split(resize(means, width, height))
        variance = np.maximum(mean_square - (r * r + g * g + b * b), 0)
        weight = (variance + noise) ** (-sharpness / 2)
        red += weight * r  # plane by plane: NumPy is slow on an axis of length 3
        green += weight * g
        blue += weight * b
        total += weight
    return cv2.merge([red / total, green / total, blue / total])


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Shrink by averaging areas, or enlarge linearly; an image of that size already is returned as it is."""
    if image.shape[:2] == (height, width):
        return image
    shrinking = width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def reduced(image: np.ndarray, reduction: float) -> np.ndarray:
    """`resize` to 1 / reduction of the size, but to at least one pixel."""
    height, width = image.shape[:2]
    return resize(image, max(1, round(width / reduction)), max(1, round(height / reduction)))


def remap(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, interpolation: int = cv2.INTER_LINEAR, border: int = BORDER
) -> np.ndarray:
    """The image at the places x, y, (H, W) float32 each: cv2.remap for pictures of any length.

    A picture too long for OpenCV is made in pieces, each from the part of the image it needs; the result is the same.
    """
    if max(*image.shape[:2], *x.shape) <= LONGEST:
        return cv2.remap(image, x, y, interpolation, borderMode=border)
    part, left, top = image, 0, 0
    if max(image.shape[:2]) > LONGEST:
        left, top = (max(0, int(places.min()) // 2 * 2 - REACH) for places in (x, y))  # even: halves round alike
        part = image[top : int(y.max()) + REACH, left : int(x.max()) + REACH]
    if max(*part.shape[:2], *x.shape) <= LONGEST:
        return cv2.remap(part, x - left, y - top, interpolation, borderMode=border)
    axis = int(x.shape[1] > x.shape[0])
    halves = zip(np.array_split(x, 2, axis), np.array_split(y, 2, axis), strict=True)
    return np.concatenate([remap(image, *half, interpolation, border) for half in halves], axis)


def flow_field(grey: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """The direction along edges, and how clear it is: (tangent (H, W, 2) as x, y; coherence (H, W)).

    From the structure tensor J = blur(grad grad^T), blurred at `sigma` (Brox 2006; Kyprianidis & Doellner
    2008): the tangent is the eigenvector of the smaller eigenvalue l2, of unit length, its sign arbitrary;
    the coherence (l1 - l2) / (l1 + l2) is 1 on a straight edge and 0 where gradients point everywhere, as
    in foliage.
    """
    gx = cv2.Scharr(grey, cv2.CV_32F, 1, 0, scale=1 / 32, borderType=BORDER)
    gy = cv2.Scharr(grey, cv2.CV_32F, 0, 1, scale=1 / 32, borderType=BORDER)
    xx, xy, yy = cv2.split(gaussian(cv2.merge([gx * gx, gx * gy, gy * gy]), sigma))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.float32(pi / 2)  # the gradient's, turned by 90 degrees
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / (xx + yy + 1e-8)
    return cv2.merge([np.cos(angle), np.sin(angle)]), coherence


def flow_dog(grey: np.ndarray, tangent: np.ndarray, sigma: float, reach: float) -> np.ndarray:
    """Flow-based difference of Gaussians (Kang 2007; as two 1-D passes, Kyprianidis & Doellner 2008).

    Across the flow, G(1.6 sigma) - G(sigma), both 1-D and of sum 1: positive on a dark line and on the dark
    side of an edge. Then a Gaussian mean with sigma = `reach` along the streamlines, which joins what
    belongs to one line and cancels what does not. Same unit as grey.
    """
    return _along_flow(_across_flow(grey, tangent, sigma), tangent, reach)


def _across_flow(grey: np.ndarray, tangent: np.ndarray, sigma: float) -> np.ndarray:
    """Samples 0.8 sigma apart on the normal, out to 2 sigma of the wide Gaussian: fine enough for either."""
    offsets = 0.8 * np.arange(-4, 5)  # in units of sigma
    narrow, wide = np.exp(-0.5 * offsets**2), np.exp(-0.5 * (offsets / WIDE) ** 2)
    weights = wide / wide.sum() - narrow / narrow.sum()
    x, y = _pixel_grid(grey)
    tx, ty = cv2.split(tangent)
    response = np.zeros_like(grey)
    for offset, weight in zip((sigma * offsets).tolist(), weights.tolist(), strict=True):
        response += weight * _sample(grey, x - offset * ty, y + offset * tx)
    return response


def _along_flow(field: np.ndarray, tangent: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean of `field` along the streamline through each pixel, out to 2 sigma both ways."""
    step = 2 * sigma / FLOW_STEPS
    weights = np.exp(-0.5 * (step * np.arange(FLOW_STEPS + 1) / sigma) ** 2).tolist()
    total = weights[0] * field
    for way in (1, -1):
        x, y = _pixel_grid(field)
        dx, dy = (way * plane for plane in cv2.split(tangent))
        for weight in weights[1:]:
            x = x + step * dx
            y = y + step * dy
            total += weight * _sample(field, x, y)
            tx, ty = cv2.split(_sample(tangent, x, y, cv2.INTER_NEAREST))
            # The sign of a tangent is arbitrary: take the one that goes on, not back.
            forward = np.where(tx * dx + ty * dy < 0, np.float32(-1), np.float32(1))
            dx, dy = forward * tx, forward * ty
    return total / (2 * sum(weights) - weights[0])


def _pixel_grid(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    return x, y


def _sample(image: np.ndarray, x: np.ndarray, y: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    return remap(image, x, y, interpolation)


def soft_quantize(values: np.ndarray, bins: int, top: float, hardness: np.ndarray) -> np.ndarray:
    """Soft quantisation (Winnemoeller 2006) of values in 0..top into `bins` equal steps joined by tanh
    curves.

        out = b + (width / 2) tanh(hardness * 2 (value - b) / width) / tanh(hardness),    width = top / bins

    with b the nearest border between two bins. The larger the hardness (> 0, per pixel), the steeper the
    border; near 0 the curve is the identity. The division makes neighbouring curves meet exactly.
    """
    width = top / bins
    border = np.rint(values / width) * width
    return border + (width / 2) * np.tanh(hardness * (2 / width) * (values - border)) / np.tanh(hardness)


def remove_islands(strength: np.ndarray, level: float, area: float) -> np.ndarray:
    """Set to 0 the connected regions (8 neighbours) of strength > level with fewer than `area` pixels, and
    whatever does not exceed `level`."""
    mask = (strength > level).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= area
    keep[0] = False  # label 0 is the background
    return np.where(keep[labels], strength, 0)
