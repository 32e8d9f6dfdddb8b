#!/usr/bin/env python3
"""Compares tp with PyTorch and transformers, for several meshes: logits of language models, hidden states of encoders.

    scripts/compare-with-transformers.py MODEL [--ranks 1,2,4] [--tokens 16] [--batch 2] [--tolerance 1e-4]
    scripts/compare-with-transformers.py --random 60 [--seed 0]
    scripts/compare-with-transformers.py --random 12 --write test/Execution/Inputs

MODEL is a Hugging Face folder or a GGUF file. The difference is the largest one over the largest magnitude. Exits with 0 if all are within
the tolerance, 1 if one is not, and 77 where torch or transformers is not installed (scripts/make-peers makes an environment that has
them). `--random N` draws N small models of all families and compares them all; with `--write` what transformers
computes is written instead, for test/Execution/transformers.test.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

from random_model import FAMILIES, MAX_SEQUENCE, RandomModel

HERE = os.path.dirname(os.path.abspath(__file__))

try:
    import numpy
    import torch
    import transformers
except ImportError as missing:
    print(f"skipped: {missing.name} is not installed", file=sys.stderr)
    sys.exit(77)

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def tool(name, build):
    path = os.path.join(build, "bin", name)
    if not os.path.exists(path):
        sys.exit(f"error: {path} is not there; build it, or say --build FOLDER")
    return path


def is_encoder(model):
    if model.endswith(".gguf"):
        return False
    with open(os.path.join(model, "config.json"), encoding="utf-8") as file:
        return json.load(file).get("model_type") == "bert"


def expected_output(model, inputs):
    """Of a folder, or of a GGUF file, which transformers dequantises (with the packages gguf and accelerate)."""
    name = "dtype" if tuple(int(part) for part in transformers.__version__.split(".")[:2]) >= (4, 56) else "torch_dtype"
    where, options = model, {name: torch.float32}
    if model.endswith(".gguf"):
        where, options["gguf_file"] = os.path.split(os.path.abspath(model))
    kind = transformers.AutoModel if is_encoder(model) else transformers.AutoModelForCausalLM
    loaded = kind.from_pretrained(where, attn_implementation="eager", **options).eval()
    names = {"tokens": "input_ids", "attention_mask": "attention_mask", "token_types": "token_type_ids"}
    with torch.no_grad():
        output = loaded(**{names[key]: torch.from_numpy(value).long() for key, value in inputs.items()})
    return (output.last_hidden_state if is_encoder(model) else output.logits).numpy()


def our_output(model, inputs, mesh, batch, build):
    with tempfile.TemporaryDirectory() as work:
        module, out = os.path.join(work, "model.tpm"), os.path.join(work, "out.npy")
        longest = max(MAX_SEQUENCE, inputs["tokens"].shape[1])
        subprocess.run([tool("tp-compile", build), model, "--mesh", mesh, "--batch", str(batch), "--max-seq", str(longest), "-o", module], check=True)
        command = [tool("tp-run", build), module, "--hidden" if is_encoder(model) else "--logits", out]
        flags = {"tokens": "--tokens-file", "attention_mask": "--attention-mask", "token_types": "--token-types"}
        for name, value in inputs.items():
            numpy.save(os.path.join(work, name + ".npy"), value)
            command += [flags[name], os.path.join(work, name + ".npy")]
        subprocess.run(command, check=True)
        return numpy.load(out)


def compare(model, inputs, meshes, batch, options, what):
    """The largest difference over all meshes."""
    expected, worst = expected_output(model, inputs), 0.0
    for mesh in meshes:
        found = our_output(model, inputs, mesh, batch, options.build)
        difference = abs(found - expected).max() / abs(expected).max() if found.shape == expected.shape else float("inf")
        print(f"{what}: {mesh} differs by {difference:.2e}", flush=True)
        worst = max(worst, difference)
    return worst


def draw(index, work):
    rng = random.Random(f"{index}")
    model = RandomModel(rng, FAMILIES[index % len(FAMILIES)], os.path.join(work, f"model{index}"))
    return rng, model, {name: numpy.array(rows, dtype=numpy.int32) for name, rows in model.inputs.items()}


def write_expected(folder, indices, work):
    """transformers.json, a list of models and inputs, and transformers.npy, what they give, one after the other."""
    models, values = [], []
    for index in indices:
        rng, model, inputs = draw(index, work)
        output = expected_output(model.folder, inputs)
        values.append(output.astype(numpy.float32).ravel())
        mesh = rng.choice([mesh for mesh, ranks in model.meshes(rng) if ranks <= 4][-2:])
        models.append({"make": model.what, "mesh": mesh, "batch": model.batch, "inputs": model.inputs, "shape": output.shape})
    versions = {module.__name__: module.__version__ for module in (torch, transformers)}
    with open(os.path.join(folder, "transformers.json"), "w", encoding="utf-8") as out:
        json.dump({"versions": versions, "models": models}, out, indent=1)
        out.write("\n")
    numpy.save(os.path.join(folder, "transformers.npy"), numpy.concatenate(values))


def compare_random(index, work, options):
    rng, model, inputs = draw(index, work)
    meshes = [mesh for mesh, _ in model.meshes(rng)]
    chosen = meshes[:1] + rng.sample(meshes[1:], min(2, len(meshes) - 1))
    return model.family, compare(model.folder, inputs, chosen, model.batch, options, f"{index} ({model.what})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--random", type=int, metavar="N", help="compare N small random models instead")
    parser.add_argument("--write", metavar="FOLDER", help="write what transformers computes of the random models")
    parser.add_argument("--ranks", default="1,2", help="numbers of ranks for MODEL")
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--below", type=int, default=40, help="token ids are random and below this")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "build"))
    options = parser.parse_args()
    if (options.model is None) == (options.random is None):
        parser.error("give a model or --random N")
    if options.model:
        rng = numpy.random.default_rng(options.seed)
        inputs = {"tokens": rng.integers(0, options.below, (options.batch, options.tokens), dtype=numpy.int32)}
        meshes = [f"tp={count}" for count in options.ranks.split(",")]
        return 0 if compare(options.model, inputs, meshes, options.batch, options, options.model) <= options.tolerance else 1
    if options.write:
        with tempfile.TemporaryDirectory() as work:
            write_expected(options.write, range(options.seed, options.seed + options.random), work)
        return 0
    worst = {}
    with tempfile.TemporaryDirectory() as work:
        for index in range(options.seed, options.seed + options.random):
            family, difference = compare_random(index, work, options)
            worst.setdefault(family, []).append(difference)
    for family, differences in worst.items():
        agree = sum(difference <= options.tolerance for difference in differences)
        print(f"{family}: {agree} of {len(differences)} models agree to {options.tolerance:g}; largest difference {max(differences):.1e}")
    return 0 if all(max(differences) <= options.tolerance for differences in worst.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
