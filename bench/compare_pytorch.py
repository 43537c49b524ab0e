#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time the chain LDR -> HDR of duhdr against the same networks in PyTorch, on the CPU.

    python bench/compare_pytorch.py --sizes 512x512,1920x1080 [--config configs/letter.json] [--json FILE]
    python bench/compare_pytorch.py --sizes 1920x1080 --picture window-5 --masked --peers every-tile compile

Both sides get the same weights (tests/golden/fill.py, written as a model directory) and the same picture. Every
candidate is a process of its own that runs on request, and only one computes at a time. A candidate whose result is not
the float64 twin's (normalised square error above 1e-8) is refused. Each round takes duhdr, peer, peer, duhdr; the
figure is the median over rounds of peer's time / duhdr's time, with a bootstrap 95 % interval. duhdr runs its engine as
duhdr-infer does, but computes every pixel by every network; with --masked it leaves out what the mask does not need,
and the peer `every-tile` is duhdr without that. Memory is the largest resident set while runs are timed, less that of
the program with nothing loaded. --rounds 0 only makes the reference and checks duhdr.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

import comparison as c  # finds the twin's folder as well
import numpy as np
import torch

import operations
import twin
from fill import fill
from golden_file import write_safetensors
from make_golden import load
from tiled_twin import ldr_to_hdr

LIMIT = 1e-8
PEERS = (*c.PEERS, "every-tile")
CHILDREN = ("dnet", "innet", "nnet", "itnet", "oonet")


def make_model(options):
    return load(twin.DuHdr(**options), "").eval()


def write_model(folder, options):
    """Model directory with the twin's weights."""
    tensors = {k: x.detach().to(torch.float32).contiguous().numpy() for k, x in twin.state(make_model(options)).items()}
    files = {}
    for network in CHILDREN:
        path = folder / f"{network}.safetensors"
        write_safetensors(path, {k: x for k, x in tensors.items() if k.startswith(f"{network}.")}, {"network": network})
        files[network] = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    architecture = {
        "trunk": "resnet18",
        "down": "rfb",
        "curve_samples": 1024,
        "curve_k": 11,
        "alpha": operations.ALPHA,
        "itnet_iterations": 1,
        "response_max_side": 1024,
    }
    description = {
        "format_version": 1,
        "name": "golden weights",
        "licence": "none: drawn from a hash, not trained",
        "architecture": architecture | options,
        "files": files,
    }
    (folder / "model.json").write_text(json.dumps(description))


# ------------------------------------------------------------------------------------------------- pictures


def noise(width, height):
    """A gradient from black to white under noise: clipped pixels everywhere."""
    ramp = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    return np.clip(ramp + fill("compare", (height, width, 3), -0.1, 0.1), 0, 1)


def window_5(width, height):
    """A dim room under a little noise, and a window, white and a twentieth of the picture, right of the middle."""
    ramp = np.linspace(0.15, 0.45, width, dtype=np.float32)[None, :, None]
    picture = ramp + fill("compare", (height, width, 3), -0.02, 0.02)
    half_width, half_height = (round(side * 0.05**0.5 / 2) for side in (width, height))
    left, top = width * 5 // 8, height * 3 // 8
    picture[top - half_height : top + half_height, left - half_width : left + half_width] = 1
    return picture


PICTURES = {"noise": noise, "window-5": window_5}


def photograph(path, width, height):
    """The middle of a picture file."""
    from PIL import Image

    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    if left < 0 or top < 0:
        raise SystemExit(f"error: {path}: {picture.width}x{picture.height} is smaller than {width}x{height}")
    return np.asarray(picture.crop((left, top, left + width, top + height))) / 255


def make_picture(name, width, height):
    """[height, width, 3] float32, codes / 255."""
    picture = PICTURES[name](width, height) if name in PICTURES else photograph(name, width, height)
    return (np.floor(255 * picture + 0.5).astype(np.float32) / np.float32(255)).astype("<f4")


# ------------------------------------------------------------------------------------------------- a peer's process


class Chain(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ldr):
        return self.model.ldr_to_hdr(ldr)["out"]


def prepare_peer(manner, model, x):
    """The chain in the peer's manner, and its input."""
    chain = Chain(make_model(model).float()).eval()
    if manner == "channels_last":
        return chain.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    if manner == "jit":
        return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(chain, x))), x
    if manner in c.COMPILED:
        torch._inductor.config.freezing = True
        return torch.compile(chain, mode=c.COMPILED[manner], dynamic=False), x
    return chain, x


def serve_peer(manner, options):
    """duhdr-bench's protocol: ready, load FILE H W, run N, save FILE."""
    c.prepare_process(manner, options.threads)
    model, _ = c.read_model(options.config)
    chain = x = result = None
    with torch.no_grad():
        for line in sys.stdin:
            command, *words = line.split()
            if command == "quit":
                return
            answer = ["ok"]
            if command == "load":
                pixels = np.fromfile(words[0], "<f4").reshape(1, int(words[1]), int(words[2]), 3)
                chain, x = prepare_peer(manner, model, torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous())
            elif command == "run":
                answer = []
                for _ in range(int(words[0])):
                    result = None
                    start = time.perf_counter()
                    result = chain(x)
                    answer.append(time.perf_counter() - start)
            elif command == "save":
                result.permute(0, 2, 3, 1).contiguous().numpy().astype("<f4").tofile(words[0])
            print(*answer, flush=True)


# ------------------------------------------------------------------------------------------------- the comparison


def reference_result(model, picture, folder):
    """The float64 twin's result, [H, W, 3] rounded to float32; kept in `folder` where there is one."""
    key = hashlib.sha256(json.dumps(model, sort_keys=True).encode() + repr(picture.shape).encode() + picture.tobytes())
    path = Path(folder) / f"chain-{key.hexdigest()[:16]}.npy" if folder else None
    if path and path.exists():
        return np.load(path)
    with torch.no_grad():
        out = ldr_to_hdr(make_model(model), torch.from_numpy(picture).double().permute(2, 0, 1)[None])
    result = out[0].permute(1, 2, 0).to(torch.float32).contiguous().numpy()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, result)
    return result


class Case:
    """One picture: starts candidates that were found right."""

    def __init__(self, options, model, folder, size):
        self.options, self.folder = options, folder
        self.width, self.height = size
        picture = make_picture(options.picture, *size)
        self.picture_file = folder / "picture.raw"
        picture.tofile(self.picture_file)
        self.reference = reference_result(model, picture, options.references)

    def command(self, name):
        threads = ["--threads", str(self.options.threads)]
        if name in c.PEERS:
            return [sys.executable, __file__, "--serve-peer", name, "--config", self.options.config, *threads]
        masked = ["--masked"] if self.options.masked and name == "duhdr" else []
        return [self.options.bench, "--serve", str(self.folder), *masked, *threads]

    def start(self, name):
        candidate = c.Candidate(name, self.command(name), self.options.start_limit)
        try:
            candidate.ask(f"load {self.picture_file} {self.height} {self.width}")
            candidate.ask("run 2")
            result_file = self.folder / f"{name}.raw"
            candidate.ask(f"save {result_file}")
            result = np.fromfile(result_file, "<f4").reshape(self.reference.shape)
            candidate.error = c.square_error(result, self.reference)
            if not candidate.error <= LIMIT:
                raise c.Failed(f"refused: square error {candidate.error:.2e} against float64, allowed {LIMIT:.0e}")
        except c.Failed:
            candidate.close()
            raise
        candidate.warm()
        return candidate


def measure(options, model, folder, size):
    """All comparisons at one size."""
    case = Case(options, model, folder, size)
    ours = case.start("duhdr")
    try:
        clipped = float(ours.ask("clipped"))
        if options.rounds == 0:
            return None
        alone = [ours.seconds() for _ in range(3)]
        peers = c.compare(ours, options.peers, case.start, options.rounds)
        own = {"error": ours.error, "memory": ours.memory(), "seconds_alone": alone}
    finally:
        ours.close()
    return {"size": list(size), "clipped": clipped, "duhdr": own, "peers": peers, "verdict": c.verdict(own, peers)}


def print_case(case, options):
    width, height = case["size"]
    what = f"{Path(options.config).stem} {width}x{height} {options.picture}{' masked' if options.masked else ''}"
    c.print_table(f"{what}, {100 * case['clipped']:.1f} % clipped", case["duhdr"], case["peers"])
    per_pixel = min(case["duhdr"]["seconds_alone"]) / (width * height) * 1e9
    print(f"  duhdr alone: {min(case['duhdr']['seconds_alone']):.3f} s, {per_pixel:.1f} ns a pixel")
    if case["verdict"]:
        c.print_verdict(case["verdict"])


def size_of(text):
    width, _, height = text.partition("x")
    return int(width), int(height or width)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    c.add_common_options(parser, PEERS)
    parser.add_argument("--sizes", default="512x512", help="width x height, several with commas")
    parser.add_argument("--picture", default="noise", help=f"{', '.join(PICTURES)} or a file whose middle is used")
    parser.add_argument("--references", help="folder where the float64 twin's results are kept between calls")
    parser.add_argument("--masked", action="store_true", help="duhdr leaves out tiles that the mask does not need")
    parser.add_argument("--serve-peer", choices=c.PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_peer:
        return serve_peer(options.serve_peer, options)
    about, cases = c.machine(), []
    model, _ = c.read_model(options.config)
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder), model)
        for size in map(size_of, options.sizes.split(",")):
            case = measure(options, model, Path(folder), size)
            if case:
                cases.append(case)
                print_case(case, options)
    if options.json and cases:
        names = ("config", "picture", "masked", "threads", "rounds")
        settings = {name: getattr(options, name) for name in names} | {"config": Path(options.config).name}
        c.write_result(options.json, {"machine": about, "settings": settings, "cases": cases})
    return 0


if __name__ == "__main__":
    sys.exit(main())
