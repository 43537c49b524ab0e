"""HDR-VDP-3 (version 3.0.7, task "quality", eye of 24 years) in NumPy and SciPy, float64, as its steps are written.

Pictures are [H, W, 3] or, for the encoding "luminance", [H, W, 1] in cd/m2.
"""

import numpy as np
from scipy import ndimage

FROM_709 = np.array(
    [[1.11061635, 0.00304895, 0.00103843], [-0.00664494, 0.97723337, -0.00213034], [0.00332, 0.01440337, 0.99032473]]
)
# Long cones, middle cones, rods.
OF_RGB = np.array(
    [
        [0.1582537046, 0.0321684221, 0.0379539195],
        [0.4475706152, 0.2814425391, 0.6257346225],
        [0.0418696099, 0.0386951092, 0.3661734837],
    ]
)
OF_D65 = np.array([[0.6529314084, 0.3470685916, 1.0171300680]])

GRID = np.linspace(-5, 5, 2048)  # log10 of cd/m2

WIDE, NARROW = 0.061466549455263, 0.99727370023777070
MTF = (
    (0.426 * NARROW, 0.028),
    (0.574 * NARROW, 0.37),
    ((1 - NARROW) * WIDE, 37),
    ((1 - NARROW) * (1 - WIDE), 360),
)

KNOTS = np.log10([0.0002, 0.002, 0.02, 0.2, 2, 20, 150])
CSF = (
    (1.26181, 0.893585, 0.84864, 0.699243, 0.530826, 0.459297, 0.312626),
    (4.27832, 4.27832, 3.57253, 3.94545, 4.25337, 3.78765, 4.15264),
    (0.361902, 0.361902, 0.530355, 0.68608, 0.866916, 0.981028, 0.952367),
    (3.11914, 2.18938, 3.12486, 4.41846, 4.65117, 4.33546, 3.22389),
)


def eightfold(*rows):
    """Filter whose tap at (dy, dx) is rows[larger][smaller] of |dy|, |dx|."""
    radius = len(rows) - 1
    dy, dx = np.abs(np.mgrid[-radius : radius + 1, -radius : radius + 1])
    table = np.zeros((radius + 1, radius + 1))
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table[np.maximum(dy, dx), np.minimum(dy, dx)]


FIRST_LOW = eightfold(
    [0.3153017],
    [0.1524935, 0.06441488],
    [-0.0075632, -0.0134416, -0.00611952],
    [-0.00374386, -0.00037258, -0.00011371, -0.0004514],
)
LOW = eightfold(
    [0.1576508],
    [0.1348999, 0.1116388],
    [0.07624674, 0.06306262, 0.03220744],
    [0.024496, 0.01722078, 0.00393862, -0.00526002],
    [-0.0037816, -0.00523618, -0.0067208, -0.006401, -0.00305976],
    [-0.0069489, -0.00700674, -0.00459642, -0.00244906, -0.00019038, 0.00141762],
    [-0.00187192, -0.00103164, -0.00018628, 0.00087414, -0.00005686, -0.00080644, -0.0002257],
)
FIRST_HIGH = eightfold(
    [0.8554893],
    [-0.09623594, -0.06300923],
    [-0.02420138, -0.01437358, -0.00161665],
    [-0.00037321, 0.00014597, 0.00049271, 0.00012631],
    [-0.00024066, -0.00033256, -0.00033249, -0.00006068, 0.00059972],
)
BAND = eightfold(
    [0.9464195],
    [-0.03158605, -0.01730466],
    [-0.03487008, -0.02435662, -0.0212954],
    [-0.00909195, -0.00762341, -0.00727254, -0.00462515],
    [-0.01009473, -0.00788939, -0.0049425, -0.00173864, -0.00009066],
)


def eye_mtf(rho):
    return sum(share * np.exp(-decay * rho) for share, decay in MTF)


def radial(height, width):
    """Frequencies of the discrete Fourier transform in cycles/pixel."""
    return np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))


def filtered_spectrum(x, gain, border):
    """x continued to twice its sides, its spectrum times gain(radial frequency), cut back."""
    height, width = x.shape
    wide = np.pad(x, ((0, height), (0, width)), mode=border)
    return np.fft.ifft2(np.fft.fft2(wide) * gain(radial(2 * height, 2 * width))).real[:height, :width]


def blurred(x, sigma):
    if sigma >= 4.3:
        return filtered_spectrum(x, lambda f: np.exp(-2 * (np.pi * f * sigma) ** 2), "edge")
    size = int(np.floor(6 * sigma + 0.5))
    radius = (size + 1 - size % 2) // 2
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    return ndimage.correlate1d(ndimage.correlate1d(x, kernel, 0, mode="nearest"), kernel, 1, mode="nearest")


def resize_matrix(old, new):
    """Keys' cubic with a = -0.5, widened when shrinking, borders mirrored with the edge."""
    shrink = min(new / old, 1)
    centre = (np.arange(new) + 0.5) * old / new - 0.5
    reach = int(np.ceil(2 / shrink)) + 1
    matrix = np.zeros((new, old))
    for offset in range(-reach, reach + 2):
        source = np.floor(centre).astype(int) + offset
        t = np.abs(centre - source) * shrink
        weight = np.where(t <= 1, 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2) * (t <= 2)
        source %= 2 * old
        np.add.at(matrix, (np.arange(new), np.where(source < old, source, 2 * old - 1 - source)), weight)
    return matrix / matrix.sum(1, keepdims=True)


def resized(x, shape):
    if x.shape == shape:
        return x
    return resize_matrix(x.shape[0], shape[0]) @ x @ resize_matrix(x.shape[1], shape[1]).T


def response_tables():
    """Of a cone and of the rods: integrals of the sensitivity over the logarithm of the light."""
    light = 10**GRID
    every = 315.98 * ((6.7977 / light) ** 1.6008 + 1) ** -0.25534
    distance = np.abs(np.log10(light / 1.1732))
    fall = np.where(light > 1.1732, distance**2.9899 / 0.5547, distance**1.095 / 1.32)
    rods = 10**1.8 * np.exp(-fall)
    cones = 0.5 * np.interp(np.minimum(2 * light, light[-1]), light, np.maximum(every - rods, 1e-3))
    step = np.log(10) * (GRID[1] - GRID[0])
    return [10**0.203943775672 * np.r_[0, np.cumsum((x[1:] + x[:-1]) / 2 * step)] for x in (cones, rods)]


def retina(light, ppd):
    """Adaptation in cd/m2, and what the receptors answer."""
    l, m, rod = np.moveaxis(np.clip(light @ (OF_RGB if light.shape[2] == 3 else OF_D65), 1e-8, 1e10), 2, 0)
    adaptation = np.exp(blurred(np.log(np.maximum(l + m, 1e-6)), 10**-0.781367 * ppd))
    area = l.size / ppd**2
    u = (np.exp(np.log(adaptation).mean()) * area / 846) ** 0.41
    at_28 = 7.75 - 5.75 * u / (u + 2)

    def pupil(age):
        return at_28 + (age - 28.58) * (0.02132 - 0.009562 * at_28)

    gain = (pupil(24) / pupil(28)) ** 2
    cone_table, rod_table = response_tables()
    tables = ((l, cone_table), (m, cone_table), (rod, rod_table))
    return adaptation, sum(np.interp(np.log10(gain * x), GRID, table) for x, table in tables)


def pyramid(x, ppd):
    def correlated(y, kernel):
        return ndimage.correlate(y, kernel, mode="mirror")

    height, width = x.shape
    fit = 0
    while min(height, width) >= len(LOW):
        fit, height, width = fit + 1, height // 2, width // 2
    bands, rest = [correlated(x, FIRST_HIGH)], correlated(x, FIRST_LOW)
    for _ in range(min(int(np.ceil(np.log2(ppd))) - 2, fit)):
        bands.append(correlated(rest, BAND))
        rest = correlated(rest, LOW)[::2, ::2]
    return [band / 2**k for k, band in enumerate([*bands, rest - rest.mean()])]


def neural_csf(rho, log10_luminance, glare):
    if rho <= 1e-4:
        return np.zeros_like(log10_luminance)
    p = [np.interp(log10_luminance, KNOTS, row) for row in CSF]
    drop = (1 + (p[0] * rho) ** p[1]) / (1 - np.exp(-((rho / 7) ** 2))) ** p[2]
    return p[3] / np.sqrt(drop) / (eye_mtf(rho) if glare else 1)


def base_frequency(difference, samples_per_degree):
    """Of the largest coefficient but the mean, the first by columns."""
    size = np.abs(np.fft.fft2(difference))
    size[0, 0] = 0
    return samples_per_degree * radial(*size.shape).T.flat[np.argmax(size.T)]


def quality(test, reference, encoding, ppd, glare):
    """Q; 10 for equal pictures."""
    pictures = [test, reference]
    if encoding == "rgb-bt.709":
        pictures = [np.maximum(x @ FROM_709.T, 1e-6) for x in pictures]
    differs = (np.abs(pictures[0] - pictures[1]) / pictures[1] > 0.001).any(2).astype(float)
    if glare:
        pictures = [
            np.stack([filtered_spectrum(c, lambda f: eye_mtf(f * ppd), "symmetric") for c in np.moveaxis(x, 2, 0)], 2)
            for x in pictures
        ]
        pictures = [np.clip(x, 1e-5, 1e10) for x in pictures]
    (adaptation_t, seen_t), (adaptation_r, seen_r) = (retina(x, ppd) for x in pictures)
    adaptation = np.log10(np.clip((adaptation_t + adaptation_r) / 2, 1e-5, 1e5))
    bands = list(zip(pyramid(seen_t, ppd), pyramid(seen_r, ppd)))
    masking = [ndimage.uniform_filter(np.minimum(abs(t), abs(r)), 3, mode="constant") for t, r in bands]
    masking = [np.maximum(m, 0) for m in masking]  # its running sums may end just below
    p, q = 10**0.3424, 10**0.108934275615
    error = 0
    for k, (t, r) in enumerate(bands):
        rho = ppd / 2 / 2**k
        local = np.clip(resized(adaptation, t.shape), -5, 5)
        if k + 1 < len(bands):
            grid = np.linspace(-5, 5, 256)
            sensitivity = np.interp(local, grid, neural_csf(rho, grid, glare))
        else:
            sensitivity = neural_csf(base_frequency(t - r, 4 * rho), local.mean(), glare)
        neighbours = [masking[i] for i in (k - 1, k + 1) if i >= 0 and (i < k or k + 2 < len(bands))]
        around = sum(np.maximum(resized(m, t.shape), 0) for m in neighbours)
        noise = 10**1.41846291721 * masking[k] ** q + 10**0.136877512403 * around**q
        with np.errstate(divide="ignore"):
            threshold = np.float64(sensitivity) ** -p
        seen = np.abs(t - r) ** p / np.hypot(threshold, noise) * resized(differs, t.shape)
        error += np.mean(np.abs(seen) ** 0.8) ** (1 / 0.8) / len(bands)
    return 6 - np.log(np.exp(-4) + error)
