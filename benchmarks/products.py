"""Piece `products`: single f32 products of the shapes of benchmarks/layer.py and of SmolLM2's prefill, beside the libraries that could lie
under them (docs/decisions/0006-own-matrix-products.md)."""
import contextlib
import os
import statistics
import subprocess

from measure import CORES, ROOT, Peer, built, gigaflops, ratio, row, say

SHAPES = [(2048, 1024, 1024), (2048, 4096, 1024), (2048, 1024, 4096), (512, 1536, 576), (512, 576, 1536), (64, 1536, 576)]
LIBRARIES = {"OpenBLAS (numpy)": "OpenBLAS", "MKL (PyTorch)": "MKL", "oneDNN (PyTorch)": "oneDNN"}


def measure(options):
    library = os.path.join(ROOT, "build", "lib", "libtprt.so")
    program = built("products-tp", "products-tp.cpp", library, "-Wl,-rpath," + os.path.dirname(library))
    ours = {shape: [] for shape in SHAPES}
    bounds = {shape: [] for shape in SHAPES}
    theirs = {name: {shape: [] for shape in SHAPES} for name in LIBRARIES}
    with contextlib.ExitStack() as stack:
        peers = {name: stack.enter_context(Peer(name, "products_blas", blas, CORES, environment={"OPENBLAS_NUM_THREADS": str(CORES)}))
                 for name, blas in LIBRARIES.items()}
        tp = stack.enter_context(subprocess.Popen([program, str(CORES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        for number in range(options.rounds or 9):
            say(f"products, round {number + 1}")
            rate = gigaflops()
            for shape in SHAPES:
                line = " ".join(map(str, shape))
                tp.stdin.write(line + "\n")
                tp.stdin.flush()
                ours[shape] += map(float, tp.stdout.readline().split())
                bounds[shape].append(2 * shape[0] * shape[1] * shape[2] / (rate * 1e9) * 1e3)
                for name, peer in peers.items():
                    told = peer.ask(line)
                    theirs[name][shape] += told["ms"] if told else []
        tp.stdin.close()
    rows = []
    for shape in SHAPES:
        measured = {name: peer.samples(theirs[name][shape]) for name, peer in peers.items()}
        best = min((found for found in measured.values() if isinstance(found, list) and found), key=statistics.median, default=None)
        rate = 2 * shape[0] * shape[1] * shape[2] / (statistics.median(ours[shape]) * 1e6)
        rows.append(row("product {} x {} x {}, {} threads".format(*shape, CORES), "ms", ours[shape], bounds={"cores' rate": bounds[shape]},
                        peers=measured, target="not slower than the best library", reached=ratio(ours[shape], best), limit=1,
                        note=f"{rate:.0f} GFLOP/s"))
    versions = {}
    for peer in peers.values():
        versions |= peer.versions
    return {"versions": versions, "rows": rows,
            "commands": [f"products-tp {CORES}", f"benchmarks/peers/products_blas.py OpenBLAS|MKL|oneDNN {CORES}"]}
