#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time training steps of duhdr against the same networks in PyTorch.

    python bench/compare_training.py --bench build/cpu/bin/duhdr-bench [--rounds 10] [--compile] [--json FILE]
    python bench/compare_training.py --bench build/cuda/bin/duhdr-bench --device cuda --precision mixed --steps all

A step of a stage is forward, backward and Adam. Both sides start from the same weights (tests/golden/fill.py) and see the same
batch. Every candidate is a process of its own that runs on request, and only one computes at a time; each round takes
duhdr, every peer, every peer again in reverse, duhdr. The figure is the median over rounds of peer's time / duhdr's
time, with a bootstrap 95 % interval. A candidate whose losses of the first three steps are not those of the first peer
is refused. f32 is true float32 on both sides (no TF32), mixed is bfloat16 inside the networks (autocast). Peak memory
is the process's resident set on the CPU, what the allocator holds on a GPU.
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
from training_twin import STAGES, Batch, Options, Training, loss_of, trained_parameters  # noqa: E402

STEPS = ("itnet-joint", "finetune")  # stages
FIELDS = ("ldr", "encoded", "clipped", "hdr")
PEERS = ("eager", "channels_last")
# Of the losses of the first three steps, relative. The first is the same function; then Adam turns gradients near 0,
# which are rounding errors, into whole steps.
TOLERANCES = {"f32": (1e-5, 1e-2, 1e-2), "mixed": (3e-2, 3e-2, 3e-2)}

# ------------------------------------------------------------------------------------------------- a peer's process


class Peer:
    """Training steps of a stage in the manner of one peer."""

    def __init__(self, stage, manner, device, precision):
        self.device, self.precision = torch.device(device), precision
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = True
        model, features = load(twin.DuHdr(), "").float(), load(twin.Vgg16Features(), "vgg16.").float()
        self.layout = torch.channels_last if manner == "channels_last" else torch.contiguous_format
        for module in (model, features.eval().requires_grad_(False)):
            module.to(self.device, memory_format=self.layout)
        trained = trained_parameters(model, stage)
        self.optimiser = torch.optim.Adam(trained.values(), lr=1e-5, fused=True)
        self.training = Training(model, features, Options(stage))
        self.terms = torch.compile(self.training.terms) if manner == "compile" else self.training.terms
        self.loss = None

    def load(self, folder, shape):
        def read(name):
            values = np.fromfile(Path(folder) / f"{name}.raw", "<f4").reshape(shape)
            images = torch.from_numpy(values).permute(0, 3, 1, 2)
            return images.to(self.device).contiguous(memory_format=self.layout)

        return Batch(**{name: read(name) for name in FIELDS}, weight=torch.ones(shape[0], device=self.device))

    def step(self, batch):
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "mixed"):
            loss = loss_of(self.terms(batch))
        loss.backward()
        self.optimiser.step()
        self.loss = float(loss.detach())  # waits for the device


def serve_peer(manner, options):
    """duhdr-bench's protocol: load FOLDER N H W, run N, loss, memory."""
    torch.set_num_threads(options.threads)
    peer, batch = Peer(options.steps[0], manner, options.device, options.precision), None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "quit":
            return
        if command == "load":
            batch = peer.load(words[0], (*map(int, words[1:]), 3))
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
        elif command == "memory":
            print(torch.cuda.max_memory_reserved(peer.device), flush=True)


# ------------------------------------------------------------------------------------------------- the comparison


def make_batch(folder, batch, size):
    """Files of a radiance batch of smooth lights up to 4, its exposure that clips at 1, and that in 8-bit codes."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float64) / size
    waves = np.stack([np.sin(7 * x + 5 * y * (i + 1)) + np.cos(9 * y - 3 * x * (i + 1)) for i in range(3 * batch)], -1)
    waves = waves.reshape(size, size, batch, 3).transpose(2, 0, 1, 3)
    radiance = np.exp(0.7 * waves) * (0.4 + fill("training", waves.shape, -0.05, 0.05))
    clipped = np.clip(radiance, 0, 1)
    encoded = clipped ** (1 / 2.2)
    codes = np.floor(255 * encoded + 0.5) / 255
    for name, values in zip(FIELDS, (codes, encoded, clipped, radiance)):
        values.astype("<f4").tofile(folder / f"{name}.raw")


def start(name, command, folder, options):
    """A warm candidate and its losses of the first three steps."""
    candidate = Candidate(name, command)
    candidate.ask(f"load {folder} {options.batch} {options.size} {options.size}")
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
    make_batch(folder, options.batch, options.size)
    settings = ["--threads", str(options.threads), "--device", options.device, "--precision", options.precision]
    commands = {
        name: [sys.executable, __file__, "--serve-peer", name, "--steps", step, *settings] for name in options.peers
    }
    commands["duhdr"] = [options.bench, "--serve-training", step, *settings]
    tolerances = TOLERANCES[options.precision]
    candidates, losses, refused = {}, {}, {}
    for name, command in commands.items():
        candidates[name], losses[name] = start(name, command, folder, options)
        reference = losses[options.peers[0]]
        if not all(abs(a - b) <= t * abs(b) for a, b, t in zip(losses[name], reference, tolerances)):
            refused[name] = f"losses {losses[name]}, those of {options.peers[0]} are {reference}"
            candidates.pop(name).close()
    if "duhdr" in refused:  # nothing to compare with
        for candidate in candidates.values():
            candidate.close()
        return {"candidates": {}, "refused": refused, "rounds": []}
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
        memory = candidate.peak_memory() if options.device == "cpu" else int(candidate.ask("memory"))
        summary[name] = {
            "seconds": seconds,
            "images_per_second": options.batch / seconds,
            "peak_memory": memory,
            "losses": losses[name],
        }
        if name != "duhdr":
            summary[name] |= ratio_summary(rounds, name)
        candidate.close()
    return {"candidates": summary, "refused": refused, "rounds": rounds}


def print_table(step, result):
    print(f"{step}:")
    for name, entry in result["candidates"].items():
        line = f"  {name:14s} {entry['seconds']:8.4f} s {entry['images_per_second']:8.2f} images/s"
        line += f" {entry['peak_memory'] / 2.0**20:7.0f} MiB"
        if "ratio" in entry:
            low, high = entry["ratio_95"]
            line += f"   peer / duhdr {entry['ratio']:.3f} ({low:.3f}-{high:.3f})"
        print(line)
    for name, reason in result["refused"].items():
        print(f"  {name:14s} refused: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", default=str(ROOT / "build" / "cpu" / "bin" / "duhdr-bench"), help="our program")
    parser.add_argument("--steps", nargs="+", choices=(*STAGES, "all"), default=list(STEPS))
    parser.add_argument("--size", type=int, default=256, help="side of the images, a multiple of 32")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=tuple(TOLERANCES), default="f32")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--compile", action="store_true", help="torch.compile as a further peer")
    parser.add_argument("--json", help="write everything, every round's times included, to this file")
    parser.add_argument("--serve-peer", choices=(*PEERS, "compile"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_peer:
        return serve_peer(options.serve_peer, options)
    if "all" in options.steps:
        options.steps = list(STAGES)
    if options.compile:
        options.peers.append("compile")
    results = {}
    for step in options.steps:
        with tempfile.TemporaryDirectory() as folder:
            results[step] = compare(step, options, Path(folder))
        print_table(step, results[step])
    if options.json:
        names = ("size", "batch", "threads", "device", "precision", "rounds")
        settings = {name: getattr(options, name) for name in names}
        versions = {"torch": torch.__version__, "python": platform.python_version(), "processor": processor_name()}
        if options.device == "cuda":
            versions |= {"gpu": torch.cuda.get_device_name(), "cudnn": torch.backends.cudnn.version()}
        everything = {"settings": settings, "versions": versions, "steps": results}
        Path(options.json).write_text(json.dumps(everything, indent=1) + "\n")
    return 1 if any("duhdr" in result["refused"] for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
