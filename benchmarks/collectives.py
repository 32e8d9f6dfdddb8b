"""Pieces `collectives-2`, `-4`, `-8`: the `local` communicator's collectives on so many ranks, beside their copies, Open MPI and gloo.

The programs run in turns, so that all meet the same machine. A size is the larger of what a rank passes in and gets. The bounds are measured
too: "copies" copies that size out of a neighbour's buffer, with a barrier before and after; "straight" is an all-reduce of two threads that add out of
each other's buffers with nothing around it. They say what the targets, set on another machine, would be on this one.
"""
import collections
import os
import shutil
import statistics
import subprocess

from measure import CORES, FOLDER, ROOT, Peer, built, ratio, row, run, say

KINDS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
SIZES = {8: "8 B", 65536: "64 KiB", 1 << 20: "1 MiB", 16 << 20: "16 MiB"}
# Microseconds of an all-reduce on 2 ranks for which the targets were set, on a machine with 186 GFLOP/s and 16 GB/s a core.
SET = {8: 0.9, 65536: 3.4, 1 << 20: 56, 16 << 20: 1575}


def programs():
    library = os.path.join(ROOT, "build", "lib")
    support = os.path.join(ROOT, "build", "lib", "Support", "libTPSupport.a")
    ours = built("collectives-tp", "collectives-tp.cpp", f"-L{library}", f"-Wl,-rpath,{library}", "-ltprt", support)
    if not shutil.which("mpicc") or not shutil.which("mpirun"):
        return ours, None
    theirs = os.path.join(FOLDER, "collectives-mpi")
    run("mpicc", "-O2", os.path.join(ROOT, "benchmarks", "collectives-mpi.c"), "-o", theirs)
    return ours, theirs


def lines_of(command, into, name):
    for line in run(*command).splitlines():
        kind, size, time = line.split()
        into[kind, int(size), name].append(float(time))


def measure(options, ranks):
    ours, theirs = programs()
    sizes, times = [str(size) for size in SIZES], collections.defaultdict(list)
    with Peer("gloo", "collectives_gloo", ranks, 2, *sizes, threads=1) as gloo:
        for number in range(options.rounds or 3):
            say(f"collectives-{ranks}, round {number + 1}")
            lines_of([ours, str(ranks), "3", *sizes], times, "tp")
            if theirs:
                lines_of(["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), theirs, "3", *sizes], times, "mpi")
            if number < 2:
                for kind, size, time in gloo.ask() or []:
                    times[kind, size, "gloo"].append(time)
    rows = []
    for kind in KINDS:
        for size, text in SIZES.items():
            mine = times[kind, size, "tp"]
            if not mine:
                continue
            mpi = times[kind, size, "mpi"] if theirs else "not installed"
            bounds = {"copies": times["copies", size, "tp"]}
            against_mpi = ratio(mine, mpi)
            target, reached, limit = "never slower than Open MPI", against_mpi, 1.0
            if kind == "all_reduce" and ranks == 2:
                straight = min((times[way, size, "tp"] for way in ("straight_whole", "straight_halves")), key=statistics.median)
                bounds["straight"] = straight
                goal = max(SET[size], statistics.median(straight))
                reached, limit, target = statistics.median(mine) / goal, 2.0, f"at most 2 x {SET[size]} us, or 2 x straight where that takes longer here"
            elif ranks == 2:
                reached, limit, target = ratio(mine, bounds["copies"]), 2.0, "at most 2 x its copies"
            peers = {"Open MPI": mpi, "gloo": gloo.missing or times[kind, size, "gloo"] or "not offered"}
            rows.append(row(f"{kind.replace('_', '-')}, {ranks} ranks, {text}", "us", mine, bounds=bounds, peers=peers, target=target, reached=reached,
                            limit=limit))
    version = run("mpirun", "--version").splitlines()[0] if theirs else "none"
    return {"versions": {"Open MPI": version.replace("mpirun (Open MPI) ", ""), **gloo.versions}, "rows": rows,
            "commands": [f"collectives-tp {ranks} 3 SIZES", f"mpirun --oversubscribe --bind-to none -n {ranks} collectives-mpi 3 SIZES",
                         f"benchmarks/peers/collectives_gloo.py {ranks} 2 SIZES"]}
