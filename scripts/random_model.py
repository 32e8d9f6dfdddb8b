"""Draws small models of every family that tp reads, with inputs: for the tests that hold tp against something else. Needs nothing but
Python."""
import os
import shlex
import subprocess
import sys

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
FAMILIES = ["bert", "llama", "gpt2", "qwen2", "mistral", "qwen3"]
RANKS = (1, 2, 3, 4, 6, 8)
MAX_SEQUENCE = 16
ROPE_SCALINGS = [
    None,
    None,
    '{"rope_type": "linear", "factor": 2.0}',
    '{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}',
    '{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}',
    '{"rope_type": "dynamic", "factor": 2.0}',
]


class RandomModel:
    """A model's facts as drawn, its folder, and inputs for it."""

    def __init__(self, rng, family, folder):
        self.family, self.folder = family, folder
        self.encoder = family == "bert"
        self.heads = rng.choice([2, 3, 4, 6, 8, 12])
        self.key_heads = self.heads
        self.ffn = rng.choice([24, 48, 72])
        self.vocab = rng.choice([40, 61, 96])  # 61 divides over nothing: padded
        self.batch = rng.choice([1, 2, 2, 4])
        self.rows = rng.randint(1, self.batch)
        self.length = rng.choice([1, 4, 7, 9, 11])
        head = rng.choice([4, 8]) if self.heads > 3 else 8
        arguments = ["--layers", rng.choice([1, 2]), "--heads", self.heads, "--ffn", self.ffn, "--vocab", self.vocab]
        arguments += ["--max-positions", rng.choice([MAX_SEQUENCE, 40]), "--seed", rng.randrange(1 << 30)]
        arguments += ["--dtype", rng.choice(["F32", "F16", "BF16"]), "--shards", rng.choice([1, 2]), "--coarse"]
        if family == "gpt2":
            arguments += ["--hidden", head * self.heads, "--activation", rng.choice(["gelu_new", "gelu", "relu", "quick_gelu"])]
            arguments += rng.choice([[], ["--untied"]]) + rng.choice([[], ["--no-prefix"]])
            if rng.random() < 0.3:
                arguments += ["--config", '{"scale_attn_by_inverse_layer_idx": true}']
        elif family == "bert":
            arguments += ["--hidden", head * self.heads, "--activation", rng.choice(["gelu", "gelu_new", "relu"])]
            arguments += rng.choice([[], ["--masked-lm"], ["--no-pooler"]]) + ["--token-types", rng.choice([1, 2, 3])]
        else:
            self.key_heads = rng.choice([n for n in range(1, self.heads + 1) if self.heads % n == 0])
            # Of llama alone, transformers wants a hidden size that divides over the heads.
            hidden = rng.choice([16, 24, 36, 48]) if family != "llama" else self.heads * head
            arguments += ["--architecture", family, "--hidden", hidden, "--head-dim", head, "--kv-heads", self.key_heads]
            arguments += rng.choice([[], ["--tied"]])
            if scaling := rng.choice(ROPE_SCALINGS):
                arguments += ["--rope-scaling", scaling]
            if family in ("llama", "qwen3"):
                arguments += rng.choice([[], ["--bias"]])
            if family != "llama" and rng.random() < 0.7:
                arguments += ["--sliding-window", rng.choice([1, 3, 5])]
                if family != "mistral":
                    arguments += ["--max-window-layers", rng.choice([0, 1])]
        script = {"gpt2": "make-tiny-gpt2.py", "bert": "make-tiny-bert.py"}.get(family, "make-tiny-llama.py")
        self.what = shlex.join([script, *map(str, arguments)])
        subprocess.run([sys.executable, os.path.join(SCRIPTS, script), *map(str, arguments), folder], check=True)
        types = arguments[arguments.index("--token-types") + 1] if self.encoder else 1
        self.inputs = {"tokens": self.draw(rng, lambda _: rng.randrange(self.vocab))}
        if self.encoder:
            # Some tokens at the end are padding, and some in between are hidden; the first never is.
            visible = [rng.randint(1, self.length) for _ in range(self.rows)]
            self.inputs["attention_mask"] = self.draw(rng, lambda at: int(at[1] == 0 or (at[1] < visible[at[0]] and rng.random() < 0.8)))
            self.inputs["token_types"] = self.draw(rng, lambda _: rng.randrange(types))

    def draw(self, rng, value):
        return [[value((row, i)) for i in range(self.length)] for row in range(self.rows)]

    def allows(self, ranks):
        keys = self.key_heads
        return self.heads % ranks == 0 and self.ffn % ranks == 0 and (keys % ranks == 0 or ranks % keys == 0)

    def meshes(self, rng):
        """Text and number of ranks: one axis for every number of ranks, and two where the batch divides."""
        found = [(f"tp={n}", n) for n in RANKS if self.allows(n)]
        both = [(dp, n) for dp in (2, 4) for n in (1, 2, 3, 4) if self.batch % dp == 0 and self.allows(n) and dp * n <= 8]
        if both:
            dp, n = rng.choice(both)
            found.append((f"dp={dp},tp={n}", dp * n))
        return found
