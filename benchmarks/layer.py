#!/usr/bin/env python3
"""Times one GPT-2-medium-sized layer (h 1024, FFN 4096, 16 heads, 4 x 512 tokens, causal, f32), forward, on this machine.

On one rank with all cores, and on tp=2 with one thread each; beside the time that its matrix products would take at the rate at
which these cores multiply and add in registers, measured in the same rounds. Medians, with minimum and maximum.
"""
import argparse
import os
import statistics
import subprocess
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
FOLDER = os.path.join(ROOT, "build", "bench")
sys.path.insert(0, os.path.join(ROOT, "test", "Inputs"))
import graphs  # noqa: E402

BATCH, LENGTH, WIDTH, HEADS, FFN = 4, 512, 1024, 16, 4096
# Products of the weights; of scores and values, the half that a causal mask leaves.
FLOPS = 2 * BATCH * LENGTH * (4 * WIDTH * WIDTH + 2 * WIDTH * FFN) + 2 * BATCH * LENGTH * (LENGTH + 1) * WIDTH


class Layer(graphs.Graph):
    def norm(self, x, name):
        w, b = self.argument(name + "w", WIDTH), self.argument(name + "b", WIDTH)
        return self.emit(f"nn.layer_norm {x}, {w}, {b} epsilon 1.0e-5 : {self.type(x)}, {self.type(w)}, {self.type(b)} -> {self.type(x)}",
                         self.shape[x])

    def linear(self, x, name, outputs):
        y = self.contract("bsh,hf->bsf", x, self.argument("w" + name, self.shape[x][-1], outputs))
        return self.add(y, self.broadcast(self.argument("b" + name, outputs), self.shape[y], [2]))

    def gelu(self, x):
        """GPT-2's, with tanh."""
        return self.emit(f"nn.map {x} : ({self.type(x)}) -> {self.type(x)} {{\n  ^bb0(%e: f32):\n"
                         "    %half = arith.constant 0.5 : f32\n    %one = arith.constant 1.0 : f32\n"
                         "    %c = arith.constant 0.044715 : f32\n    %r = arith.constant 0.7978845608 : f32\n"
                         "    %x2 = arith.mulf %e, %e : f32\n    %x3 = arith.mulf %x2, %e : f32\n    %a = arith.mulf %x3, %c : f32\n"
                         "    %b = arith.addf %e, %a : f32\n    %d = arith.mulf %b, %r : f32\n    %t = math.tanh %d : f32\n"
                         "    %u = arith.addf %t, %one : f32\n    %h = arith.mulf %e, %half : f32\n    %y = arith.mulf %h, %u : f32\n"
                         "    nn.yield %y : f32\n  }", self.shape[x])

    def attention(self, x):
        heads = [BATCH, LENGTH, HEADS, WIDTH // HEADS]
        q, k, v = (self.reshape(self.linear(x, name, WIDTH), heads, "") for name in "qkv")
        o = self.emit(f"nn.attention {q}, {k}, {v} scale 0.125 causal : {self.type(q)}, {self.type(k)}, {self.type(v)} -> {self.type(q)}",
                      heads)
        return self.linear(self.reshape(o, [BATCH, LENGTH, WIDTH], ""), "o", WIDTH)


def layer(mesh):
    columns = {name: "[{}, {tp}]" for name in ("wq", "wk", "wv", "w1")} if mesh != "tp=1" else {}
    g = Layer("nn", mesh, columns)
    x = g.argument("x", BATCH, LENGTH, WIDTH)
    x = g.add(x, g.attention(g.norm(x, "n1")))
    return g.text(g.add(x, g.linear(g.gelu(g.linear(g.norm(x, "n2"), "1", FFN)), "2", WIDTH)))


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def program():
    """run-entry, built against the library of this tree."""
    source, built = os.path.join(ROOT, "benchmarks", "run-entry.cpp"), os.path.join(FOLDER, "run-entry")
    library = os.path.join(ROOT, "build", "lib", "libtprt.so")
    if not os.path.exists(built) or os.path.getmtime(built) < max(os.path.getmtime(source), os.path.getmtime(library)):
        run(os.environ.get("CXX", "clang++-22"), "-O3", "-std=c++20", "-march=native", "-I", ROOT, "-I", os.path.join(ROOT, "include"),
            "-I", os.path.join(ROOT, "runtime", "include"), source, library, "-Wl,-rpath," + os.path.dirname(library), "-pthread",
            "-o", built)
    return built


def spread(values):
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="rounds (default: 7)")
    arguments = parser.parse_args()
    os.makedirs(FOLDER, exist_ok=True)
    built, cores, modules = program(), os.cpu_count(), {}
    for mesh, threads in (("tp=1", cores), ("tp=2", max(1, cores // 2))):
        path = os.path.join(FOLDER, f"layer-{mesh}".replace("=", ""))
        with open(path + ".mlir", "w", encoding="utf-8") as file:
            file.write(layer(mesh))
        run(os.path.join(ROOT, "build", "bin", "tp-compile"), path + ".mlir", "-o", path + ".tpm")
        modules[f"{mesh}, {threads} {'thread' if threads == 1 else 'threads'} a rank"] = (path + ".tpm", threads)
    found, bounds = {name: [] for name in modules}, []
    for _ in range(arguments.runs):
        bounds.append(FLOPS / (float(run(built, "peak", str(cores))) * 1e9) * 1e3)
        for name, (module, threads) in modules.items():
            found[name] += [1e3 * float(text) for text in run(built, module, str(threads), "3").split()]
    print(f"bound, {FLOPS / 1e9:.1f} GFLOP in registers on {cores} cores: {spread(bounds)} ms")
    for name, times in found.items():
        print(f"{name}: {spread(times)} ms, {statistics.median(times) / statistics.median(bounds):.2f} x bound, "
              f"best {min(times) / min(bounds):.2f} x")


if __name__ == "__main__":
    main()
