"""Small models of all families against PyTorch and transformers, whose outputs scripts/compare-with-transformers.py --write has kept.

    transformers.py BIN SCRIPTS INPUTS
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile

from npy import read_npy, write_npy

tools, scripts, inputs = sys.argv[1:]
TOLERANCE = 1e-5  # largest difference over largest magnitude, f32
FLAGS = {"tokens": "--tokens-file", "attention_mask": "--attention-mask", "token_types": "--token-types"}


def output(model, folder):
    make, *arguments = shlex.split(model["make"])
    weights, module, out = (os.path.join(folder, name) for name in ("weights", "model.tpm", "out.npy"))
    subprocess.run(["rm", "-rf", weights], check=True)
    subprocess.run([sys.executable, os.path.join(scripts, make), *arguments, weights], check=True)
    mesh = ["--mesh", model["mesh"], "--batch", str(model["batch"]), "--max-seq", "16"]
    subprocess.run([os.path.join(tools, "tp-compile"), weights, *mesh, "-o", module], check=True)
    command = [os.path.join(tools, "tp-run"), module, "--hidden" if "bert" in make else "--logits", out, "--threads", "1"]
    for name, rows in model["inputs"].items():
        path = os.path.join(folder, name)
        write_npy(path, (len(rows), len(rows[0])), sum(rows, []))
        command += [FLAGS[name], path]
    subprocess.run(command, check=True)
    return read_npy(out)


with open(os.path.join(inputs, "transformers.json"), encoding="utf-8") as file:
    models = json.load(file)["models"]
_, rest = read_npy(os.path.join(inputs, "transformers.npy"))
with tempfile.TemporaryDirectory() as folder:
    for model in models:
        shape, found = output(model, folder)
        expected, rest = rest[: len(found)], rest[len(found) :]
        difference = max(abs(a - b) for a, b in zip(found, expected)) / max(map(abs, expected))
        if list(shape) != model["shape"] or not difference <= TOLERANCE:
            raise SystemExit(f"{model['make']} --mesh {model['mesh']}: {shape} differs by {difference:.1e} from {model['shape']}")
print(f"{len(models)} models give what transformers gives")
