"""Ranks as processes under mpirun give the bytes that ranks as threads give: the text of a generation, greedy and sampled; logits of
every position; split outputs, put together and per rank; hashes of all ranks, and what --stats counts.

    mpi.py MAKE_TINY_LLAMA TP_COMPILE TP_RUN EXAMPLE.mlir
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

from mpi_launch import environment, mpirun

make, tp_compile, tp_run, example = sys.argv[1:]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def files(folder):
    return {name: open(os.path.join(folder, name), "rb").read() for name in sorted(os.listdir(folder))}


def counted(path):
    """What --stats says, without times."""
    stats = json.load(open(path))
    for entry in stats["entries"]:
        del entry["seconds"], entry["seconds_in_collectives"]
    del stats["tokens_per_second"]
    return stats


def compare(what, ranks, module, *arguments, outputs=()):
    """Runs `module` both ways; `outputs` are options whose value is a file to compare."""
    found = []
    for kind, launch in (("local", []), ("mpi", mpirun(ranks))):
        place = os.path.join(FOLDER, kind)
        os.makedirs(place)
        named = [text for option, name in outputs for text in (option, name.replace("@", os.path.join(place, "")))]
        stats = os.path.join(FOLDER, kind + ".json")
        text = run(*launch, tp_run, module, "--comm", kind, "--threads", "1", "--stats", stats, "--dump-ranks", place, *arguments,
                   *named)
        found.append((text, counted(stats), files(place)))
        run("rm", "-r", place)
    for name, one, other in zip(("printed text", "counts and hashes", "files"), *found):
        if one != other:
            raise SystemExit(f"{what} on {ranks} ranks: the {name} differ: {str(one)[:1000]}\n{str(other)[:1000]}")
    return found[0]


def write_tokens(path, rows):
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}".ljust(117) + "\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            out.write(struct.pack(f"<{len(row)}i", *row))


rng = random.Random(5)
with tempfile.TemporaryDirectory() as FOLDER:
    module, tokens = os.path.join(FOLDER, "model.tpm"), os.path.join(FOLDER, "tokens.npy")
    write_tokens(tokens, [[rng.randrange(61) for _ in range(9)] for _ in range(2)])
    for ranks, heads, dtype in ((1, 3, "f32"), (2, 4, "bf16"), (3, 6, "f32"), (4, 4, "f16")):
        model = os.path.join(FOLDER, f"model{ranks}")
        run(sys.executable, make, "--layers", "2", "--hidden", "36", "--heads", str(heads), "--kv-heads", str(heads), "--head-dim", "8",
            "--ffn", "48", "--vocab", "61", "--seed", str(rng.randrange(1000)), model)
        run(tp_compile, model, "--mesh", f"tp={ranks}", "--batch", "2", "--max-seq", "32", "--dtype", dtype, "-o", module)
        text, stats, _ = compare("greedy generation", ranks, module, "--tokens", "1,2,3", "--tokens", "7", "--max-new-tokens", "12",
                                 "--ignore-eos")
        assert text.count("tokens:") == 2 and len(stats["output_hashes"]["logits"]) == ranks, (text, stats)
        compare("sampled generation", ranks, module, "--tokens", "5,6", "--max-new-tokens", "12", "--ignore-eos", "--temperature", "2",
                "--top-k", "9", "--seed", "4")
        compare("scoring", ranks, module, "--tokens-file", tokens, outputs=[("--logits", "@logits.npy")])
        print(f"tp={ranks} {dtype} is local's")
    run(tp_compile, example, "-o", module)
    _, _, parts = compare("an entry", 4, module, "--random-inputs", "3", outputs=[("--output", "result0=@whole.npy")])
    assert "whole.npy" in parts and "rank3.result0.npy" in parts, sorted(parts)
    print("a program with split outputs is local's")
    trace = os.path.join(FOLDER, "trace.json")
    run(*mpirun(4), tp_run, module, "--comm", "mpi", "--random-inputs", "3", "--trace", trace)
    events = json.load(open(trace))["traceEvents"]
    tracks = {event["tid"] for event in events if event["ph"] == "X"}
    print(f"a trace has {len(tracks)} tracks")
