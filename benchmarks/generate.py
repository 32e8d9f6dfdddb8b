#!/usr/bin/env python3
"""Generation with the demo's model on this machine, beside what its memory allows: decode, prefill, and time to the first token.

Every round measures all rows, one after the other, and how fast memory can be read: a machine's timings drift, so medians are
compared within a table, and minimum and maximum stand beside them. A row's tokens must be the same in every run and for kept and
expanded weights, so that a fast wrong answer does not count. The bound of decoding is the memory's speed in that round over the bytes
that a token reads; that of prefill the rate at which the cores multiply and add in registers over the operations of its products. The table goes to benchmarks/results/, with the change against the last one.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import layer

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
FOLDER = os.path.join(ROOT, "build", "bench")
RESULTS = os.path.join(ROOT, "benchmarks", "results")
# name, options of tp-compile, number of sequences, tokens in and out of each
ROWS = (
    ("kept weights, batch 1", ["--mesh", "tp=1"], 1, 16, 64),
    ("kept weights, batch 8", ["--mesh", "tp=1", "--batch", "8"], 8, 64, 32),
    ("f32 weights, batch 1", ["--mesh", "tp=1", "--expand-weights"], 1, 16, 64),
    ("f32 weights, batch 8", ["--mesh", "tp=1", "--batch", "8", "--expand-weights"], 8, 64, 32),
    ("kept weights, 3 ranks", ["--mesh", "tp=3"], 1, 16, 64),
)


def tool(name):
    return os.path.join(ROOT, "build", "bin", name)


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def bandwidth(threads):
    """GB/s: the best slice."""
    program = os.path.join(FOLDER, "bandwidth")
    source = os.path.join(ROOT, "benchmarks", "bandwidth.cpp")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        run(os.environ.get("CXX", "clang++-22"), "-O3", "-std=c++20", "-march=native", source, "-o", program, "-pthread")
    return float(run(program, str(threads)).split()[0])


def generate(module, batch, length, new, threads):
    """One run: its rates, its tokens, and the seconds from its start to the first token."""
    stats = os.path.join(FOLDER, "stats.json")
    prompts = []
    for row in range(batch):
        prompts += ["--tokens", ",".join(str(1000 + (i + 11 * row) * 37 % 20000) for i in range(length))]
    output = run(tool("tp-run"), module, *prompts, "--max-new-tokens", str(new), "--ignore-eos", "--print-tokens", "--stats", stats,
                 *(["--threads", str(threads)] if threads else []))
    with open(stats, encoding="utf-8") as file:
        entries = {entry["name"]: entry for entry in json.load(file)["entries"]}
    prefill, decode = entries["prefill"], entries["decode"]
    return {
        "decode": batch * decode["executions"] / decode["seconds"],
        "prefill": batch * length / prefill["seconds"],
    }, [line for line in output.splitlines() if line.startswith("tokens:")]


def first_token(module):
    begin = time.monotonic()
    run(tool("tp-run"), module, "--prompt", "The tensor", "--max-new-tokens", "1")
    return time.monotonic() - begin


def needs_of(options, model):
    """What one rank reads of its weights for a token, and the operations of a token without and of the output head."""
    plan = json.loads(run(tool("tp-plan"), model, *options, "--format", "json"))
    entry = next(entry for entry in plan["entries"] if entry["name"] == "decode")
    weights = [t for t in entry["tensors"] if t["kind"] == "parameter" and not t["name"].startswith("cache.")]
    elements = {t["name"]: t["shape"][0] * t["shape"][1] for t in weights if len(t["shape"]) == 2}
    head = elements.pop("model.embed_tokens.weight")
    return {"bytes": sum(t["bytes_per_rank"] for t in weights), "flops": 2 * sum(elements.values()), "head flops": 2 * head}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def revision():
    try:
        return run("git", "-C", ROOT, "rev-parse", "--short", "HEAD").strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def spread(values, digits=1):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def change(name, value, last):
    before = last.get(name)
    return f"{100 * (value / before - 1):+.0f} %" if before else "new"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="SmolLM2-135M-Instruct as GGUF")
    parser.add_argument("--runs", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--out", default=os.path.join(RESULTS, "generate.md"), help="the table (default: benchmarks/results/generate.md)")
    arguments = parser.parse_args()
    os.makedirs(FOLDER, exist_ok=True)
    model = os.path.abspath(arguments.model)
    cores = os.cpu_count()

    modules, needs = {}, {}
    for name, options, *_ in ROWS:
        modules[name] = os.path.join(FOLDER, name.replace(",", "").replace(" ", "-") + ".tpm")
        run(tool("tp-compile"), model, *options, "-o", modules[name])
        needs[name] = needs_of(options, model)
    found = {name: {"decode": [], "prefill": [], "share": [], "prefill share": []} for name in modules}
    tokens, memory, computing, first = {}, [], [], []
    peak = layer.program()
    for number in range(arguments.runs):
        print(f"round {number + 1} of {arguments.runs}", file=sys.stderr)
        memory.append(bandwidth(cores))
        computing.append(float(run(peak, "peak", str(cores))))
        first.append(first_token(modules[ROWS[0][0]]))
        for name, _, batch, length, new in ROWS:
            need = needs[name]
            rates, said = generate(modules[name], batch, length, new, None if "ranks" in name else cores)
            for key, value in rates.items():
                found[name][key].append(value)
            if "ranks" not in name:
                found[name]["share"].append(100 * rates["decode"] / batch * need["bytes"] / (memory[-1] * 1e9))
                found[name]["prefill share"].append(100 * rates["prefill"] * (need["flops"] + need["head flops"] / length)
                                                    / (computing[-1] * 1e9))
            if tokens.setdefault((batch, "ranks" in name), said) != said:
                sys.exit(f"error: {name} generated other tokens than before")

    last = {}
    record = os.path.splitext(arguments.out)[0] + ".json"
    if os.path.exists(record):
        with open(record, encoding="utf-8") as file:
            last = json.load(file)
    now = {"first token": statistics.median(first)}
    text = ["# Generation with SmolLM2-135M-Instruct (GGUF, Q4_1)", "",
            f"{machine()}; load average {os.getloadavg()[0]:.1f}; revision {revision()}, "
            f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC; `benchmarks/generate`, {arguments.runs} rounds.",
            "Median (minimum to maximum). All cores read " + spread(memory) + " GB/s and multiply and add " + spread(computing, 0) +
            " GFLOP/s.", "",
            "| | decode tokens/s | of what memory allows | change | prefill tokens/s | of what cores allow | change |",
            "|---|---|---|---|---|---|---|"]
    for name, _, batch, length, _ in ROWS:
        rows = found[name]
        now |= {f"{name}: {key}": statistics.median(rows[key]) for key in ("decode", "prefill")}
        share, computed = (f"{statistics.median(rows[key]):.0f} %" if rows[key] else "" for key in ("share", "prefill share"))
        text.append(f"| {name} | {spread(rows['decode'])} | {share} | {change(f'{name}: decode', now[f'{name}: decode'], last)} | "
                    f"{spread(rows['prefill'], 0)} of {batch} x {length} | {computed} | {change(f'{name}: prefill', now[f'{name}: prefill'], last)} |")
    text += ["", f"First token {spread(first, 2)} s after the start of `tp-run` (file cache warm), change "
             f"{change('first token', now['first token'], last)}."]
    print("\n".join(text))
    os.makedirs(os.path.dirname(arguments.out), exist_ok=True)
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
    with open(record, "w", encoding="utf-8") as file:
        json.dump(now, file, indent=2)
        file.write("\n")


main()
