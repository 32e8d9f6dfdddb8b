#!/usr/bin/env python3
"""Writes a small BERT with random weights as a Hugging Face folder. Needs nothing but Python."""
import argparse
import random

from tiny_folder import add_common_arguments, write_random_folder


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="folder to write")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--ffn", type=int, default=48)
    parser.add_argument("--vocab", type=int, default=64)
    parser.add_argument("--token-types", type=int, default=2)
    parser.add_argument("--max-positions", type=int, default=64)
    parser.add_argument("--activation", default="gelu")
    parser.add_argument("--masked-lm", action="store_true", help='a BertForMaskedLM: names begin with "bert.", no pooler, a head')
    parser.add_argument("--no-pooler", action="store_true")
    parser.add_argument("--gamma-beta", action="store_true", help="the names of norms that the first checkpoints have")
    add_common_arguments(parser)
    return parser.parse_args()


def config_of(o):
    return {
        "architectures": ["BertForMaskedLM" if o.masked_lm else "BertModel"],
        "model_type": "bert",
        "hidden_size": o.hidden,
        "num_hidden_layers": o.layers,
        "num_attention_heads": o.heads,
        "intermediate_size": o.ffn,
        "max_position_embeddings": o.max_positions,
        "type_vocab_size": o.token_types,
        "vocab_size": o.vocab,
        "hidden_act": o.activation,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }


def shapes_of(o):
    """Names, shapes and the number of inputs of linear layers."""
    prefix, hidden = "bert." if o.masked_lm else "", o.hidden
    weight, bias = ("gamma", "beta") if o.gamma_beta else ("weight", "bias")

    def norm(name):
        yield f"{name}.LayerNorm.{weight}", [hidden], None
        yield f"{name}.LayerNorm.{bias}", [hidden], None

    def linear(name, outputs, inputs):
        yield name + ".weight", [outputs, inputs], inputs
        yield name + ".bias", [outputs], None

    for name, rows in (("word", o.vocab), ("position", o.max_positions), ("token_type", o.token_types)):
        yield f"{prefix}embeddings.{name}_embeddings.weight", [rows, hidden], None
    yield from norm(prefix + "embeddings")
    for i in range(o.layers):
        layer = f"{prefix}encoder.layer.{i}."
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            yield from linear(layer + "attention." + name, hidden, hidden)
        yield from norm(layer + "attention.output")
        yield from linear(layer + "intermediate.dense", o.ffn, hidden)
        yield from linear(layer + "output.dense", hidden, o.ffn)
        yield from norm(layer + "output")
    if o.masked_lm:
        yield from linear("cls.predictions.transform.dense", hidden, hidden)
        yield from norm("cls.predictions.transform")
        yield "cls.predictions.bias", [o.vocab], None
    elif not o.no_pooler:
        yield from linear(prefix + "pooler.dense", hidden, hidden)


if __name__ == "__main__":
    options = arguments()
    write_random_folder(options, config_of(options), shapes_of(options), random.Random(options.seed))
