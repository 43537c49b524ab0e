# SPDX-License-Identifier: Apache-2.0
"""Training in PyTorch: the loss of every stage, of all families, and steps of Adam; for golden values only.

Images are NCHW here. Equation numbers are the DuHDR paper's. A stage trains its networks in training mode (batch
statistics); what a formula takes as a constant comes from networks in evaluation mode, without gradient.
"""

import math
from contextlib import contextmanager
from dataclasses import dataclass, field, fields

import torch
import torch.nn.functional as F

import expandnet_twin
import hdrcnn_twin
import operations

NETWORKS = ("dnet", "innet", "nnet", "itnet", "oonet", "expandnet", "hdrcnn")  # a model has those of its family


@dataclass
class Options:
    """What a run of a stage may choose; the defaults are the paper's."""

    stage: str
    paired: bool = False  # pairs of photo and HDR image, without the true I_n, I_clip and curve
    log_loss: str = "l2"  # of ITnet: squared difference of log(H + 1/255); "l1": |difference| of mu(H)
    tv_weight: float = 0.0  # of the total variation of mu(H^)
    raw_perceptual: bool = False  # features are not divided by their mean square
    literal: bool = False  # the iterations of ITnet take base and mask from C(H^)
    oonet_loss: str = "l2"  # "log_l1": |difference| of mu, after scaling to the mean of the target; "log": as ITnet's
    response_loss: str = "l2"  # of I_clip; "log": squared difference of log(I + 1/255)
    highlights: dict = field(default_factory=dict)  # name -> weight of a loss over clipped pixels, Eq. 16, 17 and 24
    curve_weight: float = 0.0  # of the squared difference of the inverse curve
    perceptual_weight: float = 0.001
    learning_rate: float = 1e-4
    clip_norm: float = 0.0  # largest norm of all gradients together; 0: any
    ema_decay: float = 0.0  # of the running mean of the weights; 0: none

    def changed(self):
        """Name -> value of all but the defaults."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) not in (f.default, {})}


@dataclass
class Batch:
    """Images [N,3,H,W], curves [N,S], weight [N] (0: the image is dropped). Pairs have `ldr` and `hdr` only."""

    ldr: torch.Tensor
    hdr: torch.Tensor
    weight: torch.Tensor
    encoded: torch.Tensor = None
    clipped: torch.Tensor = None
    inverse_curve: torch.Tensor = None


def mu(hdr):
    """log(1 + 10 H) / log(11)."""
    return torch.log(1 + 10 * hdr) / math.log(11)


def decades(light):
    """log10(H + 1/255)."""
    return torch.log10(light + 1 / 255)


def luminance(light):
    return 0.213 * light[:, 0:1] + 0.715 * light[:, 1:2] + 0.072 * light[:, 2:3]


def spread(mask):
    """A mask with a mean of 1 in every image that has any."""
    return mask / mask.mean((1, 2, 3), keepdim=True).clamp(min=1e-12)


def deviation(x, shares):
    """Root of the mean square of x under a spread mask, [N,1,1,1]; never 0."""
    return ((x.square() * shares).mean((1, 2, 3), keepdim=True) + 1e-8).sqrt()


def log_error(a, b):
    """Squared difference of log(H + 1/255), Eq. 16."""
    return (torch.log(a + 1 / 255) - torch.log(b + 1 / 255)).square()


@contextmanager
def constant(*networks):
    """Inside, nothing has a gradient and these networks use running statistics."""
    before = [network.training for network in networks]
    for network in networks:
        network.eval()
    with torch.no_grad():
        yield
    for network, training in zip(networks, before):
        network.train(training)


class Training:
    """The losses: one method a stage, batch -> {name: (weight, term)}; the loss is the sum of weight * term."""

    def __init__(self, model, features, options):
        self.model, self.features, self.options = model, features, options

    # ------------------------------------------------------------------------------------------ parts of the losses

    def mean(self, error):
        """Mean over the kept images of each one's mean."""
        each = error.flatten(1).mean(1)
        return (self.weight * each).sum() / self.weight.sum()

    def l2(self, a, b):
        return self.mean((a - b).square())

    def linearise(self, n):
        """M(INnet(n), n)."""
        return operations.apply_curve(self.model.innet(n), n)

    def expose(self, clip):
        """M(Nnet(clip), clip)."""
        return operations.apply_curve(self.model.nnet(clip), clip)

    def truth(self, batch):
        """I_n and I_clip; pairs have them from the simulated camera, as constants."""
        if not self.options.paired:
            return batch.encoded, batch.clipped
        with constant(self.model.nnet):
            clip = operations.truncate(batch.hdr)
            return self.expose(clip), clip

    def dequantised(self, ldr):
        """Dnet(L), constant."""
        with constant(self.model.dnet):
            return self.model.dnet(ldr)

    def linearised(self, n):
        """M(INnet(n), n), constant."""
        with constant(self.model.innet):
            return self.linearise(n)

    def perceptual(self, a, b, mask):
        """Distance of the VGG features of a and b, image b constant; features relative to their mean square."""
        with torch.no_grad():
            targets = self.features(mu(b))
        total = 0
        for feature, target in zip(self.features(mu(a)), targets):
            mask = F.avg_pool2d(mask, 2)
            error = self.mean((feature - target).square() * mask.square())
            total = total + (error if self.options.raw_perceptual else error / self.mean(target.square()))
        return total

    def total_variation(self, hdr):
        x = mu(hdr)
        down, right = x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]
        return self.mean(down.abs()) + self.mean(right.abs())

    def log_distance(self, a, b):
        return self.mean((mu(a) - mu(b)).abs() if self.options.log_loss == "l1" else log_error(a, b))

    def clipped(self, a, b):
        """Distance of two I_clip."""
        return self.mean(log_error(a, b)) if self.options.response_loss == "log" else self.l2(a, b)

    def rim(self, ratio, mask):
        """Mean difference of neighbours of which one is clipped, both ways, at four scales."""
        total = 0
        for _ in range(4):
            for axis in (2, 3):
                size = ratio.shape[axis] - 1
                near, far = (lambda x: x.narrow(axis, 0, size)), (lambda x: x.narrow(axis, 1, size))
                pairs = spread(torch.maximum(near(mask), far(mask)))
                total = total + self.mean(pairs * (far(ratio) - near(ratio)).abs())
            ratio, mask = F.avg_pool2d(ratio, 2), F.avg_pool2d(mask, 2)
        return total

    def highlights(self, hdr, target):
        """The options' losses over pixels whose brightest true channel is above 1 (a ramp from 0.999)."""
        mask = ((target.amax(1, keepdim=True) - 0.999) / 0.001).clamp(0, 1)
        shares = spread(mask)
        ratio, of_luminance = decades(hdr) - decades(target), decades(luminance(hdr)) - decades(luminance(target))
        offset = (of_luminance * shares).mean((1, 2, 3), keepdim=True)
        sums = [(luminance(x) * shares).mean((1, 2, 3), keepdim=True) for x in (hdr, target)]
        values = {
            "log": lambda: self.mean(deviation(ratio, shares)),
            "structure": lambda: self.mean(deviation(of_luminance - offset, shares)),
            "energy": lambda: self.mean((decades(sums[0]) - decades(sums[1])).abs().clamp(max=2)),
            "gradient": lambda: self.rim(ratio, mask),
            "colour": lambda: self.mean(shares * (1 - F.cosine_similarity(hdr, target, dim=1, eps=1e-20)[:, None])),
        }
        return {f"highlight_{name}": (weight, values[name]()) for name, weight in self.options.highlights.items()}

    def inverse_truncation(self, hdr, batch, clip):
        """The two terms of Eq. 16, the option of a smoother result, losses over clipped pixels."""
        terms = {"log": (1, self.log_distance(hdr, batch.hdr))}
        distance = self.perceptual(hdr, batch.hdr, operations.overexposure_mask(clip))
        terms["perceptual"] = (self.options.perceptual_weight, distance)
        if self.options.tv_weight > 0:
            terms["tv"] = (self.options.tv_weight, self.total_variation(hdr))
        return terms | self.highlights(hdr, batch.hdr)

    def overall(self, out, hdr):
        """Eq. 24, losses over clipped pixels."""
        if self.options.oonet_loss == "log_l1":
            scale = hdr.mean((1, 2, 3)) / out.mean((1, 2, 3)).clamp(min=1e-6)
            distance = self.mean((mu(scale[:, None, None, None] * out) - mu(hdr)).abs())
        else:
            distance = self.log_distance(out, hdr) if self.options.oonet_loss == "log" else self.l2(out, hdr)
        return {"hdr": (1, distance)} | self.highlights(out, hdr)

    # ------------------------------------------------------------------------------------------------------ stages

    def dnet(self, batch):
        """Eq. 4."""
        encoded, _ = self.truth(batch)
        return {"encoded": (1, self.l2(self.model.dnet(batch.ldr), encoded))}

    def dnet_joint(self, batch):
        """Eq. 5."""
        encoded, _ = self.truth(batch)
        n = self.model.dnet(batch.ldr)
        return {"encoded": (1, self.l2(n, encoded)), "quantised": (10, self.l2(operations.quantise(n), batch.ldr))}

    def nnet(self, batch):
        """Eq. 11."""
        clip = operations.truncate(batch.hdr) if self.options.paired else batch.clipped
        target = self.dequantised(batch.ldr) if self.options.paired else batch.encoded
        return {"encoded": (1, self.l2(self.expose(clip), target))}

    def innet(self, batch):
        """Eq. 12."""
        n = self.dequantised(batch.ldr) if self.options.paired else batch.encoded
        target = operations.truncate(batch.hdr) if self.options.paired else batch.clipped
        curve = self.model.innet(n)
        terms = {"clipped": (1, self.clipped(operations.apply_curve(curve, n), target))}
        if self.options.curve_weight > 0:
            terms["curve"] = (self.options.curve_weight, self.l2(curve, batch.inverse_curve))
        return terms

    def dnm_joint(self, batch):
        """Eq. 13, through all three networks."""
        encoded, clipped = self.truth(batch)
        n = self.model.dnet(batch.ldr)
        clip = self.linearise(n)
        return {
            "clipped": (1, self.clipped(clip, clipped)),
            "cycle": (0.01, self.l2(self.expose(clip), n)),
            "encoded": (0.005, self.l2(n, encoded)),
            "quantised": (0.005 * 10, self.l2(operations.quantise(n), batch.ldr)),
        }

    def responses_joint(self, batch):
        """Eq. 13 with Dnet as it is."""
        _, clipped = self.truth(batch)
        n = self.dequantised(batch.ldr)
        clip = self.linearise(n)
        return {"clipped": (1, self.clipped(clip, clipped)), "cycle": (0.01, self.l2(self.expose(clip), n))}

    def itnet(self, batch):
        """Eq. 16."""
        _, clip = self.truth(batch)
        return self.inverse_truncation(self.model.itnet(clip), batch, clip)

    def itnet_joint(self, batch):
        """Eq. 17."""
        _, clip = self.truth(batch)
        hdr = self.model.itnet(clip, 3, self.options.literal)
        normal = 1 - operations.overexposure_mask(clip)
        error = (operations.truncate(hdr) - batch.hdr.clamp(max=1)) * normal
        return self.inverse_truncation(hdr, batch, clip) | {"normal_area": (10, self.mean(error.square()))}

    def chain(self, ldr):
        """(H^, I_clip, I_n) of a photo."""
        n = self.model.dnet(ldr)
        clip = self.linearise(n)
        return self.model.itnet(clip), clip, n

    def constant_chain(self, ldr):
        with constant(self.model.dnet, self.model.innet, self.model.itnet):
            return self.chain(ldr)

    def oonet(self, batch):
        """Eq. 24 for OOnet alone."""
        return self.overall(self.model.oonet(*self.constant_chain(batch.ldr)), batch.hdr)

    def finetune(self, batch):
        """Eq. 24 through the whole chain."""
        return self.overall(self.model.oonet(*self.chain(batch.ldr)), batch.hdr)

    def dnet_unpaired(self, batch):
        """Eq. 6."""
        return {"quantised": (1, self.l2(operations.quantise(self.model.dnet(batch.ldr)), batch.ldr))}

    def dnm_unpaired(self, batch):
        """Eq. 14."""
        n = self.dequantised(batch.ldr)
        return {"cycle": (1, self.l2(self.expose(self.linearise(n)), n))}

    def itnet_unpaired(self, batch):
        """Eq. 20."""
        clip = self.linearised(self.dequantised(batch.ldr))
        hdr = self.model.itnet(clip, 3, self.options.literal)
        return {"clipped": (1, self.l2(operations.truncate(hdr), clip))}

    def oonet_unpaired(self, batch):
        """Eq. 25; Nnet passes the gradient on."""
        clip = operations.truncate(self.model.oonet(*self.constant_chain(batch.ldr)))
        return {"ldr": (1, self.l2(operations.quantise(self.expose(clip)), batch.ldr))}

    def expandnet(self, batch):
        """L1 and cosine distance from the normalised target."""
        estimate, target = self.model.expandnet(batch.ldr), expandnet_twin.normalised(batch.hdr)
        angle = self.mean(expandnet_twin.angle(estimate, target))
        return {
            "absolute": (1, self.mean((estimate - target).abs())),
            "cosine": (expandnet_twin.COSINE_WEIGHT, angle),
        }

    def hdrcnn(self, batch):
        """Illumination and reflectance of the logarithm, where the target is clipped."""
        illumination, reflectance = hdrcnn_twin.errors(self.model.hdrcnn(batch.ldr), batch.hdr)
        return {"illumination": (0.5, self.mean(illumination)), "reflectance": (0.5, self.mean(reflectance))}

    def terms(self, batch):
        """{name: (weight, term)} of the stage of the options."""
        self.weight = batch.weight
        return getattr(self, self.options.stage.replace("-", "_"))(batch)


# Stage -> networks that it trains.
STAGES = {
    "dnet": ("dnet",),
    "dnet-joint": ("dnet",),
    "nnet": ("nnet",),
    "innet": ("innet",),
    "responses-joint": ("innet", "nnet"),
    "dnm-joint": ("dnet", "innet", "nnet"),
    "itnet": ("itnet",),
    "itnet-joint": ("itnet",),
    "oonet": ("oonet",),
    "finetune": ("dnet", "innet", "itnet", "oonet"),
    "dnet-unpaired": ("dnet",),
    "dnm-unpaired": ("innet", "nnet"),
    "itnet-unpaired": ("itnet",),
    "oonet-unpaired": ("oonet",),
    "expandnet": ("expandnet",),
    "hdrcnn": ("hdrcnn",),
}


def loss_of(terms):
    return sum(weight * term for weight, term in terms.values())


def trained_parameters(model, stage):
    """Name -> parameter of the networks that the stage trains; all others are set to have no gradient."""
    trained = {}
    for network in filter(lambda name: hasattr(model, name), NETWORKS):
        module, trains = getattr(model, network), network in STAGES[stage]
        module.train(trains).requires_grad_(trains)
        if trains:
            trained |= {f"{network}.{name}": parameter for name, parameter in module.named_parameters()}
    return trained


def train(model, features, options, batches):
    """One step of Adam a batch; returns {record: list of its value at every step}, {name: running mean of weight}."""
    trained = trained_parameters(model, options.stage)
    features.eval().requires_grad_(False)
    training = Training(model, features, options)
    adam = torch.optim.Adam(trained.values(), lr=options.learning_rate, betas=(0.9, 0.999), eps=1e-8)
    ema = {name: p.detach().clone() for name, p in trained.items()} if options.ema_decay > 0 else {}
    records = {}
    for batch in batches:
        terms = training.terms(batch)
        loss = loss_of(terms)
        adam.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(trained.values(), options.clip_norm or math.inf)
        adam.step()
        for name, mean in ema.items():
            mean.mul_(options.ema_decay).add_((1 - options.ema_decay) * trained[name].detach())
        step = {"loss": loss, "gradient_norm": norm} | {f"terms/{name}": term for name, (_, term) in terms.items()}
        for name, value in step.items():
            records.setdefault(name, []).append(value.item())
    return records, ema
