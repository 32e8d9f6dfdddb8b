"""Piece `layer`: one GPT-2-medium-sized layer (h 1024, FFN 4096, 16 heads, 4 x 512 tokens, causal, f32), forward.

On one rank with all cores, and on tp=2 with one thread each; beside the time that its matrix products would take at the rate at
which these cores multiply and add in registers, and beside PyTorch, Megatron's way on gloo, and JAX on two devices.
"""
import os
import statistics
import sys

from measure import CORES, FOLDER, ROOT, Peer, gigaflops, row, run, run_entry, say, tool

sys.path.insert(0, os.path.join(ROOT, "test", "Inputs"))
import graphs  # noqa: E402

BATCH, LENGTH, WIDTH, HEADS, FFN = 4, 512, 1024, 16, 4096
# Products of the weights; of scores and values, the half that a causal mask leaves.
FLOPS = 2 * BATCH * LENGTH * (4 * WIDTH * WIDTH + 2 * WIDTH * FFN) + 2 * BATCH * LENGTH * (LENGTH + 1) * WIDTH


class Layer(graphs.Graph):
    """Weights are parameters [out, in], which a rank loads once: PyTorch stores them so, and copies them at no call either."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.parameters = []

    def weight(self, name, *shape):
        self.parameters.append(f"nn.parameter @{name} : {self.tensor(shape)}{self.wish(name)}\n")
        return self.emit(f"nn.get @{name} : {self.tensor(shape)}", shape)

    def text(self, result):
        mesh, rest = super().text(result).split("\n", 1)
        return mesh + "\n" + "".join(self.parameters) + rest

    def norm(self, x, name):
        w, b = self.weight(name + "w", WIDTH), self.weight(name + "b", WIDTH)
        return self.emit(f"nn.layer_norm {x}, {w}, {b} epsilon 1.0e-5 : {self.type(x)}, {self.type(w)}, {self.type(b)} -> {self.type(x)}",
                         self.shape[x])

    def linear(self, x, name, outputs):
        y = self.contract("bsh,fh->bsf", x, self.weight("w" + name, outputs, self.shape[x][-1]))
        return self.add(y, self.broadcast(self.weight("b" + name, outputs), self.shape[y], [2]))

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
    columns = {name: "[{tp}, {}]" for name in ("wq", "wk", "wv", "w1")} if mesh != "tp=1" else {}
    g = Layer("nn", mesh, columns)
    x = g.argument("x", BATCH, LENGTH, WIDTH)
    x = g.add(x, g.attention(g.norm(x, "n1")))
    return g.text(g.add(x, g.linear(g.gelu(g.linear(g.norm(x, "n2"), "1", FFN)), "2", WIDTH)))


def compiled(mesh):
    path = os.path.join(FOLDER, f"layer-{mesh}".replace("=", ""))
    with open(path + ".mlir", "w", encoding="utf-8") as file:
        file.write(layer(mesh))
    run(tool("tp-compile"), path + ".mlir", "-o", path + ".tpm")
    return path + ".tpm"


def measure(options):
    modules, times, bounds = {}, {}, []
    os.makedirs(FOLDER, exist_ok=True)
    for mesh, threads in (("tp=1", CORES), ("tp=2", max(1, CORES // 2))):
        modules[mesh], times[mesh] = (compiled(mesh), threads), []
    with (Peer(f"PyTorch, {CORES} threads", "layer_torch", 1, CORES) as torch,
          Peer("Megatron-style on gloo, 2 ranks", "layer_torch", 2, 1, threads=1) as megatron,
          Peer("JAX, tp=2", "layer_jax") as jax):
        peers = {peer: [] for peer in (torch, megatron, jax)}
        for number in range(options.rounds or 7):
            say(f"layer, round {number + 1}")
            bounds.append(FLOPS / (gigaflops() * 1e9) * 1e3)
            for mesh, (module, threads) in modules.items():
                times[mesh] += [1e3 * float(text) for text in run(run_entry(), module, str(threads), "2").split()]
            for peer, found in peers.items():
                found += [told["ms"] for told in (peer.ask() for _ in range(2)) if told]
    measured = {peer.name: peer.samples(found) for peer, found in peers.items()}
    best = min((statistics.median(found) for found in measured.values() if isinstance(found, list) and found), default=None)
    rows = []
    for mesh, found in times.items():
        threads = modules[mesh][1]
        rows.append(row(f"GPT-2-medium-sized layer, {mesh}, {threads} {'thread' if threads == 1 else 'threads'} a rank", "ms", found,
                        bounds={"products at the cores' rate": bounds}, peers=measured, target="at most 0.85 x the best peer",
                        reached=statistics.median(found) / best if best else None, limit=0.85,
                        note=f"{statistics.median(found) / statistics.median(bounds):.2f} x the bound"))
    return {"versions": torch.versions | jax.versions, "rows": rows,
            "commands": ["run-entry layer-tp1.tpm 2 2", "run-entry layer-tp2.tpm 1 2", "benchmarks/peers/layer_torch.py 1 2",
                         "benchmarks/peers/layer_torch.py 2 1", "benchmarks/peers/layer_jax.py"]}
