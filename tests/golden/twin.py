"""DuHDR's networks in PyTorch: the plain twin of the runtime, for golden values only.

Tensors are NCHW here (NHWC in the golden files). Names of parameters and buffers are those of the weight files.
Equation numbers are the DuHDR paper's. Everything works in float32 and float64.
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from layers_twin import ConvBn, conv, conv_pair, run_pair, run_up, up_pair
from operations import (
    ALPHA,
    STRIDE,
    apply_curve,
    area_shrink,
    bilinear_up,
    crop,
    nearest_up,
    overexposure_mask,
    pad_to_stride,
    quantise,
    truncate,
    vgg_input,
)
from response_twin import ResponseNet
from vgg_twin import VggEncoder


# ------------------------------------------------------------------------------------------------------------ Dnet


class Dnet(nn.Module):
    """Dequantisation: [N,3,H,W] -> clip(L + tanh(U-Net(L)), 0, 1); H, W multiples of 16."""

    def __init__(self, widths=(16, 32, 64, 128, 256)):
        super().__init__()
        self.stem = conv_pair(3, widths[0], 7)
        self.down1 = conv_pair(widths[0], widths[1], 5)
        self.down2 = conv_pair(widths[1], widths[2], 3)
        self.down3 = conv_pair(widths[2], widths[3], 3)
        self.down4 = conv_pair(widths[3], widths[4], 3)
        self.up1 = up_pair(widths[4], widths[3])
        self.up2 = up_pair(widths[3], widths[2])
        self.up3 = up_pair(widths[2], widths[1])
        self.up4 = up_pair(widths[1], widths[0])
        self.head = conv(widths[0], 3, 3)

    def forward(self, ldr):
        s0 = run_pair(self.stem, ldr)
        s1 = run_pair(self.down1, F.avg_pool2d(s0, 2))
        s2 = run_pair(self.down2, F.avg_pool2d(s1, 2))
        s3 = run_pair(self.down3, F.avg_pool2d(s2, 2))
        x = run_pair(self.down4, F.avg_pool2d(s3, 2))
        x = run_up(self.up1, x, s3)
        x = run_up(self.up2, x, s2)
        x = run_up(self.up3, x, s1)
        x = run_up(self.up4, x, s0)
        return (ldr + torch.tanh(self.head(x))).clamp(0, 1)


# ----------------------------------------------------------------------------------------------------------- ITnet


class ITnet(nn.Module):
    """Inverse truncation, Eq. 15: x + mask * residual(x), [N,3,H,W] -> same; H, W multiples of 32.

    With residual = "gain" x * 10^(mask * residual(x)), of at most 5 decades; the encoder sees 255 * mask, too. `scale`
    2: encoder and decoder at half the resolution; H, W multiples of 64. encoder = "vgg16_bn": with BatchNorm, and skips
    that are not divided by 255.
    """

    def __init__(self, widths=(64, 128, 256, 512, 512), alpha=ALPHA, residual="add", scale=1, encoder="vgg16"):
        super().__init__()
        self.alpha = alpha
        self.gain = residual == "gain"
        self.scale = scale
        self.skip_divisor = 255 if encoder == "vgg16" else 1
        self.encoder = VggEncoder(widths, 4 if self.gain else 3, encoder == "vgg16_bn")
        self.bottleneck = ConvBn(widths[4], widths[4], 3, bias=True)
        inputs = widths[4]
        for level, width in enumerate(reversed(widths), 1):
            setattr(self, f"up{level}", ConvBn(inputs, width, 3, bias=True))
            setattr(self, f"fuse{level}", conv(2 * width, width, 1))
            inputs = width
        self.out = ConvBn(inputs, 3, 1, bias=True)
        self.fuse0 = conv(6, 3, 1)

    def residual(self, x):
        """[N,3,H,W] -> [N,3,H,W], not negative."""
        half = self.scale == 2
        seen = vgg_input(F.avg_pool2d(x, 2) if half else x)
        if self.gain:
            mask = overexposure_mask(x, self.alpha)
            seen = torch.cat([seen, 255 * (F.max_pool2d(mask, 2) if half else mask)], 1)
        skips, y = self.encoder(seen)
        y = F.relu(self.bottleneck(y))
        for level, skip in enumerate(reversed(skips), 1):
            y = F.relu(getattr(self, f"up{level}")(nearest_up(y)))
            y = getattr(self, f"fuse{level}")(torch.cat([y, skip / self.skip_divisor], 1))
        y = F.relu(self.out(y))
        if half:
            y = bilinear_up(y)
        return F.relu(self.fuse0(torch.cat([y, x], 1)))

    def fill(self, base, residual):
        mask = overexposure_mask(base, self.alpha)
        return base * 10 ** (mask * residual.clamp(max=5)) if self.gain else base + mask * residual

    def forward(self, x, iterations=1, literal=False):
        """Eq. 18-19: later passes see C of the last result; base and mask stay those of x unless `literal`."""
        hdr, base = None, x
        for step in range(iterations):
            seen = x if step == 0 else truncate(hdr)
            base = seen if literal else x
            hdr = self.fill(base, self.residual(seen))
        return hdr


# ----------------------------------------------------------------------------------------------------------- OOnet


def run_branch(branch, x):
    """conv-BN units with ReLU between them and none after the last."""
    for unit in branch[:-1]:
        x = F.relu(unit(x))
    return branch[-1](x)


class RFB(nn.Module):
    """Receptive field block, Eq. 22: ReLU(0.1 * fuse(three branches of dilation 1, 2, 3) + shortcut)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        i = max(inputs // 8, 1)
        m = max(3 * (i // 2), 1)
        j = 2 * i
        self.branch0 = nn.ModuleList([ConvBn(inputs, j, 1), ConvBn(j, j, 3)])
        self.branch1 = nn.ModuleList([ConvBn(inputs, i, 1), ConvBn(i, j, 3), ConvBn(j, j, 3, dilation=2)])
        self.branch2 = nn.ModuleList(
            [ConvBn(inputs, i, 1), ConvBn(i, m, 3), ConvBn(m, j, 3), ConvBn(j, j, 3, dilation=3)]
        )
        self.fuse = ConvBn(3 * j, outputs, 1)
        self.shortcut = ConvBn(inputs, outputs, 1)

    def forward(self, x):
        branches = [run_branch(b, x) for b in (self.branch0, self.branch1, self.branch2)]
        return F.relu(0.1 * self.fuse(torch.cat(branches, 1)) + self.shortcut(x))


class CU(nn.Module):
    """Multi-scale unit of MS-SE: x + ReLU(1x1(SE(sum of three depthwise convolutions)))."""

    def __init__(self, channels):
        super().__init__()
        self.dw3 = conv(channels, channels, 3, groups=channels)
        self.dw5 = conv(channels, channels, 5, groups=channels)
        self.dw7 = conv(channels, channels, 7, groups=channels)
        self.se = nn.ModuleList(
            [nn.Linear(channels, channels // 2, bias=False), nn.Linear(channels // 2, channels, bias=False)]
        )
        self.project = conv(channels, channels, 1)

    def forward(self, x):
        y = F.relu(self.dw3(x)) + F.relu(self.dw5(x)) + F.relu(self.dw7(x))
        scale = torch.sigmoid(self.se[1](F.relu(self.se[0](y.mean((2, 3))))))
        return x + F.relu(self.project(y * scale[:, :, None, None]))


class MsSe(nn.Module):
    """Multi-scale squeeze-excitation, Eq. 23: [N,C,H,W] -> same; H, W even."""

    def __init__(self, channels):
        super().__init__()
        wide = 2 * channels
        self.entry = conv(channels, channels, 5)
        self.reduce = conv(channels, wide, 5, stride=2)
        self.mix = conv(wide, wide, 1)
        self.cu0, self.cu1, self.cu2 = CU(wide), CU(wide), CU(wide)
        self.out = conv(channels + wide // 4, channels, 1)

    def forward(self, x):
        entry = F.relu(self.entry(x))
        y = F.relu(self.mix(F.relu(self.reduce(entry))))
        y = self.cu2(self.cu1(self.cu0(y)))
        return F.relu(self.out(torch.cat([entry, F.pixel_shuffle(y, 2)], 1)))


class OOnet(nn.Module):
    """Overall optimisation, Eq. 21: ReLU(H^ + U-Net([H^, I_clip, I_n])); H, W multiples of 32.

    With residual = "gain" H^ * 10^U-Net([log(1 + 10 H^) / log 11, I_clip, I_n]).
    """

    def __init__(self, down="rfb", widths=(16, 32, 64, 128, 128), residual="add"):
        super().__init__()
        self.down = down
        self.gain = residual == "gain"
        self.stem = conv_pair(9, widths[0], 7)
        for level in range(1, 5):
            inputs, outputs = widths[level - 1], widths[level]
            kernel = 5 if level == 1 else 3
            block = RFB(inputs, outputs) if down == "rfb" else conv_pair(inputs, outputs, kernel)
            setattr(self, f"down{level}", block)
        self.ms_se = MsSe(widths[4])
        self.up1 = up_pair(widths[4], widths[3])
        self.up2 = up_pair(widths[3], widths[2])
        self.up3 = up_pair(widths[2], widths[1])
        self.up4 = up_pair(widths[1], widths[0])
        self.head = conv(widths[0], 3, 3)

    def run_down(self, block, x):
        x = F.avg_pool2d(x, 2)
        return block(x) if self.down == "rfb" else run_pair(block, x)

    def encode(self, hdr, clip, n):
        """The levels from full resolution down to 1/16."""
        seen = torch.log1p(10 * hdr) / math.log(11) if self.gain else hdr
        levels = [run_pair(self.stem, torch.cat([seen, clip, n], 1))]
        for block in (self.down1, self.down2, self.down3, self.down4):
            levels.append(self.run_down(block, levels[-1]))
        return levels

    def decode(self, hdr, levels, middle):
        x = run_up(self.up1, middle, levels[3])
        x = run_up(self.up2, x, levels[2])
        x = run_up(self.up3, x, levels[1])
        x = run_up(self.up4, x, levels[0])
        return hdr * 10 ** self.head(x) if self.gain else F.relu(hdr + self.head(x))

    def forward(self, hdr, clip, n):
        levels = self.encode(hdr, clip, n)
        return self.decode(hdr, levels, self.ms_se(levels[-1]))


# ------------------------------------------------------------------------------------------------------ both chains


class DuHdr(nn.Module):
    """The five networks and both directions, for images of any size."""

    def __init__(
        self,
        trunk="resnet18",
        down="rfb",
        itnet_iterations=1,
        response_max_side=1024,
        alpha=ALPHA,
        widths=None,
        itnet_residual="add",
        itnet_encoder="vgg16",
        itnet_scale=1,
        oonet_residual="add",
    ):
        """`widths`: network ("dnet", "response", "itnet", "oonet") -> its widths, for small variants."""
        super().__init__()
        arguments = {network: {"widths": w} for network, w in (widths or {}).items()}
        self.itnet_iterations = itnet_iterations
        self.response_max_side = response_max_side
        self.stride = itnet_scale * STRIDE
        self.dnet = Dnet(**arguments.get("dnet", {}))
        self.innet = ResponseNet(trunk, **arguments.get("response", {}))
        self.nnet = ResponseNet(trunk, **arguments.get("response", {}))
        self.itnet = ITnet(
            alpha=alpha,
            residual=itnet_residual,
            encoder=itnet_encoder,
            scale=itnet_scale,
            **arguments.get("itnet", {}),
        )
        self.oonet = OOnet(down, residual=oonet_residual, **arguments.get("oonet", {}))

    def response(self, net, x, height, width):
        """Curve of the image cropped to its true size and shrunk."""
        return net(area_shrink(crop(x, height, width), self.response_max_side))

    def ldr_to_hdr(self, ldr):
        """Eq. 2 and OOnet: [N,3,H,W] in [0,1] -> linear HDR, with the values between the networks (images cropped)."""
        size = ldr.shape[2:]
        n = self.dnet(pad_to_stride(ldr, self.stride))
        curve = self.response(self.innet, n, *size)
        clip = apply_curve(curve, n)
        hdr = self.itnet(clip, self.itnet_iterations)
        out = self.oonet(hdr, clip, n)
        return {
            "out": crop(out, *size),
            "curve": curve,
            "n": crop(n, *size),
            "clip": crop(clip, *size),
            "hdr": crop(hdr, *size),
        }

    def hdr_to_ldr(self, hdr):
        """Eq. 1: [N,3,H,W] linear HDR -> Q(Nnet(C(H))), codes / 255, with the values in between (images cropped)."""
        size = hdr.shape[2:]
        clip = truncate(pad_to_stride(hdr, self.stride))
        curve = self.response(self.nnet, clip, *size)
        n = apply_curve(curve, clip)
        return {
            "out": crop(quantise(n), *size),
            "curve": curve,
            "clip": crop(clip, *size),
            "n": crop(n, *size),
        }


def state(module, prefix=""):
    """Name -> parameter or buffer as in the weight files (no num_batches_tracked)."""
    tensors = module.state_dict(keep_vars=True).items()
    return {prefix + name: tensor for name, tensor in tensors if not name.endswith("num_batches_tracked")}
