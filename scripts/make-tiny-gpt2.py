#!/usr/bin/env python3
"""Writes a small GPT-2 with random weights as a Hugging Face folder. Needs nothing but Python."""
import argparse
import random

from tiny_folder import add_common_arguments, write_random_folder


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="folder to write")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--ffn", type=int, default=None, help="n_inner, 4 * hidden if not given")
    parser.add_argument("--vocab", type=int, default=64)
    parser.add_argument("--max-positions", type=int, default=64)
    parser.add_argument("--activation", default="gelu_new")
    parser.add_argument("--untied", action="store_true", help="the output projection is a weight of its own")
    parser.add_argument("--no-prefix", action="store_true", help='names without "transformer."')
    add_common_arguments(parser)
    return parser.parse_args()


def config_of(o):
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "n_embd": o.hidden,
        "n_layer": o.layers,
        "n_head": o.heads,
        "n_inner": o.ffn,
        "n_positions": o.max_positions,
        "vocab_size": o.vocab,
        "activation_function": o.activation,
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": not o.untied,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def shapes_of(o):
    """Names, shapes and the number of inputs of linear layers, which are stored as [in, out]."""
    prefix, hidden, inner = "" if o.no_prefix else "transformer.", o.hidden, o.ffn or 4 * o.hidden
    yield prefix + "wte.weight", [o.vocab, hidden], None
    yield prefix + "wpe.weight", [o.max_positions, hidden], None
    for i in range(o.layers):
        layer = f"{prefix}h.{i}."
        linears = {"ln_1": [hidden], "attn.c_attn": [hidden, 3 * hidden], "attn.c_proj": [hidden, hidden], "ln_2": [hidden]}
        linears |= {"mlp.c_fc": [hidden, inner], "mlp.c_proj": [inner, hidden]}
        for name, shape in linears.items():
            yield layer + name + ".weight", shape, shape[0]
            yield layer + name + ".bias", shape[-1:], None
    yield prefix + "ln_f.weight", [hidden], None
    yield prefix + "ln_f.bias", [hidden], None
    if o.untied:
        yield "lm_head.weight", [o.vocab, hidden], hidden


if __name__ == "__main__":
    options = arguments()
    write_random_folder(options, config_of(options), shapes_of(options), random.Random(options.seed))
