"""INnet and Nnet in PyTorch: from an image to the response curve of its camera. NCHW."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from layers_twin import batch_norm, conv
from operations import camera_features, monotone_curve


def shortcut(inputs, outputs, stride):
    """Projection where the shape changes, identity elsewhere."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(conv(inputs, outputs, 1, stride, bias=False), batch_norm(outputs))


class BasicBlock(nn.Module):
    """ReLU(3x3 -> 3x3 + shortcut), ResNet-18's block."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = conv(inputs, outputs, 3, stride, bias=False)
        self.bn1 = batch_norm(outputs)
        self.conv2 = conv(outputs, outputs, 3, bias=False)
        self.bn2 = batch_norm(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class BottleneckBlock(nn.Module):
    """ReLU(1x1 -> 3x3 -> 1x1 + shortcut); the stride sits in the first 1x1."""

    def __init__(self, inputs, middle, outputs, stride):
        super().__init__()
        self.conv1 = conv(inputs, middle, 1, stride, bias=False)
        self.bn1 = batch_norm(middle)
        self.conv2 = conv(middle, middle, 3, bias=False)
        self.bn2 = batch_norm(middle)
        self.conv3 = conv(middle, outputs, 1, bias=False)
        self.bn3 = batch_norm(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class Resnet18Trunk(nn.Module):
    """[N,102,H,W] -> [N,widths[3],H/32,W/32]."""

    def __init__(self, widths=(64, 128, 256, 512)):
        super().__init__()
        self.conv1 = conv(102, widths[0], 7, 2, bias=False)
        self.bn1 = batch_norm(widths[0])
        self.layer1 = self.stage(widths[0], widths[0], 1)
        self.layer2 = self.stage(widths[0], widths[1], 2)
        self.layer3 = self.stage(widths[1], widths[2], 2)
        self.layer4 = self.stage(widths[2], widths[3], 2)
        self.channels = widths[3]

    @staticmethod
    def stage(inputs, outputs, stride):
        return nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, padding=1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class CrfnetTrunk(nn.Module):
    """The cut bottleneck net, [N,102,H,W] -> [N,4*widths[1],H/8,W/8]."""

    def __init__(self, widths=(64, 128)):
        super().__init__()
        a, b = widths
        self.conv1 = conv(102, a, 7, 2)
        self.bn1 = batch_norm(a)
        self.layer1 = nn.Sequential(
            BottleneckBlock(a, a, 4 * a, 1), BottleneckBlock(4 * a, a, 4 * a, 1), BottleneckBlock(4 * a, a, 4 * a, 1)
        )
        self.layer2 = nn.Sequential(BottleneckBlock(4 * a, b, 4 * b, 2), BottleneckBlock(4 * b, b, 4 * b, 1))
        self.channels = 4 * b

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, padding=1)
        return self.layer2(self.layer1(x))


TRUNKS = {"resnet18": Resnet18Trunk, "crfnet": CrfnetTrunk}


class Curve(nn.Module):
    """Response curves of Eq. 8, mean + basis * c: coefficients [N,K] -> [N,S]."""

    def __init__(self, samples, vectors):
        super().__init__()
        self.register_buffer("mean", torch.linspace(0, 1, samples))
        self.register_buffer("basis", torch.zeros(samples, vectors))

    def forward(self, coefficients):
        return self.mean + coefficients @ self.basis.T


class ResponseNet(nn.Module):
    """INnet or Nnet: image [N,3,H,W] of any size -> monotone curve [N,S], one per image."""

    def __init__(self, trunk="resnet18", curve_samples=1024, curve_k=11, widths=None):
        super().__init__()
        self.trunk = TRUNKS[trunk](widths) if widths else TRUNKS[trunk]()
        self.fc = nn.Linear(self.trunk.channels, curve_k)
        self.curve = Curve(curve_samples, curve_k)

    def coefficients(self, x):
        """[N,3,H,W] -> [N,K]."""
        return self.fc(self.trunk(camera_features(x)).mean((2, 3)))

    def forward(self, x):
        return monotone_curve(self.curve(self.coefficients(x)))
