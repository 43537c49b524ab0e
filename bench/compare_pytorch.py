#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time the chain LDR -> HDR of duhdr against the same network in PyTorch, on the CPU.

    python bench/compare_pytorch.py --bench build/cpu/bin/duhdr-bench --size 512 --threads 2 [--rounds 10] [--json FILE]

Both sides get the same weights (tests/golden/fill.py, written as a model directory) and the same image. Every candidate
is a process of its own that runs on request, and only one computes at a time. A candidate whose result is not the
float64 twin's (normalised square error above 1e-8) is refused. Each round takes duhdr, peer, peer, duhdr; the figure is
the median over rounds of peer's time / duhdr's time, with a bootstrap 95 % interval.
"""

import argparse
import hashlib
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "golden"))

import numpy as np  # noqa: E402
import torch  # noqa: E402

import twin  # noqa: E402
from fill import fill  # noqa: E402
from golden_file import write_safetensors  # noqa: E402
from make_golden import load  # noqa: E402

LIMIT = 1e-8
NETWORKS = ("dnet", "innet", "nnet", "itnet", "oonet")
PEERS = ("eager", "channels_last", "jit", "compile")


def write_model(folder, model):
    """Model directory with the twin's weights."""
    tensors = {k: x.detach().to(torch.float32).contiguous().numpy() for k, x in twin.state(model).items()}
    files = {}
    for network in NETWORKS:
        path = folder / f"{network}.safetensors"
        write_safetensors(path, {k: x for k, x in tensors.items() if k.startswith(f"{network}.")}, {"network": network})
        files[network] = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    architecture = {
        "trunk": "resnet18",
        "down": "rfb",
        "curve_samples": 1024,
        "curve_k": 11,
        "alpha": twin.ALPHA,
        "itnet_iterations": 1,
        "response_max_side": 1024,
    }
    description = {
        "format_version": 1,
        "name": "golden weights",
        "licence": "none: drawn from a hash, not trained",
        "architecture": architecture,
        "files": files,
    }
    (folder / "model.json").write_text(json.dumps(description))


def make_image(size, photo):
    """[size, size, 3] float32, codes / 255: the middle of the photograph, or noise on a gradient."""
    if photo:
        from PIL import Image

        with Image.open(photo) as opened:
            picture = opened.convert("RGB")
        left, top = (picture.width - size) // 2, (picture.height - size) // 2
        if left < 0 or top < 0:
            raise SystemExit(f"error: {photo}: {picture.width}x{picture.height} is smaller than {size}x{size}")
        codes = np.asarray(picture.crop((left, top, left + size, top + size)))
    else:
        ramp = np.linspace(0, 1, size, dtype=np.float32)[None, :, None]
        codes = np.floor(255 * np.clip(ramp + fill("compare", (size, size, 3), -0.1, 0.1), 0, 1) + 0.5)
    return (codes.astype(np.float32) / np.float32(255)).astype("<f4")


# ------------------------------------------------------------------------------------------------- a peer's process


class Chain(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ldr):
        return self.model.ldr_to_hdr(ldr)["out"]


def prepare_peer(name, x):
    """The chain in the peer's manner, and its input."""
    chain = Chain(load(twin.DuHdr(), "").float()).eval()
    if name == "channels_last":
        return chain.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    if name == "jit":
        return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(chain, x))), x
    if name == "compile":
        import torch._inductor.config as inductor

        inductor.freezing = True
        return torch.compile(chain), x
    return chain, x


def serve_peer(name, threads):
    """duhdr-bench's protocol: load FILE H W, run N, save FILE."""
    torch.set_num_threads(threads)
    chain = x = result = None
    with torch.no_grad():
        for line in sys.stdin:
            command, *words = line.split()
            if command == "quit":
                return
            if command == "load":
                height, width = int(words[1]), int(words[2])
                pixels = np.fromfile(words[0], "<f4").reshape(1, height, width, 3)
                chain, x = prepare_peer(name, torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous())
                print("ok", flush=True)
            elif command == "run":
                times = []
                for _ in range(int(words[0])):
                    start = time.perf_counter()
                    result = chain(x)
                    times.append(time.perf_counter() - start)
                print(*times, flush=True)
            elif command == "save":
                result.permute(0, 2, 3, 1).contiguous().numpy().astype("<f4").tofile(words[0])
                print("ok", flush=True)


# ------------------------------------------------------------------------------------------------- the comparison


class Candidate:
    """A process that runs the chain on request."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError(f"{self.name} ended with status {self.process.wait()} at: {line}")
        return answer

    def seconds(self):
        """One run."""
        return float(self.ask("run 1"))

    def forget_peak_memory(self):
        """What the start needed does not count."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_memory(self):
        """Largest resident set since then, bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    def close(self):
        if self.process.poll() is None:
            try:
                self.process.communicate("quit\n", timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()


def start(name, command, image_file, size, folder, reference):
    """A warm candidate whose result is right; raises RuntimeError otherwise."""
    candidate = Candidate(name, command)
    try:
        candidate.ask(f"load {image_file} {size} {size}")
        candidate.ask("run 2")
        result_file = folder / f"{name}.raw"
        candidate.ask(f"save {result_file}")
        result = np.fromfile(result_file, "<f4").astype(np.float64)
        error = np.square(result - reference).sum() / np.square(reference).sum()
        if not error <= LIMIT:
            raise RuntimeError(f"{name}: normalised square error {error:.2e} against float64, allowed {LIMIT:.0e}")
    except RuntimeError:
        candidate.close()
        raise
    candidate.error = float(error)
    candidate.forget_peak_memory()
    return candidate


def compare(ours, peer, rounds):
    """Times of both, round by round, in the order ours, peer, peer, ours."""
    times = []
    for _ in range(rounds):
        a, b, c, d = ours.seconds(), peer.seconds(), peer.seconds(), ours.seconds()
        times.append({"duhdr": [a, d], "peer": [b, c]})
    return times


def summary(times, draws=2000):
    """Medians, and the median of the rounds' ratios with its bootstrap 95 % interval."""
    ratios = [sum(t["peer"]) / sum(t["duhdr"]) for t in times]
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(draws))
    return {
        "duhdr_seconds": statistics.median(s for t in times for s in t["duhdr"]),
        "peer_seconds": statistics.median(s for t in times for s in t["peer"]),
        "ratio": statistics.median(ratios),
        "ratio_95": [medians[int(0.025 * draws)], medians[int(0.975 * draws) - 1]],
    }


def reference_result(size, image):
    """The float64 twin's result, flat NHWC."""
    chain = Chain(load(twin.DuHdr(), "")).eval()
    with torch.no_grad():
        out = chain(torch.from_numpy(image).double().permute(2, 0, 1)[None])
    return out.permute(0, 2, 3, 1).reshape(-1).numpy()


def processor_name():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def measure(options, folder):
    """All comparisons as one dictionary."""
    model = load(twin.DuHdr(), "")
    write_model(folder, model)
    del model
    image = make_image(options.size, options.image)
    image_file = folder / "image.raw"
    image.tofile(image_file)
    torch.set_num_threads(options.threads)
    reference = reference_result(options.size, image)
    command = [options.bench, "--serve", str(folder), "--threads", str(options.threads)]
    ours = start("duhdr", command, image_file, options.size, folder, reference)
    peers = {}
    try:
        for name in options.peers:
            command = [sys.executable, __file__, "--serve-peer", name, "--threads", str(options.threads)]
            try:
                peer = start(name, command, image_file, options.size, folder, reference)
            except RuntimeError as error:
                peers[name] = {"failed": str(error)}
                continue
            times = compare(ours, peer, options.rounds)
            peers[name] = summary(times) | {"peak_memory": peer.peak_memory(), "error": peer.error, "rounds": times}
            peer.close()
        result = {"duhdr": {"peak_memory": ours.peak_memory(), "error": ours.error}, "peers": peers}
    finally:
        ours.close()
    versions = {"torch": torch.__version__, "python": platform.python_version(), "processor": processor_name()}
    settings = {"size": options.size, "threads": options.threads, "rounds": options.rounds, "image": options.image}
    return {"settings": settings, "versions": versions} | result


def print_table(result):
    mib = 2.0**20
    print(f"duhdr: error {result['duhdr']['error']:.1e}, peak memory {result['duhdr']['peak_memory'] / mib:.0f} MiB")
    print(f"{'peer':14s} {'duhdr s':>9s} {'peer s':>9s} {'ratio':>7s} {'95 %':>15s} {'MiB':>7s} {'error':>9s}")
    for name, peer in result["peers"].items():
        if "failed" in peer:
            print(f"{name:14s} {peer['failed']}")
            continue
        low, high = peer["ratio_95"]
        print(
            f"{name:14s} {peer['duhdr_seconds']:9.3f} {peer['peer_seconds']:9.3f} {peer['ratio']:7.3f} "
            f"{low:7.3f}-{high:7.3f} {peer['peak_memory'] / mib:7.0f} {peer['error']:9.1e}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", default=str(ROOT / "build" / "cpu" / "bin" / "duhdr-bench"), help="our program")
    parser.add_argument("--size", type=int, default=512, help="side of the image")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--image", help="photograph whose middle is used; default: generated")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--json", help="write everything, every round's times included, to this file")
    parser.add_argument("--serve-peer", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_peer:
        return serve_peer(options.serve_peer, options.threads)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options, Path(folder))
    print_table(result)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
