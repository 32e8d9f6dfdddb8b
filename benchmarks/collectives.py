#!/usr/bin/env python3
"""Collectives of the `local` communicator beside their copies and beside Open MPI on the same ranks and cores.

    benchmarks/collectives [--build build] [--ranks 2,4,8] [--rounds 5]

Both programs run in turns, so that both meet the same machine; of all batches the table gives the median and, in brackets,
minimum and maximum, in microseconds a call. `bytes` is the larger of what a rank passes in and gets.
"""
import argparse
import collections
import os
import shutil
import statistics
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def samples(command, into, name):
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        kind, size, time = line.split()
        into[kind, int(size), name].append(float(time))


def cell(values):
    return f"{statistics.median(values):.1f} [{min(values):.1f}, {max(values):.1f}]" if values else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--ranks", default="2,4,8")
    parser.add_argument("--sizes", default="8,1024,16384,65536,262144,1048576,16777216")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=3)
    args = parser.parse_args()
    sizes = args.sizes.split(",")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = os.path.join(folder, "ours"), os.path.join(folder, "theirs")
        library = os.path.join(os.path.abspath(args.build), "lib")
        support = subprocess.run(["find", args.build, "-name", "libTPSupport.a"], check=True, capture_output=True, text=True).stdout.split()[0]
        compiler = shutil.which("clang++-22") or "c++"
        subprocess.run([compiler, "-std=c++20", "-O2", f"-I{ROOT}", f"-I{ROOT}/include", f"-I{ROOT}/runtime/include", f"{HERE}/collectives-tp.cpp",
                        f"-L{library}", f"-Wl,-rpath,{library}", "-ltprt", support, "-lpthread", "-o", ours], check=True)
        with_mpi = shutil.which("mpicc") is not None
        if with_mpi:
            subprocess.run(["mpicc", "-O2", f"{HERE}/collectives-mpi.c", "-o", theirs], check=True)
        else:
            print("no mpicc here: without the column for Open MPI")
        for ranks in args.ranks.split(","):
            times = collections.defaultdict(list)
            for _ in range(args.rounds):
                samples([ours, ranks, str(args.batches), *sizes], times, "tp")
                if with_mpi:
                    samples(["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", ranks, theirs,
                             str(args.batches), *sizes], times, "mpi")
            print(f"\n{ranks} ranks on {os.cpu_count()} cores, us a call: median [minimum, maximum]")
            print(f"{'collective':15} {'bytes':>9} {'tp':>30} {'Open MPI':>32} {'copies':>30}")
            for kind in ("all_reduce", "all_gather", "reduce_scatter", "all_to_all"):
                for size in map(int, sizes):
                    if times[kind, size, "tp"]:
                        print(f"{kind:15} {size:9} {cell(times[kind, size, 'tp']):>30} {cell(times[kind, size, 'mpi']):>32} "
                              f"{cell(times['copies', size, 'tp']):>30}", flush=True)


if __name__ == "__main__":
    main()
