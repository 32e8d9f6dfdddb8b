"""Small models of all families with random shapes, weights and inputs, on every number of ranks that they allow.

    random-models.py BIN COUNT SEED [--comm local,mpi] [--families llama,bert]

For each model: logits or hidden states of the compiled module agree with the unsharded reference interpreter to 1e-4 in f32, and in
bf16 and f16 to 2e-2 and at most 3 times the error of the unsharded module in that type (largest difference over largest magnitude,
against the interpreter in f32; all three types can hold the weights, so that it is the arithmetic that is looked at). All ranks are bit-equal, two runs are, and so is every --comm. Bytes counted are bytes planned. Greedy
generation with the cache takes the token that the logits of the whole sequence make the largest.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

from mpi_launch import environment, mpirun
from npy import read_npy, write_npy
from random_model import FAMILIES, MAX_SEQUENCE, RandomModel


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment())
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed: {done.stderr.strip()[:800]}")
    return done.stdout


class Checker:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.programs = 0
        self.worst = {"f32": 0.0, "bf16": 0.0, "f16": 0.0}
        self.factor = 0.0  # of the error that sharding makes of rounding's

    def tool(self, name):
        return os.path.join(self.options.bin, name)

    def path(self, name):
        return os.path.join(self.work, name)

    def fail(self, message):
        raise SystemExit(f"{self.what}: {message}")

    def expected(self, model):
        """The interpreter's f32 output of the entry, rows and positions of the input only."""
        entry, output = ("main", "hidden") if model.encoder else ("score", "logits")
        given = dict(model.inputs)
        if not model.encoder:
            given["positions"] = [list(range(model.length)) for _ in range(model.rows)]
        arguments = []
        for name, rows in given.items():
            padding = [[0] * model.length for _ in range(model.batch - model.rows)]
            write_npy(self.path(name), (model.batch, model.length), sum(rows + padding, []))
            arguments += ["--input", f"{entry}.{name}={self.path(name)}"]
        run(self.tool("tp-check"), model.folder, "--mesh", "tp=1", "--batch", model.batch, "--max-seq", MAX_SEQUENCE, *arguments,
            "--tokens", model.length, "--output", f"{entry}.{output}={self.path('expected')}")
        shape, values = read_npy(self.path("expected"))
        return (model.rows, *shape[1:]), values[: len(values) // model.batch * model.rows]

    def launch(self, comm, ranks, *arguments):
        launcher = mpirun(ranks) if comm == "mpi" else []
        return run(*launcher, self.tool("tp-run"), self.path("module"), "--comm", comm, "--threads", 1, *arguments)

    def forward(self, model, comm, ranks, out):
        """Output file's bytes and --stats of one run on the model's inputs."""
        arguments = ["--tokens-file", self.path("tokens"), "--hidden" if model.encoder else "--logits", out, "--stats", self.path("stats")]
        for flag, name in (("--attention-mask", "attention_mask"), ("--token-types", "token_types")):
            if name in model.inputs:
                arguments += [flag, self.path(name)]
        self.launch(comm, ranks, *arguments)
        with open(out, "rb") as file, open(self.path("stats"), encoding="utf-8") as stats:
            return file.read(), json.load(stats)

    def check_mesh(self, model, mesh, ranks, dtype, shape):
        """The module's output on the mesh, after everything that must be equal was."""
        self.what = f"{model.what}, {model.rows} x {model.length} tokens, --mesh {mesh} --batch {model.batch} --dtype {dtype}"
        common = ["--mesh", mesh, "--batch", model.batch, "--dtype", dtype]
        run(self.tool("tp-compile"), model.folder, *common, "--max-seq", MAX_SEQUENCE, "-o", self.path("module"))
        for name, rows in model.inputs.items():
            write_npy(self.path(name), (model.rows, model.length), sum(rows, []))
        runs = [(comm, self.forward(model, comm, ranks, self.path("output"))) for comm in [*self.options.comm, self.options.comm[0]]]
        for comm, (data, stats) in runs:
            if data != runs[0][1][0]:
                self.fail(f"a second run with --comm {comm} is not bit-equal")
            hashes = stats["output_hashes"]["hidden" if model.encoder else "logits"]
            if len(hashes) != ranks or len(set(hashes)) != 1:
                self.fail(f"ranks are not bit-equal with --comm {comm}: {hashes}")
        found, values = read_npy(self.path("output"))
        if found != shape:
            self.fail(f"the output has shape {found}, needs {shape}")
        # Planned for exactly these tokens, the plan's bytes are those that every run counts.
        plan = json.loads(run(self.tool("tp-plan"), model.folder, *common, "--max-seq", model.length, "--format", "json"))
        entry = "main" if model.encoder else "score"
        for comm, (_, stats) in runs:
            planned, counted = moved(plan, entry), moved(stats, entry)
            if planned != counted:
                self.fail(f"planned {planned}, counted with --comm {comm} {counted}")
        self.programs += 1
        return values

    def check_generation(self, model, rng, ranks):
        """Every token that greedy generation makes is the likeliest by the logits of the whole sequence."""
        new = rng.randint(2, 5)
        prompts = [[rng.randrange(model.vocab) for _ in range(rng.randint(1, MAX_SEQUENCE - new))] for _ in range(model.rows)]
        arguments = ["--max-new-tokens", new, "--ignore-eos", "--print-tokens"]
        for prompt in prompts:
            arguments += ["--tokens", ",".join(map(str, prompt))]
        for comm in self.options.comm:
            printed = self.launch(comm, ranks, *arguments)
            produced = [list(map(int, line.split()[1:])) for line in printed.splitlines() if line.startswith("tokens:")]
            whole = [prompt + more for prompt, more in zip(prompts, produced, strict=True)]
            padded = [row + [0] * (MAX_SEQUENCE - len(row)) for row in whole]
            write_npy(self.path("whole"), (model.rows, MAX_SEQUENCE), sum(padded, []))
            self.launch(comm, ranks, "--tokens-file", self.path("whole"), "--logits", self.path("logits"))
            _, logits = read_npy(self.path("logits"))
            scale = max(abs(x) for x in logits)
            for row, (prompt, more) in enumerate(zip(prompts, produced)):
                if len(more) != new:
                    self.fail(f"{len(more)} tokens were made, not {new}")
                for i, token in enumerate(more):
                    begin = (row * MAX_SEQUENCE + len(prompt) + i - 1) * model.vocab
                    likeliest = max(logits[begin : begin + model.vocab])
                    if logits[begin + token] < likeliest - 1e-5 * scale:  # two may be as good as equal
                        self.fail(f"token {i} of sequence {row} is {token}, which is not the likeliest after {prompt + more[:i]}")

    def check(self, model, rng):
        self.what = model.what
        shape, expected = self.expected(model)
        meshes = model.meshes(rng)
        # Every mesh in f32; the other types on one rank, for the error that is theirs alone, and on two meshes.
        half = rng.choice(["bf16", "f16"])
        sharded = meshes[1:]
        for dtype, chosen in (("f32", meshes), (half, meshes[:1] + rng.sample(sharded, min(2, len(sharded))))):
            unsharded = None
            for mesh, ranks in chosen:
                values = self.check_mesh(model, mesh, ranks, dtype, shape)
                error = difference(values, expected)
                unsharded = error if unsharded is None else unsharded
                limit = 1e-4 if dtype == "f32" else min(2e-2, 3 * unsharded)
                if not error <= limit:
                    self.fail(f"differs by {error:.2e}, allowed are {limit:.2e}; unsharded {unsharded:.2e}")
                self.worst[dtype] = max(self.worst[dtype], error)
                self.factor = max(self.factor, error / unsharded if dtype != "f32" else 0)
                if not model.encoder and dtype == "f32":
                    self.check_generation(model, rng, ranks)


def difference(values, expected):
    """The largest over the largest magnitude."""
    return max(abs(a - b) for a, b in zip(values, expected, strict=True)) / max(abs(x) for x in expected)


def moved(report, entry):
    """What an entry puts on the wire: kind, axes and operand shape -> executions and bytes."""
    total = {}
    for c in next(e for e in report["entries"] if e["name"] == entry)["collectives"]:
        key = (c["kind"], tuple(c["axes"]), c["dtype"], tuple(c["operand_shape"]), c["where"])
        old = total.get(key, (0, 0))
        total[key] = (old[0] + c["count"], old[1] + c["wire_bytes_per_rank"])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", help="folder of the tools")
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--comm", type=lambda text: text.split(","), default=["local"])
    parser.add_argument("--families", type=lambda text: text.split(","), default=FAMILIES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        checker = Checker(options, work)
        for index in range(options.count):
            # Each model has a seed of its own, so that one that fails can be drawn alone.
            rng = random.Random(f"{options.seed + index}")
            family = options.families[(options.seed + index) % len(options.families)]
            model = RandomModel(rng, family, os.path.join(work, f"model{index}"))
            try:
                checker.check(model, rng)
            except SystemExit as failure:
                raise SystemExit(f"{failure}\nagain with: random-models.py {options.bin} 1 {options.seed + index}")
    worst = ", ".join(f"{dtype} {error:.1e}" for dtype, error in checker.worst.items())
    print(f"{options.count} models as {checker.programs} sharded programs agree (seed {options.seed}, largest differences {worst}, "
          f"at most {checker.factor:.1f} times the unsharded)")


if __name__ == "__main__":
    main()
