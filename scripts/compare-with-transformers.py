#!/usr/bin/env python3
"""Compares tp's logits of a Hugging Face folder or a GGUF file with those of PyTorch and transformers, for several numbers of ranks.

    scripts/compare-with-transformers.py MODEL [--ranks 1,2,4] [--tokens 16] [--batch 2] [--tolerance 1e-4]
    scripts/compare-with-transformers.py --random 10

The difference is the largest one over the largest magnitude. Exits with 0 if all are within the tolerance, 1 if one is not, and
77 where torch or transformers is not installed. `--random N` writes N small models of different kinds and compares them all.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

try:
    import numpy
    import torch
    import transformers
except ImportError as missing:
    print(f"skipped: {missing.name} is not installed", file=sys.stderr)
    sys.exit(77)


def tool(name, build):
    path = os.path.join(build, "bin", name)
    if not os.path.exists(path):
        sys.exit(f"error: {path} is not there; build it, or say --build FOLDER")
    return path


def expected_logits(folder, ids):
    """Of a folder, or of a GGUF file, which transformers dequantises (with the packages gguf and accelerate)."""
    name = "dtype" if tuple(int(part) for part in transformers.__version__.split(".")[:2]) >= (4, 56) else "torch_dtype"
    where, options = folder, {name: torch.float32}
    if folder.endswith(".gguf"):
        where, options["gguf_file"] = os.path.split(os.path.abspath(folder))
    model = transformers.AutoModelForCausalLM.from_pretrained(where, attn_implementation="eager", **options)
    with torch.no_grad():
        return model.eval()(torch.from_numpy(ids).long()).logits.numpy()


def our_logits(folder, ids, ranks, build):
    with tempfile.TemporaryDirectory() as work:
        module, tokens, logits = (os.path.join(work, name) for name in ("model.tpm", "ids.npy", "logits.npy"))
        numpy.save(tokens, ids)
        subprocess.run([tool("tp-compile", build), folder, "--mesh", f"tp={ranks}", "--batch", str(ids.shape[0]), "-o", module], check=True)
        subprocess.run([tool("tp-run", build), module, "--tokens-file", tokens, "--logits", logits], check=True)
        return numpy.load(logits)


def compare(folder, options, ranks):
    ids = numpy.random.default_rng(options.seed).integers(0, options.below, (options.batch, options.tokens), dtype=numpy.int32)
    expected = expected_logits(folder, ids)
    worst = 0.0
    for count in ranks:
        found = our_logits(folder, ids, count, options.build)
        difference = abs(found - expected).max() / abs(expected).max() if found.shape == expected.shape else float("inf")
        print(f"{folder}: tp={count} differs by {difference:.2e}")
        worst = max(worst, difference)
    return worst <= options.tolerance


def random_models(count, work, seed):
    """Folders of small models, and the numbers of ranks that each allows."""
    source = random.Random(seed)
    scalings = [
        None,
        '{"rope_type": "linear", "factor": 2.0}',
        '{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}',
        '{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}',
        '{"rope_type": "dynamic", "factor": 2.0}',
    ]
    for i in range(count):
        heads = source.choice([3, 4, 6, 8])
        keys = source.choice([k for k in range(1, heads + 1) if heads % k == 0])
        width = source.choice([4, 8, 16])
        ffn = 12 * source.choice([3, 4, 7])
        folder = os.path.join(work, f"model{i}")
        command = [sys.executable, os.path.join(HERE, "make-tiny-llama.py"), folder, "--seed", str(i)]
        command += ["--heads", str(heads), "--kv-heads", str(keys), "--head-dim", str(width), "--hidden", str(heads * width)]
        command += ["--ffn", str(ffn), "--vocab", str(source.randint(40, 200)), "--layers", str(source.randint(1, 3))]
        command += ["--architecture", source.choice(["llama", "llama", "mistral", "qwen2"])]
        command += ["--dtype", source.choice(["F32", "F16", "BF16"])]
        command += source.choice([[], ["--tied"]]) + source.choice([[], ["--shards", "2"]])
        if "llama" in command:
            command += source.choice([[], ["--bias"]])
        scaling = scalings[i % len(scalings)]
        if scaling:
            command += ["--rope-scaling", scaling]
        subprocess.run(command, check=True)
        ranks = [t for t in (1, 2, 3, 4) if heads % t == 0 and ffn % t == 0 and (keys % t == 0 or t % keys == 0)]
        yield folder, ranks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--random", type=int, metavar="N", help="compare N small random models instead")
    parser.add_argument("--ranks", default="1,2", help="numbers of ranks for FOLDER")
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--below", type=int, default=40, help="token ids are random and below this")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "build"))
    options = parser.parse_args()
    if (options.folder is None) == (options.random is None):
        parser.error("give a folder or --random N")
    if options.folder:
        return 0 if compare(options.folder, options, [int(count) for count in options.ranks.split(",")]) else 1
    with tempfile.TemporaryDirectory() as work:
        results = [compare(folder, options, ranks) for folder, ranks in random_models(options.random, work, options.seed)]
    print(f"{sum(results)} of {len(results)} models agree to {options.tolerance:g}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
