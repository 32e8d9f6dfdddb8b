"""Pieces `memory` and `arena`: what a rank holds beside what it must hold, and memory plans at the smallest capacity there is.

A rank must hold its share of the weights as they are stored, its key-value cache, and the activations alive at the fullest moment of
prefill: the sum over the buffers of the program that Memory leaves, counted here from its text and not by the planner. It does hold
what the operating system counts as the peak of the process, over its ranks; programs and libraries are in it.
"""
import importlib.machinery
import importlib.util
import json
import os
import re
import statistics
import subprocess
import tempfile
import time

import generate
import layer
from measure import FOLDER, ROOT, row, run, run_for_peak, say, tool

LONGEST = 512
BYTES = {"f32": 4, "bf16": 2, "f16": 2, "i32": 4, "i64": 8, "i8": 1, "i1": 1}


def bytes_of(memref, tokens):
    *extents, element = memref.split("x")
    size = BYTES[element]
    for extent in extents:
        size *= tokens if extent == "?" else int(extent)
    return size


def alive_at_most(program, entry, tokens):
    """Bytes alive at the fullest moment of an entry: of every buffer, from the first line that names it or a view of it to the last."""
    first, last, size, whose = {}, {}, {}, {}
    inside = False
    for number, line in enumerate(program.splitlines()):
        if "func" in line.split(" @")[0]:
            inside = f"@{entry}(" in line
        if not inside:
            continue
        found = re.match(r"\s*(%\w+) = tprt\.(buffer|view)\b(.*)", line)
        if found and found[2] == "buffer":
            size[found[1]] = bytes_of(re.search(r"memref<([^,>]*)>", found[3])[1], tokens)
            whose[found[1]] = found[1]
            continue
        used = {whose[name] for name in re.findall(r"%\w+", line) if name in whose}
        if found and used:
            whose[found[1]] = next(iter(used))
        for name in used:
            first.setdefault(name, number)
            last[name] = number
    changes = sorted([(first[name], size[name]) for name in first] + [(last[name] + 1, -size[name]) for name in first])
    alive = most = 0
    for _, change in changes:
        alive += change
        most = max(most, alive)
    return most


def program_of(source, *options):
    out = os.path.join(FOLDER, "memory.mlir")
    run(tool("tp-compile"), source, *options, "--tp-stop-after=memory", "--emit=mlir", "-o", out)
    with open(out, encoding="utf-8") as file:
        return file.read()


def must_hold(model, mesh, options, ranks):
    """Bytes over all ranks, and its parts."""
    arguments = ["--mesh", mesh, "--max-seq", str(LONGEST), *options]
    plan = json.loads(run(tool("tp-plan"), model, *arguments, "--format", "json"))
    tensors = next(entry for entry in plan["entries"] if entry["name"] == "prefill")["tensors"]
    held = [tensor for tensor in tensors if tensor["kind"] == "parameter"]
    cache = sum(tensor["bytes_per_rank"] for tensor in held if tensor["name"].startswith("cache."))
    weights = sum(tensor["bytes_per_rank"] for tensor in held) - cache
    alive = alive_at_most(program_of(model, *arguments), "prefill", LONGEST)
    return [ranks * part for part in (weights, cache, alive)]


def measure(options):
    os.makedirs(FOLDER, exist_ok=True)
    model, rows = generate.model_file(), []
    for kind, mesh, ranks in (("kept", "tp=1", 1), ("kept", "tp=3", 3), ("f32", "tp=1", 1), ("f32", "tp=3", 3)):
        say(f"memory, {kind} weights, {mesh}")
        module = os.path.join(FOLDER, f"memory-{kind}-{ranks}.tpm")
        run(tool("tp-compile"), model, "--mesh", mesh, "--max-seq", str(LONGEST), *generate.KINDS[kind], "-o", module)
        peaks = [run_for_peak(tool("tp-run"), module, *generate.prompts(1, LONGEST - 64), "--max-new-tokens", "63", "--ignore-eos")[1] * 1024 ** 2 / 1e6
                 for _ in range(2)]
        weights, cache, alive = (part / 1e6 for part in must_hold(model, mesh, generate.KINDS[kind], ranks))
        need = weights + cache + alive
        rows.append(row(f"SmolLM2-135M, {kind} weights, {mesh}: peak of the process", "MB", peaks, bounds={"must hold": [need]},
                        target="at most 1.05 x what it must hold", reached=statistics.median(peaks) / need, limit=1.05,
                        note=f"weights {weights:.1f}, cache {cache:.1f}, activations {alive:.1f} MB, of all ranks"))
    rows += arenas()
    return {"rows": rows, "commands": [f"tp-run MODULE --tokens ... --max-new-tokens 63 (peak of resident memory)",
                                       "tp-compile ... --tp-stop-after=memory --emit=mlir", "tp-plan FILE --format json"]}


def arenas():
    """Planned arenas beside the most bytes that are alive at once in them."""
    rows = []
    path = os.path.join(FOLDER, "memory-layer.mlir")
    with open(path, "w", encoding="utf-8") as file:
        file.write(layer.layer("tp=2"))
    for name, entry, source, *arguments in (("layer, tp=2", "main", path), ("SmolLM2-135M prefill of 512", "prefill", generate.model_file(), "--mesh",
                                                                           "tp=1", "--max-seq", str(LONGEST))):
        plan = json.loads(run(tool("tp-plan"), source, *arguments, "--format", "json"))
        arena = next(found for found in plan["entries"] if found["name"] == entry)["memory_per_rank"]["arena"]
        alive = alive_at_most(program_of(source, *arguments), entry, LONGEST)
        rows.append(row(f"planned arena of the {name}", "MB", [arena / 1e6], bounds={"alive at once": [alive / 1e6]}, target="at most 1.05 x what is alive",
                        reached=arena / alive, limit=1.05))
    return rows


def arena_tables():
    """The script that draws plans; it has no suffix, as tests call it by its name."""
    path = os.path.join(ROOT, "benchmarks", "arena")
    loader = importlib.machinery.SourceFileLoader("arena", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("arena", loader))
    loader.exec_module(module)
    return module


def measure_arena(options):
    """Eleven tables of a kind, as many as there are published instances; a search that takes long is ended."""
    arena, rows = arena_tables(), []
    for kind in arena.KINDS:
        say(f"arena, {kind}")
        times, lost = [], 0
        with tempfile.TemporaryDirectory() as folder:
            buffers, plan = os.path.join(folder, "buffers.csv"), os.path.join(folder, "plan.csv")
            for seed in range(11):
                with open(buffers, "w", encoding="utf-8") as file:
                    file.write(arena.table(kind, seed))
                begin = time.monotonic()
                done = subprocess.run([tool("tp-plan"), "--arena", buffers, "--capacity", str(arena.ROWS * arena.UNIT), "--seconds", "5", "-o", plan],
                                      stderr=subprocess.PIPE, text=True)
                times.append(time.monotonic() - begin)
                if done.returncode:
                    lost += 1
                else:
                    arena.check(plan, arena.ROWS * arena.UNIT)
        total = sum(times)
        rows.append(row(f"11 tables of kind {kind} at the smallest capacity", "s each", times, target="all fit, in at most 10 s together",
                        reached=total, met=not lost and total <= 10,
                        note=f"{11 - lost} of 11 fit"))
    return {"rows": rows, "commands": ["tp-plan --arena BUFFERS.csv --capacity 1048576 --seconds 5 -o PLAN.csv"]}
