"""The image operations and the camera of DuHDR in PyTorch, plain: the networks of twin.py and the golden values stand on
them.

Tensors are NCHW here (NHWC in the golden files). Equation numbers are the DuHDR paper's. Everything works in float32 and
float64.
"""

import torch
import torch.nn.functional as F

ALPHA = 0.95
STRIDE = 32  # image sides inside the networks are multiples of this


# ---------------------------------------------------------------------------------------------- image operations


def fold_index(count, size):
    """Indices 0..count-1 reflected into 0..size-1 without repeating the edge; a size of 1 repeats its pixel."""
    index = torch.arange(count)
    if size == 1:
        return index * 0
    index = index % (2 * (size - 1))
    return torch.minimum(index, 2 * (size - 1) - index)


def reflect_axis(x, axis, before, after):
    """Reflection padding of one axis, folded as often as needed."""
    size = x.shape[axis]
    period = max(2 * (size - 1), 1)
    shift = -(-before // period) * period
    index = fold_index(shift + size + after, size)[shift - before :]
    return x.index_select(axis, index.to(x.device))


def reflect_pad(x, top, bottom, left, right):
    """[N,C,H,W] -> [N,C,top+H+bottom,left+W+right]."""
    return reflect_axis(reflect_axis(x, 2, top, bottom), 3, left, right)


def pad_to_stride(x, stride=STRIDE):
    """Pad right and bottom to multiples of the stride."""
    height, width = x.shape[2:]
    return reflect_pad(x, 0, -height % stride, 0, -width % stride)


def crop(x, height, width):
    """Top left part of the true size."""
    return x[:, :, :height, :width]


def shrunk_size(height, width, max_side):
    """Size whose long side is at most max_side (0 = any); short side rounded half up, at least 1."""
    longest = max(height, width)
    if max_side == 0 or longest <= max_side:
        return height, width
    return tuple(max(1, (2 * side * max_side + longest) // (2 * longest)) for side in (height, width))


def area_matrix(source, target, like):
    """[target, source]: share of each source pixel in the footprint of each target pixel; rows sum to 1."""
    step = source / target
    start = torch.arange(target, dtype=torch.float64)[:, None] * step
    pixel = torch.arange(source, dtype=torch.float64)[None, :]
    overlap = torch.minimum(start + step, pixel + 1) - torch.maximum(start, pixel)
    return (overlap.clamp(min=0) / step).to(like)


def area_shrink(x, max_side):
    """Area average by exact box overlap."""
    height, width = x.shape[2:]
    new_height, new_width = shrunk_size(height, width, max_side)
    if (new_height, new_width) == (height, width):
        return x
    rows = area_matrix(height, new_height, x)
    columns = area_matrix(width, new_width, x)
    return rows @ x @ columns.T


def box5(x):
    """5x5 mean with reflection."""
    return F.avg_pool2d(reflect_pad(x, 2, 2, 2, 2), 5, stride=1)


def box5_variance(x, mean):
    """5x5 variance in two passes: mean of (window - mean)^2, never below 0."""
    n, c, h, w = x.shape
    window = F.unfold(reflect_pad(x, 2, 2, 2, 2), 5).view(n, c, 25, h, w)
    return (window - mean[:, :, None]).square().mean(2).clamp(min=0)


def truncate(hdr, eps=0.01, floor=1e-6):
    """Truncation process C of Eq. 1 and 18: the base layer of a self-guided filter is cut at 1, its detail is kept."""
    mean = box5(hdr)
    variance = box5_variance(hdr, mean)
    a = variance / (variance + eps)
    b = (1 - a) * mean
    base = (box5(a) * hdr + box5(b)).clamp(min=floor)
    return base.clamp(max=1) * (hdr / base)


def quantise(x):
    """Eq. 3, floor(255 x + 0.5) / 255 of x clamped to [0,1]; the gradient passes straight through inside [0,1]."""
    x = x.clamp(0, 1)
    return x + (torch.floor(255 * x + 0.5) / 255 - x).detach()


def overexposure_mask(x, alpha=ALPHA):
    """Mask of Eq. 15, [N,1,H,W]: clamp((max over RGB - alpha) / (1 - alpha), 0, 1)."""
    return ((x.max(dim=1, keepdim=True).values - alpha) / (1 - alpha)).clamp(0, 1)


def leaky(x):
    return F.leaky_relu(x, 0.1)


def bilinear_up(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def nearest_up(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def vgg_input(x):
    """RGB in [0,1] -> 255 x, BGR, minus VGG's mean colour."""
    mean = torch.tensor([103.939, 116.779, 123.68], dtype=x.dtype, device=x.device)
    return 255 * x.flip(1) - mean[None, :, None, None]


# ------------------------------------------------------------------------------------------------ camera response


def sobel(x):
    """[N,3,H,W] -> [N,6,H,W]: R dy, R dx, G dy, G dx, B dy, B dx; correlation, unnormalised, reflection padding."""
    dy = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]], dtype=x.dtype, device=x.device)
    kernel = torch.stack([dy, dy.T] * x.shape[1])[:, None]
    return F.conv2d(reflect_pad(x, 1, 1, 1, 1), kernel, groups=x.shape[1])


def soft_histogram(x, bins):
    """[N,3,H,W] -> [N,3*(bins+1),H,W]: relu(1 - bins * |x - i / bins|), bin-major, RGB inside a bin."""
    return torch.cat([F.relu(1 - bins * (x - i / bins).abs()) for i in range(bins + 1)], 1)


def camera_features(x):
    """Pre-op of Eq. 7, [N,3,H,W] -> [N,102,H,W]: image in [0,1] (3), Sobel (6), soft histograms (15 + 27 + 51)."""
    x = x.clamp(0, 1)
    return torch.cat([x, sobel(x)] + [soft_histogram(x, bins) for bins in (4, 8, 16)], 1)


def monotone_curve(curve):
    """[N,S] -> [N,S]: lift the steps until none is negative, scale to 0..1. A constant curve becomes the identity."""
    step = curve[:, 1:] - curve[:, :-1]
    lowest = step.min(dim=1, keepdim=True).values
    step = step + F.relu(-lowest)
    total = step.sum(1, keepdim=True)
    rises = total > 0
    step = step / torch.where(rises, total, torch.ones_like(total))
    lifted = F.pad(step.cumsum(1), (1, 0))
    identity = torch.linspace(0, 1, curve.shape[1], dtype=curve.dtype, device=curve.device)
    return torch.where(rises, lifted, identity)


def apply_curve(curve, x):
    """Curve application M of Eq. 9-10: curve [N,S], x [N,C,H,W]; linear interpolation, constant outside [0,1]."""
    last = curve.shape[1] - 1
    t = (last * x).flatten(1)
    i = torch.floor(t.detach())
    low = curve.gather(1, i.clamp(0, last).long())
    high = curve.gather(1, (i + 1).clamp(0, last).long())
    return ((i + 1 - t) * low + (t - i) * high).view_as(x)
