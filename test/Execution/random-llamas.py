"""Small Llama-like models with random shapes and weights: the logits of the compiled module on 1, 2, 3 and 4 ranks, where the heads
allow it, against the unsharded reference interpreter; bit-equal from rank to rank and from run to run; bytes counted = bytes planned.

    random-llamas.py MAKE_TINY_LLAMA TP_COMPILE TP_RUN TP_CHECK TP_PLAN COUNT SEED
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

make, tp_compile, tp_run, tp_check, tp_plan = sys.argv[1:6]
count, seed = int(sys.argv[6]), int(sys.argv[7])
TOLERANCE = 1e-4  # largest difference over largest magnitude, f32


def write_npy(path, rows):
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header = header.ljust(117) + "\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            out.write(struct.pack(f"<{len(row)}i", *row))


def read_npy(path):
    data = open(path, "rb").read()
    length = struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:10 + length].decode())  # our own file
    assert header["descr"] == "<f4", header
    values = struct.unpack(f"<{(len(data) - 10 - length) // 4}f", data[10 + length:])
    return header["shape"], values


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.strip()[:600]}")
    return done.stdout


def moved(entry):
    """What an entry puts on the wire: kind, axes and operand shape -> executions and bytes."""
    total = {}
    for c in entry["collectives"]:
        key = (c["kind"], tuple(c["axes"]), c["dtype"], tuple(c["operand_shape"]), c["where"])
        old = total.get(key, (0, 0))
        total[key] = (old[0] + c["count"], old[1] + c["wire_bytes_per_rank"])
    return total


def check(index, rng, folder):
    heads = rng.choice([1, 2, 3, 4, 6, 8, 12])
    kv = rng.choice([n for n in range(1, heads + 1) if heads % n == 0])
    head = rng.choice([4, 8, 12])
    hidden = rng.choice([16, 24, 36, 48])
    ffn = rng.choice([24, 36, 48, 72])
    vocab = rng.choice([40, 61, 96])  # 61 divides over nothing: padded
    batch, seq = rng.choice([1, 2, 3]), rng.choice([1, 5, 9])
    arguments = ["--layers", str(rng.choice([1, 2])), "--hidden", str(hidden), "--heads", str(heads), "--kv-heads", str(kv),
                 "--head-dim", str(head), "--ffn", str(ffn), "--vocab", str(vocab), "--seed", str(rng.randrange(1 << 30))]
    arguments += rng.choice([[], ["--tied"]]) + rng.choice([[], ["--bias"]])
    model = os.path.join(folder, f"model{index}")
    run(sys.executable, make, *arguments, model)
    positions, tokens = os.path.join(folder, "positions.npy"), os.path.join(folder, "tokens.npy")
    write_npy(tokens, [[rng.randrange(vocab) for _ in range(seq)] for _ in range(batch)])
    write_npy(positions, [list(range(seq)) for _ in range(batch)])
    reference = os.path.join(folder, "reference.npy")
    common = ["--batch", str(batch), "--max-seq", "16"]
    run(tp_check, model, "--mesh", "tp=1", *common, "--input", f"score.tokens={tokens}", "--input", f"score.positions={positions}",
        "--tokens", str(seq), "--output", f"score.logits={reference}")
    shape, expected = read_npy(reference)
    scale = max(abs(x) for x in expected)
    ranks = [n for n in (1, 2, 3, 4) if heads % n == 0 and (kv % n == 0 or n % kv == 0) and ffn % n == 0]
    for n in ranks:
        module = os.path.join(folder, "model.tpm")
        run(tp_compile, model, "--mesh", f"tp={n}", *common, "-o", module)
        runs = []
        for attempt in range(2):
            logits, stats = os.path.join(folder, f"logits{attempt}.npy"), os.path.join(folder, f"stats{attempt}.json")
            run(tp_run, module, "--tokens-file", tokens, "--logits", logits, "--stats", stats, "--threads", "1")
            runs.append((open(logits, "rb").read(), json.load(open(stats))))
        found_shape, found = read_npy(logits)
        difference = max(abs(a - b) for a, b in zip(expected, found)) / scale
        hashes = runs[0][1]["output_hashes"]["logits"]
        what = f"model {index} ({' '.join(arguments)}) on {n} ranks"
        if found_shape != shape or not difference <= TOLERANCE:
            raise SystemExit(f"{what}: logits {found_shape} differ by {difference:.2e}")
        if runs[0][0] != runs[1][0]:
            raise SystemExit(f"{what}: two runs are not bit-equal")
        if len(hashes) != n or len(set(hashes)) != 1:
            raise SystemExit(f"{what}: ranks are not bit-equal: {hashes}")
        # Planned for exactly these tokens, the plan's bytes are those that the run counts.
        plan = json.loads(run(tp_plan, model, "--mesh", f"tp={n}", "--batch", str(batch), "--max-seq", str(seq), "--format", "json"))
        planned = next(moved(e) for e in plan["entries"] if e["name"] == "score")
        counted = next(moved(e) for e in runs[0][1]["entries"] if e["name"] == "score")
        if planned != counted:
            raise SystemExit(f"{what}: planned {planned}, counted {counted}")
    return len(ranks), shape


rng = random.Random(seed)
programs = 0
with tempfile.TemporaryDirectory() as folder:
    for index in range(count):
        ranks, shape = check(index, rng, folder)
        programs += ranks
print(f"{count} models as {programs} sharded programs agree (seed {seed})")
