"""Peer: the layer of benchmarks/layer.py in PyTorch, on one process or split Megatron's way over processes that talk through gloo.

    layer_torch.py RANKS THREADS          every line on stdin is answered with the milliseconds of one forward pass

Ranks are forked after PyTorch is loaded; rank 0 reads the lines and tells the others.
"""
import json
import os
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F

BATCH, LENGTH, WIDTH, HEADS, FFN = 4, 512, 1024, 16, 4096


class Layer:
    """Q, K, V and the first MLP weight by columns, the others by rows; two all-reduces."""

    def __init__(self, ranks):
        torch.manual_seed(1)
        share = WIDTH // ranks
        self.ranks, self.heads = ranks, HEADS // ranks
        self.norm = [torch.ones(WIDTH), torch.zeros(WIDTH), torch.ones(WIDTH), torch.zeros(WIDTH)]
        self.qkv, self.qkv_bias = torch.randn(3 * share, WIDTH) / 32, torch.zeros(3 * share)
        self.out, self.out_bias = torch.randn(WIDTH, share) / 32, torch.zeros(WIDTH)
        self.up, self.up_bias = torch.randn(FFN // ranks, WIDTH) / 32, torch.zeros(FFN // ranks)
        self.down, self.down_bias = torch.randn(WIDTH, FFN // ranks) / 64, torch.zeros(WIDTH)

    def row_parallel(self, x, weight, bias):
        if self.ranks == 1:
            return F.linear(x, weight, bias)
        y = F.linear(x, weight)
        dist.all_reduce(y)
        return y + bias

    def __call__(self, x):
        n = F.layer_norm(x, (WIDTH,), self.norm[0], self.norm[1])
        q, k, v = (part.view(BATCH, LENGTH, self.heads, WIDTH // HEADS).transpose(1, 2)
                   for part in F.linear(n, self.qkv, self.qkv_bias).chunk(3, -1))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(BATCH, LENGTH, WIDTH // self.ranks)
        x = x + self.row_parallel(a, self.out, self.out_bias)
        n = F.layer_norm(x, (WIDTH,), self.norm[2], self.norm[3])
        return x + self.row_parallel(F.gelu(F.linear(n, self.up, self.up_bias), approximate="tanh"), self.down, self.down_bias)


def main():
    ranks, threads = int(sys.argv[1]), int(sys.argv[2])
    rank = 0
    meeting = os.path.join(tempfile.mkdtemp(), "meeting")
    for other in range(1, ranks):
        if os.fork() == 0:
            rank = other
            break
    torch.set_num_threads(threads)
    if ranks > 1:
        dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=ranks)
    layer, x = Layer(ranks), torch.randn(BATCH, LENGTH, WIDTH)
    go = torch.zeros(1)
    with torch.inference_mode():
        for _ in range(3):
            layer(x)
        if rank == 0:
            print(json.dumps({"torch": torch.__version__}), flush=True)
        while True:
            if rank == 0:
                go[0] = 1 if sys.stdin.readline() else 0
            if ranks > 1:
                dist.broadcast(go, 0)
            if not go[0]:
                break
            begin = time.monotonic()
            layer(x)
            if rank == 0:
                print(json.dumps({"ms": 1e3 * (time.monotonic() - begin)}), flush=True)
    if ranks > 1:
        dist.destroy_process_group()
    for _ in range(ranks - 1 if rank == 0 else 0):
        os.wait()


main()
