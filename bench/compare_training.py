#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time training steps of duhdr against the same networks in PyTorch.

    python bench/compare_training.py --stages itnet-joint finetune [--rounds 5] [--json FILE]
    python bench/compare_training.py --config configs/letter.json --stages all --batch 8 --size 128
    python bench/compare_training.py --bench build/cuda/bin/duhdr-bench --device cuda --precision mixed --stages all

A step of a stage is forward, backward and Adam. Both sides start from the same weights (tests/golden/fill.py) and see
the same batch. Every candidate is a process of its own that runs on request, and only one computes at a time; each
round takes duhdr, peer, peer, duhdr. The figure is the median over rounds of peer's time / duhdr's time, with a
bootstrap 95 % interval. f32 is true float32 on both sides (no TF32), mixed is bfloat16 inside the networks (autocast).
Memory is the process's resident set above that of the program with nothing loaded, on a GPU what the allocator holds.

A candidate is compared by its first step: the loss, and the gradient of each trained parameter, with the twin's in
float64. Where rounding turns a ReLU or a max-pool the other way the gradient jumps, and on large batches it always
turns one; but what is wrong is wrong on every batch. So the step is taken on small batches until it is right on one,
and then on the batch that is timed. Where eager PyTorch, or the float64 twin with small errors in its
convolutions, are not right either, a candidate may be ten times as far off. Others are refused. Later steps prove
nothing: Adam makes whole steps of gradients that are all rounding error (docs/performance.md).
"""

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path

import comparison as c  # finds the twin's folder as well
import numpy as np
import torch

import twin
import vgg_twin
from fill import fill
from make_golden import load
from training_twin import STAGES, Batch, Options, Training, loss_of, trained_parameters

FIELDS = ("ldr", "encoded", "clipped", "hdr")
PRECISIONS = ("f32", "mixed")
LOSS_LIMIT = {"f32": 1e-5, "mixed": 3e-2}  # of the first step's, relative
LEAST_LIMIT = 1e-5  # of a parameter's square error: its gradient is 0.3 % off
CONVOLUTION_ERROR = 1e-12  # square error; the tests allow a convolution ten times that
SMALL = {"batch": 1, "size": 64}  # batches on which few ReLUs are near zero
SMALL_BATCHES = 8
OURS = [stage for stage in STAGES if stage not in ("expandnet", "hdrcnn")]  # DuHDR's

# ------------------------------------------------------------------------------------------------- a peer's process


def read_batch(folder, shape, dtype=torch.float32, device="cpu", layout=torch.contiguous_format):
    def read(name):
        images = torch.from_numpy(np.fromfile(Path(folder) / f"{name}.raw", "<f4").reshape(shape)).permute(0, 3, 1, 2)
        return images.to(device, dtype).contiguous(memory_format=layout)

    return Batch(**{name: read(name) for name in FIELDS}, weight=torch.ones(shape[0], device=device, dtype=dtype))


def make_networks(config):
    """DuHDR and the perceptual net, float64, with golden weights."""
    model, perceptual = c.read_model(config)
    features = vgg_twin.Vgg16Features(perceptual) if perceptual else vgg_twin.Vgg16Features()
    return load(twin.DuHdr(**model), ""), load(features, "vgg16.").eval().requires_grad_(False)


class Loss(torch.nn.Module):
    """The loss as a module of the batch's images, which is what can be traced."""

    def __init__(self, training, weight):
        super().__init__()
        self.training_losses, self.weight = training, weight
        self.model, self.features = training.model, training.features

    def forward(self, *images):
        return loss_of(self.training_losses.terms(Batch(**dict(zip(FIELDS, images)), weight=self.weight)))


class Peer:
    """Training steps of a stage in the manner of one peer."""

    def __init__(self, options):
        manner, stage = options.serve_peer, options.stages[0]
        self.device, self.precision = torch.device(options.device), options.precision
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = True
        self.layout = c.layout_of(manner)
        model, features = (n.float().to(self.device, memory_format=self.layout) for n in make_networks(options.config))
        self.trained = trained_parameters(model, stage)
        self.optimiser = torch.optim.Adam(self.trained.values(), lr=1e-5, fused=True)
        self.manner, self.training = manner, Training(model, features, Options(stage))
        self.loss_of = self.batch = self.loss = None

    def load(self, folder, shape):
        """The batch, and the loss of it in the peer's manner."""
        self.batch = read_batch(folder, shape, device=self.device, layout=self.layout)
        terms = self.training.terms
        if self.manner == "jit":
            images = tuple(getattr(self.batch, name) for name in FIELDS)
            traced = torch.jit.trace(Loss(self.training, self.batch.weight), images, check_trace=False)
            self.loss_of = lambda: traced(*images)
            return
        if self.manner in c.COMPILED:
            terms = torch.compile(terms, mode=c.COMPILED[self.manner], dynamic=False)
        self.loss_of = lambda: loss_of(terms(self.batch))

    def step(self):
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "mixed"):
            loss = self.loss_of()
        loss.backward()
        self.optimiser.step()
        self.loss = float(loss.detach())  # waits for the device

    def gradient(self):
        """Of the last step, in the order of the parameters' names."""
        zero = {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in self.trained.items()}
        return torch.cat([zero[name].reshape(-1).float().cpu() for name in sorted(zero)]).numpy().astype("<f4")


def serve_peer(options):
    """duhdr-bench's protocol: ready, load FOLDER N H W, run N, loss, gradient FILE, memory."""
    c.prepare_process(options.serve_peer, options.threads)
    peer = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "quit":
            return
        answer = ["ok"]
        if command == "load":
            peer = Peer(options)
            peer.load(words[0], (*map(int, words[1:]), 3))
        elif command == "run":
            answer = []
            for _ in range(int(words[0])):
                start = time.perf_counter()
                peer.step()
                answer.append(time.perf_counter() - start)
        elif command == "loss":
            answer = [peer.loss]
        elif command == "gradient":
            peer.gradient().tofile(words[0])
        elif command == "memory":
            answer = [torch.cuda.max_memory_reserved(peer.device)]
        print(*answer, flush=True)


# ------------------------------------------------------------------------------------------------- the comparison


def make_batch(folder, batch, size, number=0):
    """Files of a radiance batch of smooth lights up to 4, its exposure that clips at 1, and that in 8-bit codes."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float64) / size
    waves = np.stack([np.sin(7 * x + 5 * y * (i + 1)) + np.cos(9 * y - 3 * x * (i + 1)) for i in range(3 * batch)], -1)
    waves = waves.reshape(size, size, batch, 3).transpose(2, 0, 1, 3)
    radiance = np.exp(0.7 * waves) * (0.4 + fill(f"training {number}", waves.shape, -0.05, 0.05))
    clipped = np.clip(radiance, 0, 1)
    encoded = clipped ** (1 / 2.2)
    codes = np.floor(255 * encoded + 0.5) / 255
    folder.mkdir()
    for name, values in zip(FIELDS, (codes, encoded, clipped, radiance)):
        values.astype("<f4").tofile(folder / f"{name}.raw")


class Reference:
    """The first step on one batch in float64, and how far others are from it."""

    def __init__(self, options, stage, folder, batch, size):
        self.options, self.stage, self.folder, self.shape = options, stage, folder, (batch, size, size)
        self.loss, gradients = self.first_step(torch.float64)
        largest = max(float(g.norm()) for g in gradients.values())
        # A BatchNorm cancels the bias before it: such a gradient is 0, and rounding error where it is computed.
        self.counted = {name for name, g in gradients.items() if float(g.norm()) > 1e-12 * largest}
        self.gradients = {name: g.float() for name, g in gradients.items()}  # half the memory, and exact enough

    def first_step(self, dtype, convolution_error=0.0):
        """(loss, gradients by name) in float64, with or without errors, or as eager PyTorch computes."""
        o, generator = self.options, torch.Generator().manual_seed(1)
        model, features = (network.to(dtype) for network in make_networks(o.config))
        trained = trained_parameters(model, self.stage)

        def disturb(module, inputs, result):
            scale = (convolution_error * result.detach().square().mean()).sqrt()
            return result + scale * torch.randn(result.shape, generator=generator, dtype=dtype)

        for module in (*model.modules(), *features.modules()):
            if convolution_error and isinstance(module, torch.nn.Conv2d):
                module.register_forward_hook(disturb)
        training = Training(model, features, Options(self.stage))
        batch = read_batch(self.folder, (*self.shape, 3), dtype)
        with torch.autocast("cpu", torch.bfloat16, enabled=o.precision == "mixed" and dtype == torch.float32):
            loss = loss_of(training.terms(batch))
        gradients = torch.autograd.grad(loss, list(trained.values()), allow_unused=True, materialize_grads=True)
        return loss.item(), dict(zip(trained, gradients))

    def error_of_step(self, dtype, convolution_error=0.0):
        _, gradients = self.first_step(dtype, convolution_error)
        return self.error_of(torch.cat([gradients[name].reshape(-1) for name in sorted(gradients)]).numpy())

    def eager_error(self):
        return self.error_of_step(torch.float32)

    def disturbed_error(self):
        return self.error_of_step(torch.float64, CONVOLUTION_ERROR)

    def error_of(self, flat):
        """The largest normalised square error of a parameter's gradient; `flat` in the order of names."""
        errors, begin = [], 0
        for name in sorted(self.gradients):
            expected = self.gradients[name].reshape(-1).numpy()
            if name in self.counted:
                errors.append(c.square_error(flat[begin : begin + expected.size], expected))
            begin += expected.size
        return max(errors) if begin == flat.size and not any(map(math.isnan, errors)) else math.inf

    def error_of_candidate(self, candidate):
        """Makes it load the batch and take its first step. Infinite when the loss is another one."""
        candidate.ask(f"load {self.folder} {' '.join(map(str, self.shape))}")
        candidate.ask("run 1")
        loss = float(candidate.ask("loss"))
        candidate.outcome = f"loss {loss:.9g}, in float64 {self.loss:.9g}"
        if not abs(loss - self.loss) <= LOSS_LIMIT[self.options.precision] * abs(self.loss):
            return math.inf
        file = self.folder / "gradient.raw"
        candidate.ask(f"gradient {file}")
        return self.error_of(np.fromfile(file, "<f4"))


class Check:
    """Whether a candidate takes the first step of a stage that it should."""

    def __init__(self, options, stage, folder):
        self.options, self.stage, self.folder = options, stage, folder
        self.shapes = {"small": [SMALL] * SMALL_BATCHES, "timed": [{"batch": options.batch, "size": options.size}]}
        self.references = {}
        self.limits = {batches: self.limit(batches) for batches in self.shapes}

    def reference(self, batches, number):
        if (batches, number) not in self.references:
            folder, shape = self.folder / f"{batches}-{number}", self.shapes[batches][number]
            make_batch(folder, **shape, number=number)
            self.references[batches, number] = Reference(self.options, self.stage, folder, **shape)
        return self.references[batches, number]

    def least_error(self, batches, error_on, enough=LEAST_LIMIT):
        """Of the batches up to the first on which the error is not more than `enough`."""
        least = math.inf
        for number in range(len(self.shapes[batches])):
            least = min(least, error_on(self.reference(batches, number)))
            if least <= enough:
                break
        return least

    def limit(self, batches):
        """Ten times the error of what is as good as can be, where that is not right itself."""
        as_good = (Reference.eager_error, Reference.disturbed_error)
        error = max(self.least_error(batches, error_on) for error_on in as_good)
        return LEAST_LIMIT if error <= LEAST_LIMIT else 10 * error

    def __call__(self, candidate):
        """Leaves the candidate with the timed batch and its `error` on it; raises Failed when its step is wrong."""
        for batches, limit in self.limits.items():
            candidate.error = self.least_error(batches, lambda r: r.error_of_candidate(candidate), limit)
            if not candidate.error <= limit:
                gradient = f"a gradient's square error {candidate.error:.1e}, allowed {limit:.1e}"
                raise c.Failed(f"refused on the {batches} batch: {candidate.outcome}; {gradient}")


def measure(stage, options, folder):
    """All candidates of one stage."""
    check = Check(options, stage, folder)

    def start(name):
        names = ("threads", "device", "precision", "config")
        settings = [word for key in names for word in (f"--{key}", str(getattr(options, key)))]
        ours = [options.bench, "--serve-training", stage, *settings]
        theirs = [sys.executable, __file__, "--serve-peer", name, "--stages", stage, *settings]
        candidate = c.Candidate(name, ours if name == "duhdr" else theirs, options.start_limit)
        try:
            check(candidate)
            candidate.ask("run 2")
        except c.Failed:
            candidate.close()
            raise
        candidate.warm()
        if options.device == "cuda":
            candidate.memory = lambda: int(candidate.ask("memory"))
        return candidate

    ours = start("duhdr")
    try:
        peers = c.compare(ours, options.peers, start, options.rounds)
        own = {"error": ours.error, "memory": ours.memory()}
    finally:
        ours.close()
    return {"limits": check.limits, "duhdr": own, "peers": peers, "verdict": c.verdict(own, peers)}


def overall(results):
    """The stages' ratios to the fastest peer of each: geometric mean and the worst."""
    ratios = {stage: r["verdict"]["ratio"] for stage, r in results.items() if r.get("verdict")}
    if not ratios:
        return {}
    worst = min(ratios, key=ratios.get)
    mean = statistics.geometric_mean(ratios.values())
    return {"stages": len(ratios), "geometric_mean": mean, "worst_stage": worst, "worst": ratios[worst]}


def print_overall(result):
    if result:
        print(
            f"{result['stages']} stages, duhdr against the fastest PyTorch of each: geometric mean "
            f"{result['geometric_mean']:.3f} x, worst {result['worst']:.3f} x ({result['worst_stage']})"
        )


def merge(files):
    """What runs of some stages and some peers each wrote, as one result."""
    parts = [json.loads(Path(file).read_text()) for file in files]
    if any(part["settings"] != parts[0]["settings"] for part in parts):
        raise SystemExit("error: the files are of different settings")
    stages = {}
    for stage, result in (item for part in parts for item in part["stages"].items()):
        if "failed" in stages.setdefault(stage, result) or "failed" in result:
            raise SystemExit(f"error: {stage} failed")
        stages[stage]["peers"] |= result["peers"]
    for result in stages.values():
        result["verdict"] = c.verdict(result["duhdr"], result["peers"])
    return parts[0] | {"stages": stages, "overall": overall(stages)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    c.add_common_options(parser, c.PEERS)
    parser.add_argument("--stages", nargs="+", choices=(*OURS, "all"), default=["itnet-joint", "finetune"])
    parser.add_argument("--size", type=int, default=256, help="side of the images, a multiple of the model's alignment (32, with itnet_scale 2 64)")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=PRECISIONS, default="f32")
    parser.add_argument("--merge", nargs="+", metavar="FILE", help="measure nothing: join these results into --json")
    parser.add_argument("--serve-peer", choices=c.PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_peer:
        return serve_peer(options)
    torch.set_num_threads(options.threads)
    if options.merge:
        everything = merge(options.merge)
        print_overall(everything["overall"])
        c.write_result(options.json, everything)
        return 0
    about, results = c.machine(), {}
    for stage in OURS if "all" in options.stages else options.stages:
        with tempfile.TemporaryDirectory() as folder:
            try:
                results[stage] = measure(stage, options, Path(folder))
            except c.Failed as failure:
                results[stage] = {"failed": f"duhdr: {failure}"}
                print(f"{stage}: duhdr {failure}", flush=True)
                continue
        title = f"{stage} (gradients' errors at most {results[stage]['limits']})"
        c.print_table(title, results[stage]["duhdr"], results[stage]["peers"])
        c.print_verdict(results[stage]["verdict"])
    together = overall(results)
    print_overall(together)
    if options.json:
        names = ("size", "batch", "threads", "device", "precision", "rounds")
        settings = {name: getattr(options, name) for name in names} | {"config": Path(options.config).name}
        if options.device == "cuda":
            about |= {"gpu": torch.cuda.get_device_name(), "cudnn": torch.backends.cudnn.version()}
        everything = {"machine": about, "settings": settings, "stages": results, "overall": together}
        c.write_result(options.json, everything)
    return 1 if any("failed" in result for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
