"""Peer: the loop of collectives-tp.cpp on torch.distributed with gloo, ranks as processes.

    collectives_gloo.py RANKS BATCHES SIZES...      every line on stdin is answered with [[kind, bytes, microseconds], ...]
"""
import json
import os
import sys
import tempfile
import time

import torch
import torch.distributed as dist


def calls_of(source, target):
    """gloo has no reduce-scatter of its own in every release: what it lacks is left out."""
    ranks = dist.get_world_size()
    pieces = list(target.chunk(ranks))
    piece = source[:source.numel() // ranks]
    calls = {"all_reduce": lambda: dist.all_reduce(source)}
    if source.numel() >= ranks:
        calls["all_gather"] = lambda: dist.all_gather(pieces, piece)
        calls["all_to_all"] = lambda: dist.all_to_all_single(target, source)
    return calls


def measure(batches, sizes):
    found = []
    for size in sizes:
        source, target = torch.zeros(size // 4), torch.zeros(size // 4)
        for kind, call in calls_of(source, target).items():
            calls = max(2, min(100, (4 << 20) // (size + 1)))
            for batch in range(-1, batches):
                dist.barrier()
                begin = time.monotonic()
                for _ in range(calls):
                    call()
                if batch >= 0:
                    found.append([kind, size, (time.monotonic() - begin) / calls * 1e6])
    return found


def main():
    ranks, batches, sizes = int(sys.argv[1]), int(sys.argv[2]), list(map(int, sys.argv[3:]))
    meeting, rank = os.path.join(tempfile.mkdtemp(), "meeting"), 0
    for other in range(1, ranks):
        if os.fork() == 0:
            rank = other
            break
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=ranks)
    go = torch.zeros(1)
    if rank == 0:
        print(json.dumps({"torch": torch.__version__}), flush=True)
    while True:
        if rank == 0:
            go[0] = 1 if sys.stdin.readline() else 0
        dist.broadcast(go, 0)
        if not go[0]:
            break
        found = measure(batches, sizes)
        if rank == 0:
            print(json.dumps(found), flush=True)
    dist.destroy_process_group()
    for _ in range(ranks - 1 if rank == 0 else 0):
        os.wait()


main()
