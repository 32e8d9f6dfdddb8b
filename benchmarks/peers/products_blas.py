"""Peer: products a[M, K] * w[N, K]^T of f32 by the library under a Python package.

    products_blas.py OpenBLAS|MKL|oneDNN THREADS       every line "M N K" is answered with the milliseconds of three products
"""
import json
import sys
import time


def product_of(library, threads):
    if library == "OpenBLAS":
        import numpy
        generator = numpy.random.default_rng(1)
        return lambda rows, columns: generator.random((rows, columns), dtype=numpy.float32), lambda a, w: a @ w.T, \
            {"numpy": numpy.__version__}
    import torch
    torch.set_num_threads(threads)
    if library == "MKL":
        return torch.rand, lambda a, w: torch.mm(a, w.T), {"torch": torch.__version__}
    return torch.rand, lambda a, w: torch._C._nn.mkldnn_linear(a.to_mkldnn(), w), {"torch": torch.__version__}


def main():
    random, product, version = product_of(sys.argv[1], int(sys.argv[2]))
    print(json.dumps(version), flush=True)
    for line in sys.stdin:
        m, n, k = map(int, line.split())
        a, w, times = random(m, k), random(n, k), []
        for number in range(4):
            begin = time.monotonic()
            product(a, w)
            if number:
                times.append(1e3 * (time.monotonic() - begin))
        print(json.dumps({"ms": times}), flush=True)


main()
