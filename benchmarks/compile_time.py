"""Piece `compile`: how long the compiler takes for GPT-3's 96 layers, given one by one, beside JAX with Shardy and GSPMD.

Propagate and Partition, with taking equal layers out before them and putting them back (`tp-plan --mlir-timing`); beside them the
check of all ops that follows (VerifyLocal), which the peer has no like of; the whole of `tp-compile` with its linker. JAX compiles the same layers for 64 pretend devices; the times of its two partitioning passes are those that XLA's
pass managers log.
"""
import json
import os
import re
import statistics
import subprocess
import sys

from measure import FOLDER, ROOT, Peer, row, run, run_for_peak, say, tool

PASSES = ("FoldLayers", "Propagate", "Partition", "UnfoldLayers")
GRAPHS = {"96": ("96",), "192": ("192",), "480": ("480",), "different": ("96", "--different")}
TIMED = ("96", "480", "different")
# A further layer is read from two runs, one right after the other, in either order: what moves the whole run moves both, and so many
# layers apart what is left of it is a hundredth of what 96 layers take.
APART = 480 - 96


def graphs():
    paths = {}
    os.makedirs(FOLDER, exist_ok=True)
    for name, options in GRAPHS.items():
        paths[name] = os.path.join(FOLDER, f"layers-{name}.mlir")
        with open(paths[name], "w", encoding="utf-8") as file:
            file.write(run(sys.executable, os.path.join(ROOT, "benchmarks", "layer-stack.py"), *options))
    return paths


def passes_of(path):
    """Milliseconds of PASSES together, and of VerifyLocal."""
    finished = subprocess.run([tool("tp-plan"), path, "--format", "json", "--mlir-timing"], check=True, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    times = {name: 1e3 * float(seconds) for seconds, name in re.findall(r"^ *([0-9.]+) \([^)]*\) +(\w+)$", finished.stderr, re.M)}
    return sum(times.get(name, 0) for name in PASSES), times["VerifyLocal"]


def logged_passes(peer):
    """Milliseconds of Shardy and GSPMD in each compilation that the peer has logged."""
    if peer.missing:
        return []
    with open(peer.log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    times = {name: [int(us) / 1e3 for us in re.findall(rf"HLO pass: {name} time: .*?\((\d+) us\)", text)]
             for name in ("shardy-xla", "spmd-partitioning")}
    return [sum(pair) for pair in zip(*times.values())]


def measure(options):
    paths, module = graphs(), os.path.join(FOLDER, "layers-96.tpm")
    found, further, checks = {name: [] for name in TIMED}, [], []
    seconds, megabytes, jax_seconds, jax_megabytes = [], [], [], []
    log = {"TF_CPP_MIN_LOG_LEVEL": "0", "TF_CPP_VMODULE": "hlo_pass_pipeline=1"}
    with Peer("JAX", "compile_jax", 96, environment=log) as jax:
        for number in range(options.rounds or 5):
            say(f"compile, round {number + 1}")
            for _ in range(2):
                order = TIMED if len(further) % 2 else TIMED[::-1]
                both = {name: passes_of(paths[name]) for name in order}
                times = {name: time for name, (time, _) in both.items()}
                checks.append(both["96"][1])
                further.append((times["480"] - times["96"]) / APART)
                for name, time in times.items():
                    found[name].append(time)
            took, peak = run_for_peak(tool("tp-compile"), paths["96"], "-o", module)
            seconds.append(took)
            megabytes.append(peak)
            if number < 3:
                told = jax.ask()
                if told:
                    jax_seconds.append(told["seconds"])
                    jax_megabytes.append(told["megabytes"])
        passes = logged_passes(jax)
    per_layer = [time / 96 for time in found["different"]]
    median = statistics.median
    return {"versions": jax.versions, "commands": ["benchmarks/layer-stack.py 96 [--different]", "tp-plan FILE --format json --mlir-timing",
                                                   "tp-compile FILE -o MODULE", "benchmarks/peers/compile_jax.py 96"], "rows": [
        row("propagate and partition, 96 equal layers", "ms", found["96"], peers={"JAX: Shardy + GSPMD": jax.samples(passes)},
            target="at most 100 ms", reached=median(found["96"]), limit=100),
        row("each further equal layer", "ms", further, peers={"JAX: Shardy + GSPMD": jax.samples([time / 96 for time in passes])},
            target="at most 0.1 ms", reached=median(further), limit=0.1,
            note="difference between 480 and 96 layers in runs one after the other, by 384; of the peer, its 96 layers' mean"),
        row("check of the local form (VerifyLocal), 96 layers", "ms", checks, target="none", note="of every op, folded or not"),
        row("96 different layers, each", "ms", per_layer, target="at most 1.5 ms", reached=median(per_layer), limit=1.5),
        row("tp-compile to a module, 96 layers", "s", seconds, peers={"JAX": jax.samples(jax_seconds)}, target="at most 1.5 s",
            reached=median(seconds), limit=1.5),
        row("its peak of memory", "MB", megabytes, peers={"JAX": jax.samples(jax_megabytes)}, target="at most 300 MB",
            reached=median(megabytes), limit=300),
    ]}
