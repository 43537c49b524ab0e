"""Golden values of the metrics, by NumPy and SciPy in float64 from their published formulas: data/metrics.safetensors.

Holds two pictures in cd/m2 (`estimate`, `truth`, [1, 40, 48, 3] float32), one value for each metric, and the estimate
after CRF correction.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy import ndimage

from fill import fill

HEIGHT, WIDTH = 40, 48
LUMINANCE = np.array([0.212656, 0.715158, 0.072186])


def pictures():
    """A scene of soft shapes from 0.1 to 3000 cd/m2, and an estimate with another curve, cast and grain."""
    shape = (HEIGHT, WIDTH, 3)
    soft = ndimage.gaussian_filter(fill("metrics/scene", shape, -1, 1).astype(np.float64), (4, 4, 0.5))
    soft = (soft - soft.min()) / (soft.max() - soft.min())
    truth = 10.0 ** (-1 + 4.5 * soft)
    grain = fill("metrics/grain", shape, -0.05, 0.05)
    estimate = 1.3 * truth**0.9 * np.array([1.1, 1.0, 0.85]) * (1 + grain)
    return estimate.astype(np.float32), truth.astype(np.float32)


def pu21(y):
    p = (0.353487901, 0.3734658629, 8.277049286e-05, 0.9062562627, 0.09150303166, 0.9099517204, 596.3148142)
    y = np.clip(y, 0.005, 10000) ** p[3]
    return np.maximum(p[6] * (((p[0] + p[1] * y) / (1 + p[2] * y)) ** p[4] - p[5]), 0)


def pq(y):
    m, n, c1, c2, c3 = 2523 / 32, 2610 / 16384, 3424 / 4096, 2413 / 128, 2392 / 128
    y = np.clip(y / 10000, 0, 1) ** n
    return ((c1 + c2 * y) / (1 + c3 * y)) ** m


def pq_inverse(v):
    m, n, c1, c2, c3 = 2523 / 32, 2610 / 16384, 3424 / 4096, 2413 / 128, 2392 / 128
    v = np.clip(v, 0, 1) ** (1 / m)
    return 10000 * (np.maximum(v - c1, 0) / (c2 - c3 * v)) ** (1 / n)


def psnr(a, b, peak):
    return 20 * np.log10(peak / np.sqrt(np.mean((a - b) ** 2)))


def similarity(a, b, span):
    def blur(x):
        return ndimage.gaussian_filter(x, 1.5, truncate=3.5, mode="nearest")  # radius 5

    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    ma, mb = blur(a), blur(b)
    contrast = (2 * (blur(a * b) - ma * mb) + c2) / (blur(a * a) - ma**2 + blur(b * b) - mb**2 + c2)
    return np.mean((2 * ma * mb + c1) / (ma**2 + mb**2 + c1) * contrast), np.mean(contrast)


def ms_ssim(a, b, span):
    product = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        full, contrast = similarity(a, b, span)
        product *= max(full if scale == 4 else contrast, 0) ** weight
        h, w = a.shape[0] // 2, a.shape[1] // 2
        a, b = (x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean((1, 3)) for x in (a, b))
    return product


def delta_e_itp(a, b):
    to_2020 = np.array(
        [
            [0.627403895934699, 0.329283038377884, 0.043313065687417],
            [0.069097289358232, 0.919540395075459, 0.011362315566309],
            [0.016391438875150, 0.088013307877226, 0.895595253247624],
        ]
    )
    to_lms = np.array([[1688, 2146, 262], [683, 2951, 462], [99, 309, 3688]]) / 4096
    to_ictcp = np.array([[2048, 2048, 0], [6610, -13613, 7003], [17933, -17390, -543]]) / 4096
    itp = [pq(x @ (to_lms @ to_2020).T) @ to_ictcp.T * [1, 0.5, 1] for x in (a, b)]
    return np.mean(720 * np.sqrt(np.sum((itp[0] - itp[1]) ** 2, -1)))


def crf_corrected(estimate, truth):
    to_xyz = np.array(
        [[0.412424, 0.357579, 0.180464], [0.212656, 0.715158, 0.072186], [0.019332, 0.119193, 0.950444]]
    )
    scale = 410 / 255

    def luv(rgb):
        xyz = np.clip(np.maximum(rgb.reshape(-1, 3), 0.005) @ to_xyz.T, 1e-4, 1e8)
        x, y = xyz[:, 0] / xyz.sum(1), xyz[:, 1] / xyz.sum(1)
        below = -2 * x + 12 * y + 3
        return xyz[:, 1], 4 * x / below * scale, 9 * y / below * scale

    (ya, ua, va), (yb, ub, vb) = luv(estimate), luv(truth)
    code = pq(ya)
    rows = np.stack([code**3, code**2, code, np.ones_like(code)], 1)
    weights = np.linalg.lstsq(rows, pq(yb), rcond=None)[0]
    y = pq_inverse(np.maximum(rows @ weights, pq(0.005)))
    rows = np.stack([ua**3, va**3, ua**2, va**2, ua * va, ua, va, np.ones_like(ua)], 1)
    identity = np.zeros((8, 2))
    identity[5, 0] = identity[6, 1] = 1
    strength = 0.01 * len(rows) / rows.shape[1]
    left = rows.T @ rows + strength * np.eye(8)
    weights = np.linalg.solve(left, rows.T @ np.stack([ub, vb], 1) + strength * identity)
    u, v = np.maximum(rows @ weights, 0.005).T / scale
    below = 6 * u - 16 * v + 12
    x, y_ = 9 * u / below, 4 * v / below
    xyz = np.stack([y * x / y_, y, y * (1 - x - y_) / y_], 1)
    return np.maximum(xyz @ np.linalg.inv(to_xyz).T, 0).reshape(estimate.shape)


def main():
    estimate, truth = pictures()
    a, b = estimate.astype(np.float64), truth.astype(np.float64)
    ya, yb = pu21(a @ LUMINANCE), pu21(b @ LUMINANCE)
    mu = [np.log1p(5000 * x / b.max()) / np.log(5001) for x in (a, b)]
    values = {
        "pu21-psnr": psnr(pu21(a), pu21(b), 256),
        "pu21-psnr-y": psnr(ya, yb, 256),
        "pu21-ssim": similarity(ya, yb, 256)[0],
        "pu21-ms-ssim": ms_ssim(ya, yb, 256),
        "mu-psnr": psnr(mu[0], mu[1], 1),
        "delta-e-itp": delta_e_itp(a, b),
        "crf-corrected": crf_corrected(a, b)[None],
    }
    tensors = {"estimate": estimate[None], "truth": truth[None]}
    tensors |= {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in values.items()}
    path = Path(__file__).resolve().parent / "data" / "metrics.safetensors"
    save_file(tensors, path, metadata={"numpy": np.__version__})
    for name, value in values.items():
        print(name, value if np.ndim(value) == 0 else value.shape)


if __name__ == "__main__":
    main()
