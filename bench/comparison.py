# SPDX-License-Identifier: Apache-2.0
"""What both comparisons with PyTorch share: candidates as processes, rounds, memory, the machine, results.

Run as a program it prints how result files of this machine and day begin.
"""

import datetime
import importlib
import inspect
import json
import math
import os
import platform
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "golden"))

import numpy as np  # noqa: E402
import torch  # noqa: E402

import twin  # noqa: E402

NETWORKS = ("dnet", "itnet", "oonet", "response")
PEERS = ("eager", "channels_last", "jit", "compile", "reduce-overhead", "max-autotune")
COMPILED = {"compile": "default", "reduce-overhead": "reduce-overhead", "max-autotune": "max-autotune"}
MIB = 2.0**20


def read_model(config):
    """(DuHDR's options, the perceptual net's widths) of a training configuration; {} and None: the paper's.

    Options are arguments of twin.DuHdr; what it has not is refused.
    """
    settings = json.loads(Path(config).read_text())
    model = settings.get("model", {})
    unknown = model.keys() - inspect.signature(twin.DuHdr).parameters.keys()
    if unknown:
        raise SystemExit(f"error: {config}: the twin has no {', '.join(sorted(unknown))}")
    return model, settings.get("perceptual", {}).get("widths")


# ------------------------------------------------------------------------------------------------- a peer's process


def prepare_process(manner, threads):
    """Threads, the compiler's imports, and a limit of memory, so that what does not fit fails and harms no other."""
    torch.set_num_threads(threads)
    if manner in COMPILED:
        importlib.import_module("torch._inductor.compile_fx")
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    resource.setrlimit(resource.RLIMIT_DATA, (free * 9 // 10,) * 2)


def layout_of(manner):
    return torch.channels_last if manner == "channels_last" else torch.contiguous_format


# ------------------------------------------------------------------------------------------------- the candidates


class Failed(RuntimeError):
    """A candidate does not run, or is wrong."""


class Candidate:
    """A process that computes on request: one line to it, one line back."""

    def __init__(self, name, command, start_limit):
        self.name, self.errors = name, tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        self.late, self.was_late = threading.Timer(start_limit, self.give_up), ""
        self.start_limit = start_limit
        self.late.start()
        try:
            self.ask("ready")
        except Failed:
            self.close()
            raise
        self.base_memory = self.status("VmRSS")  # of the program and its libraries, with nothing loaded

    def give_up(self):
        self.was_late = f"not warm after {self.start_limit:.0f} s, "
        self.process.kill()

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Failed(f"does not run: {self.last_words(self.process.wait())}")
        return answer

    def last_words(self, status):
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors.read().splitlines() if line.strip()]
        told = [line for line in lines if re.match(r"(error:|[\w.]*(Error|Exception)\b)", line)]
        return f"{self.was_late}status {status}, {(told or lines or ['no message'])[-1][:300]}"

    def seconds(self):
        """One run."""
        return float(self.ask("run 1"))

    def warm(self):
        """From now on its memory counts; what starting took at its most does not."""
        self.late.cancel()
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def status(self, key):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(key + ":"))

    def memory(self):
        """Largest resident set since warm() above the program with nothing loaded, bytes."""
        return self.status("VmHWM") - self.base_memory

    def close(self):
        self.late.cancel()
        if self.process.poll() is None:
            try:
                self.process.communicate("quit\n", timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.errors.close()


def square_error(value, reference):
    """sum (value - reference)^2 / sum reference^2, in double."""
    if value.shape != reference.shape:
        return math.inf
    reference = reference.astype(np.float64)
    return float(np.square(value - reference).sum() / np.square(reference).sum())


# ------------------------------------------------------------------------------------------------- rounds


def take_turns(ours, peer, rounds):
    """Times of both, round by round, in the order ours, peer, peer, ours."""
    times = []
    for _ in range(rounds):
        a, b, c, d = ours.seconds(), peer.seconds(), peer.seconds(), ours.seconds()
        times.append({"duhdr": [a, d], "peer": [b, c]})
    return times


def summary(times, draws=2000):
    """Medians, and the median of the rounds' ratios peer / duhdr with its bootstrap 95 % interval."""
    ratios = [sum(t["peer"]) / sum(t["duhdr"]) for t in times]
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(draws))
    return {
        "duhdr_seconds": statistics.median(s for t in times for s in t["duhdr"]),
        "peer_seconds": statistics.median(s for t in times for s in t["peer"]),
        "ratio": statistics.median(ratios),
        "ratio_95": [medians[int(0.025 * draws)], medians[int(0.975 * draws) - 1]],
    }


def compare(ours, peers, start, rounds):
    """Each peer beside `ours`, one at a time: {name: summary, memory, error and rounds, or {"failed": reason}}.

    `start(name)` makes a warm candidate that was found right, with its error as `error`.
    """
    results = {}
    for name in peers:
        try:
            peer = start(name)
        except Failed as failure:
            results[name] = {"failed": str(failure)}
            continue
        try:
            times = take_turns(ours, peer, rounds)
            results[name] = summary(times) | {"memory": peer.memory(), "error": peer.error, "rounds": times}
        except Failed as failure:
            if ours.process.poll() is not None:
                raise
            results[name] = {"failed": str(failure)}
        finally:
            peer.close()
    return results


def verdict(own, peers):
    """The PyTorch peer that duhdr is least ahead of, by how much, and duhdr's memory / the least of any; {}: none."""
    ran = {name: entry for name, entry in peers.items() if name in PEERS and "failed" not in entry}
    if not ran:
        return {}
    name = min(ran, key=lambda name: ran[name]["ratio"])
    memory = min(entry["memory"] for entry in ran.values())
    return {"fastest_peer": name, "ratio": ran[name]["ratio"], "memory_ratio": own["memory"] / memory}


def print_verdict(verdict):
    if verdict:
        memory = f"{verdict['memory_ratio']:.2f} of the least memory"
        print(f"  fastest PyTorch: {verdict['fastest_peer']}, {verdict['ratio']:.3f} x; {memory}", flush=True)


def print_table(title, ours, peers):
    print(f"{title}: duhdr's error {ours['error']:.1e}, memory {ours['memory'] / MIB:.0f} MiB")
    for name, peer in peers.items():
        if "failed" in peer:
            print(f"  {name:16s} {peer['failed']}")
            continue
        low, high = peer["ratio_95"]
        print(
            f"  {name:16s} {peer['peer_seconds']:9.4f} s, duhdr {peer['duhdr_seconds']:9.4f} s: {peer['ratio']:6.3f} x "
            f"({low:.3f}-{high:.3f}), memory {peer['memory'] / MIB:6.0f} MiB, error {peer['error']:.1e}",
            flush=True,
        )


# ------------------------------------------------------------------------------------------------- the result


def isa_of(flags):
    """The widest vector instructions that matter here, as DUHDR_CPU_ISA names them; the variable itself goes first."""
    found = "avx512" if "avx512f" in flags else "avx2" if {"avx2", "fma"} <= flags else platform.machine()
    return os.environ.get("DUHDR_CPU_ISA", found)


def machine():
    """What figures depend on."""
    pairs = [line.partition(":")[::2] for line in Path("/proc/cpuinfo").read_text().splitlines()]
    info = {key.strip(): value.strip() for key, value in reversed(pairs)}  # of the first processor
    git = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processor": info.get("model name", platform.machine()),
        "family_model": [info.get("cpu family"), info.get("model")],
        "cores": len(os.sched_getaffinity(0)),
        "isa": isa_of(set(info.get("flags", "").split())),
        "load_average": os.getloadavg(),
        "system": platform.platform(),
        "duhdr": git.stdout.strip(),
        "torch": torch.__version__,
        "torch_cpu": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
    }


def result_stem(about):
    """bench/results/<date>-<processor>-<cores>c-<isa>, without what a file is about."""
    processor = re.sub(r"[^a-z0-9]+", "-", about["processor"].lower()).strip("-")
    family, model = about["family_model"]
    number = f"-{family}-{model}" if family else ""
    return f"{about['date'][:10]}-{processor}{number}-{about['cores']}c-{about['isa']}"


def write_result(path, result):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(result, indent=1) + "\n")


def add_common_options(parser, peers):
    parser.add_argument("--bench", default=str(ROOT / "build" / "cpu" / "bin" / "duhdr-bench"), help="our program")
    parser.add_argument("--config", default=str(ROOT / "configs" / "paper.json"), help="whose networks are compared")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--peers", nargs="*", choices=peers, default=list(PEERS))
    parser.add_argument("--start-limit", type=float, default=600, help="seconds a candidate may take until it is warm")
    parser.add_argument("--json", help="write everything, every round's times included, to this file")


if __name__ == "__main__":
    print(result_stem(machine()))
