"""all-MiniLM-L6-v2 through tp on some numbers of ranks against its own package: token ids, and embeddings (the mean of the hidden
states of a text's tokens, normalised). scripts/make-minilm-reference.py wrote the reference.

    minilm.py TP_COMPILE TP_RUN MODEL INPUTS
"""
import json
import math
import os
import subprocess
import sys
import tempfile

from npy import read_npy

tp_compile, tp_run, model, inputs = sys.argv[1:]
WIDTH = 384


def embedding(states):
    mean = [sum(state[i] for state in states) / len(states) for i in range(WIDTH)]
    length = math.sqrt(sum(x * x for x in mean))
    return [x / length for x in mean]


def check(mesh, dtype, folder, reference, expected):
    texts, ids = reference["texts"], reference["ids"]
    module, hidden = os.path.join(folder, "minilm.tpm"), os.path.join(folder, "hidden.npy")
    longest = max(len(row) for row in ids)
    subprocess.run([tp_compile, model, "--mesh", mesh, "--dtype", dtype, "--batch", str(len(texts)), "--max-seq", str(longest), "-o", module],
                   check=True)
    command = [tp_run, module, "--hidden", hidden, "--print-tokens"]
    for text in texts:
        command += ["--prompt", text]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    for text, row, line in zip(texts, ids, printed, strict=True):
        if line != "tokens: " + " ".join(map(str, row)):
            raise SystemExit(f"{text!r} became {line}, needs {row}")
    shape, values = read_npy(hidden)
    if shape != (len(texts), longest, WIDTH):
        raise SystemExit(f"hidden states have shape {shape}")
    worst = 0.0
    for i, row in enumerate(ids):
        begin = i * longest * WIDTH
        states = [values[begin + j * WIDTH : begin + (j + 1) * WIDTH] for j in range(len(row))]
        worst = max(worst, *(abs(a - b) for a, b in zip(embedding(states), expected[i * WIDTH : (i + 1) * WIDTH])))
    tolerance = 1e-5 if dtype == "f32" else 1e-2
    print(f"{len(texts)} texts on {mesh} in {dtype}: embeddings differ by at most {worst:.1e}")
    if not worst <= tolerance:
        raise SystemExit(f"that is more than {tolerance}")


with open(os.path.join(inputs, "minilm-texts.json"), encoding="utf-8") as file:
    reference = json.load(file)
_, expected = read_npy(os.path.join(inputs, "minilm-embeddings.npy"))
with tempfile.TemporaryDirectory() as folder:
    for mesh, dtype in (("tp=1", "f32"), ("tp=2", "f32"), ("tp=3", "f32"), ("dp=2,tp=2", "f32"), ("tp=3", "bf16"), ("tp=3", "f16")):
        check(mesh, dtype, folder, reference, expected)
