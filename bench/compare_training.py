#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time training steps of duhdr against the same networks in PyTorch, on the CPU in float32.

    python bench/compare_training.py --bench build/cpu/bin/duhdr-bench [--rounds 10] [--compile] [--json FILE]

A step is forward, backward and Adam. Both sides start from the same weights (tests/golden/fill.py) and see the same
batch. Every candidate is a process of its own that runs on request, and only one computes at a time; each round takes
duhdr, every peer, every peer again in reverse, duhdr. The figure is the median over rounds of peer's time / duhdr's
time, with a bootstrap 95 % interval. A candidate whose losses of the first three steps are not those of the first peer
is refused.
"""

import argparse
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from compare_pytorch import Candidate, processor_name  # noqa: E402  (finds the twin's folder as well)
import twin  # noqa: E402
from fill import fill  # noqa: E402
from make_golden import load  # noqa: E402

STEPS = ("itnet_joint", "fine_tune")
PEERS = ("eager", "channels_last")
# Of the losses of the first three steps, relative. The first is the same function; then Adam turns gradients near 0,
# which are rounding errors, into whole steps.
TOLERANCES = (1e-5, 1e-2, 1e-2)

# ------------------------------------------------------------------------------------------------- a peer's process


def mu_law(x):
    return torch.log1p(10 * x) / np.log(11)


class ItnetJoint(torch.nn.Module):
    """ITnet with three iterations: log loss, perceptual loss, and the loss of C(H^) where the input is well exposed."""

    def __init__(self):
        super().__init__()
        self.net = load(twin.ITnet(), "itnet.")
        self.vgg = load(twin.Vgg16Features(), "vgg.").requires_grad_(False)

    def forward(self, x, target):
        hdr = self.net(x, 3)
        square = torch.nn.functional.mse_loss
        loss = square(torch.log(hdr + 1 / 255), torch.log(target + 1 / 255))
        with torch.no_grad():
            expected = self.vgg(mu_law(target))
        for found, wanted in zip(self.vgg(mu_law(hdr)), expected):
            loss = loss + 1e-6 * square(found, wanted)
        well_exposed = 1 - twin.overexposure_mask(x)
        return loss + 10 * square(twin.truncate(hdr) * well_exposed, target.clamp(0, 1) * well_exposed)


class FineTune(torch.nn.Module):
    """The whole chain LDR -> HDR, all four networks, mean square error."""

    def __init__(self):
        super().__init__()
        self.net = load(twin.DuHdr(), "")

    def forward(self, x, target):
        return torch.nn.functional.mse_loss(self.net.ldr_to_hdr(x)["out"], target)


class Peer:
    """A training step in the manner of one peer."""

    def __init__(self, step, manner):
        self.module = {"itnet_joint": ItnetJoint, "fine_tune": FineTune}[step]().float().train()
        self.layout = torch.contiguous_format
        if manner == "channels_last":
            self.layout = torch.channels_last
            self.module.to(memory_format=self.layout)
        trained = [p for p in self.module.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(trained, lr=1e-4, fused=True)
        self.forward = torch.compile(self.module) if manner == "compile" else self.module
        self.loss = None

    def load(self, file, shape):
        return torch.from_numpy(np.fromfile(file, "<f4").reshape(shape)).permute(0, 3, 1, 2).contiguous(
            memory_format=self.layout
        )

    def step(self, batch):
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.forward(*batch)
        loss.backward()
        self.optimiser.step()
        self.loss = float(loss.detach())


def serve_peer(step, manner, threads):
    """duhdr-bench's protocol: load INPUT TARGET N H W, run N, loss."""
    torch.set_num_threads(threads)
    peer, batch = Peer(step, manner), None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "quit":
            return
        if command == "load":
            shape = (*map(int, words[2:]), 3)
            batch = [peer.load(file, shape) for file in words[:2]]
            print("ok", flush=True)
        elif command == "run":
            times = []
            for _ in range(int(words[0])):
                start = time.perf_counter()
                peer.step(batch)
                times.append(time.perf_counter() - start)
            print(*times, flush=True)
        elif command == "loss":
            print(peer.loss, flush=True)


# ------------------------------------------------------------------------------------------------- the comparison


def make_batch(folder, batch, size):
    """Files of a radiance batch of smooth lights up to 4, and of the exposure of it that clips at 1 in 8 bit codes."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float64) / size
    waves = np.stack([np.sin(7 * x + 5 * y * (i + 1)) + np.cos(9 * y - 3 * x * (i + 1)) for i in range(3 * batch)], -1)
    waves = waves.reshape(size, size, batch, 3).transpose(2, 0, 1, 3)
    radiance = np.exp(0.7 * waves) * (0.4 + fill("training", waves.shape, -0.05, 0.05))
    codes = np.floor(255 * np.clip(radiance, 0, 1) ** (1 / 2.2) + 0.5) / 255
    files = folder / "input.raw", folder / "target.raw"
    for file, values in zip(files, (codes, radiance)):
        values.astype("<f4").tofile(file)
    return files


def start(name, command, files, options):
    """A warm candidate and its losses of the first three steps."""
    candidate = Candidate(name, command)
    candidate.ask(f"load {files[0]} {files[1]} {options.batch} {options.size} {options.size}")
    losses = []
    for _ in range(3):
        candidate.ask("run 1")
        losses.append(float(candidate.ask("loss")))
    candidate.forget_peak_memory()
    return candidate, losses


def ratio_summary(rounds, peer, draws=2000):
    """Median of the rounds' ratios with its bootstrap 95 % interval."""
    ratios = [sum(r[peer]) / sum(r["duhdr"]) for r in rounds]
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(draws))
    return {
        "ratio": statistics.median(ratios),
        "ratio_95": [medians[int(0.025 * draws)], medians[int(0.975 * draws) - 1]],
    }


def compare(step, options, folder):
    """All candidates of one step, interleaved round by round."""
    files = make_batch(folder, options.batch, options.size)
    threads = ["--threads", str(options.threads)]
    commands = {
        name: [sys.executable, __file__, "--serve-peer", name, "--steps", step, *threads] for name in options.peers
    }
    commands["duhdr"] = [options.bench, "--serve-training", step, *threads]
    candidates, losses, refused = {}, {}, {}
    for name, command in commands.items():
        candidates[name], losses[name] = start(name, command, files, options)
        reference = losses[options.peers[0]]
        if not all(abs(a - b) <= t * abs(b) for a, b, t in zip(losses[name], reference, TOLERANCES)):
            refused[name] = f"losses {losses[name]}, those of {options.peers[0]} are {reference}"
            candidates.pop(name).close()
    if "duhdr" in refused:
        raise SystemExit(f"error: {step}: duhdr refused, {refused['duhdr']}")
    rounds = []
    for _ in range(options.rounds):
        times = {name: [] for name in candidates}
        order = ["duhdr", *(name for name in candidates if name != "duhdr")]
        for name in order + order[::-1]:
            times[name].append(candidates[name].seconds())
        rounds.append(times)
    summary = {}
    for name, candidate in candidates.items():
        seconds = statistics.median(s for r in rounds for s in r[name])
        summary[name] = {"seconds": seconds, "peak_memory": candidate.peak_memory(), "losses": losses[name]}
        if name != "duhdr":
            summary[name] |= ratio_summary(rounds, name)
        candidate.close()
    return {"candidates": summary, "refused": refused, "rounds": rounds}


def print_table(step, result):
    print(f"{step}:")
    for name, entry in result["candidates"].items():
        line = f"  {name:14s} {entry['seconds']:8.3f} s {entry['peak_memory'] / 2.0**20:7.0f} MiB"
        if "ratio" in entry:
            low, high = entry["ratio_95"]
            line += f"   peer / duhdr {entry['ratio']:.3f} ({low:.3f}-{high:.3f})"
        print(line)
    for name, reason in result["refused"].items():
        print(f"  {name:14s} refused: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", default=str(ROOT / "build" / "cpu" / "bin" / "duhdr-bench"), help="our program")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--size", type=int, default=256, help="side of the images, a multiple of 32")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--compile", action="store_true", help="torch.compile as a further peer")
    parser.add_argument("--json", help="write everything, every round's times included, to this file")
    parser.add_argument("--serve-peer", choices=(*PEERS, "compile"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_peer:
        return serve_peer(options.steps[0], options.serve_peer, options.threads)
    if options.compile:
        options.peers.append("compile")
    results = {}
    for step in options.steps:
        with tempfile.TemporaryDirectory() as folder:
            results[step] = compare(step, options, Path(folder))
        print_table(step, results[step])
    if options.json:
        settings = {"size": options.size, "batch": options.batch, "threads": options.threads, "rounds": options.rounds}
        versions = {"torch": torch.__version__, "python": platform.python_version(), "processor": processor_name()}
        everything = {"settings": settings, "versions": versions, "steps": results}
        Path(options.json).write_text(json.dumps(everything, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
