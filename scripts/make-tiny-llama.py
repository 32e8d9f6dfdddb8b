#!/usr/bin/env python3
"""Writes a small Llama-like model with random weights: a Hugging Face folder, or the same model as one GGUF file.

The weights depend on the seed and the sizes only, so `--gguf` gives the model that the folder holds, with the rows of q and k
in the order that GGUF stores them in. Needs nothing but Python.
"""
import argparse
import array
import json
import random
import struct
import sys

from tiny_folder import add_common_arguments, bytes_of, values_of, write_folder


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="folder to write, or the file with --gguf")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--kv-heads", type=int, default=None, help="as many as heads if not given")
    parser.add_argument("--head-dim", type=int, default=None, help="hidden / heads if not given")
    parser.add_argument("--ffn", type=int, default=48)
    parser.add_argument("--vocab", type=int, default=64)
    parser.add_argument("--max-positions", type=int, default=128)
    parser.add_argument("--tied", action="store_true", help="the output projection is the embedding table")
    parser.add_argument("--architecture", choices=["llama", "mistral", "qwen2", "qwen3"], default="llama")
    parser.add_argument("--bias", action="store_true", help="attention_bias and mlp_bias (llama, the former qwen3)")
    parser.add_argument("--rope-theta", type=float, default=10000.0)
    parser.add_argument("--rope-scaling", type=json.loads, default=None, help="the value of rope_scaling, as JSON")
    parser.add_argument("--sliding-window", type=int, default=None)
    parser.add_argument("--max-window-layers", type=int, default=0, help="layers without the window (qwen2, qwen3)")
    parser.add_argument("--gguf", action="store_true")
    parser.add_argument("--quantise", choices=["Q4_0", "Q4_1", "Q8_0"], default=None,
                        help="how matrices are stored (--gguf; their rows are multiples of 32)")
    add_common_arguments(parser)
    options = parser.parse_args()
    options.kv_heads = options.kv_heads or options.heads
    options.head_dim = options.head_dim or options.hidden // options.heads
    return options


def config_of(o):
    names = {"llama": "LlamaForCausalLM", "mistral": "MistralForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
    config = {
        "architectures": [names[o.architecture]],
        "model_type": o.architecture,
        "hidden_act": "silu",
        "hidden_size": o.hidden,
        "intermediate_size": o.ffn,
        "num_hidden_layers": o.layers,
        "num_attention_heads": o.heads,
        "num_key_value_heads": o.kv_heads,
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "rms_norm_eps": 1e-5,
        "rope_theta": o.rope_theta,
        "tie_word_embeddings": o.tied,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    if o.architecture != "qwen2" or o.head_dim * o.heads != o.hidden:
        config["head_dim"] = o.head_dim
    if o.rope_scaling is not None:
        config["rope_scaling"] = o.rope_scaling
    if o.architecture == "llama":
        config |= {"attention_bias": o.bias, "mlp_bias": o.bias}
    if o.architecture == "qwen3":
        config |= {"attention_bias": o.bias}
    if o.architecture != "llama":
        config["sliding_window"] = o.sliding_window
    if o.architecture.startswith("qwen"):
        config |= {"use_sliding_window": o.sliding_window is not None, "max_window_layers": o.max_window_layers}
    return config


def shapes_of(o):
    """Names, shapes and GGUF names of all weights, in the order of the forward pass."""
    queries, keys = o.heads * o.head_dim, o.kv_heads * o.head_dim
    query_bias = o.bias or o.architecture == "qwen2"
    mlp_bias = o.bias and o.architecture == "llama"
    yield "model.embed_tokens.weight", [o.vocab, o.hidden], "token_embd.weight"
    for i in range(o.layers):
        layer, block = f"model.layers.{i}.", f"blk.{i}."
        linears = [
            ("self_attn.q_proj", [queries, o.hidden], "attn_q", query_bias),
            ("self_attn.k_proj", [keys, o.hidden], "attn_k", query_bias),
            ("self_attn.v_proj", [keys, o.hidden], "attn_v", query_bias),
            ("self_attn.o_proj", [o.hidden, queries], "attn_output", o.bias),
            ("mlp.gate_proj", [o.ffn, o.hidden], "ffn_gate", mlp_bias),
            ("mlp.up_proj", [o.ffn, o.hidden], "ffn_up", mlp_bias),
            ("mlp.down_proj", [o.hidden, o.ffn], "ffn_down", mlp_bias),
        ]
        yield layer + "input_layernorm.weight", [o.hidden], block + "attn_norm.weight"
        yield layer + "post_attention_layernorm.weight", [o.hidden], block + "ffn_norm.weight"
        if o.architecture == "qwen3":
            yield layer + "self_attn.q_norm.weight", [o.head_dim], block + "attn_q_norm.weight"
            yield layer + "self_attn.k_norm.weight", [o.head_dim], block + "attn_k_norm.weight"
        for name, shape, gguf, bias in linears:
            yield layer + name + ".weight", shape, block + gguf + ".weight"
            if bias:
                yield layer + name + ".bias", shape[:1], block + gguf + ".bias"
    yield "model.norm.weight", [o.hidden], "output_norm.weight"
    if not o.tied:
        yield "lm_head.weight", [o.vocab, o.hidden], "output.weight"


def interleave_pairs(values, shape, heads):
    """Rows (head, half, i) as (head, i, half): how GGUF stores q and k of arch "llama"."""
    row = len(values) // shape[0]
    width = shape[0] // heads
    result = array.array("f")
    for head in range(heads):
        for i in range(width // 2):
            for half in range(2):
                begin = (head * width + half * (width // 2) + i) * row
                result.extend(values[begin : begin + row])
    return result


def gguf_string(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_value(value):
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    return struct.pack("<I", 8) + gguf_string(value)


def quantised(values, kind):
    """Blocks of 32, each with its scale (and least value); nearest quant, which is all that a test needs."""
    data = b""
    for i in range(0, len(values), 32):
        block = values[i : i + 32]
        least, most, largest = min(block), max(block), max(block, key=abs)
        if kind == "Q8_0":
            scale = abs(largest) / 127
            quants = [round(value / scale) if scale else 0 for value in block]
            data += struct.pack("<e32b", scale, *quants)
            continue
        scale = (most - least) / 15 if kind == "Q4_1" else largest / -8
        zero = least if kind == "Q4_1" else -8 * scale
        quants = [min(15, max(0, round((value - zero) / scale))) if scale else 0 for value in block]
        data += struct.pack("<ee", scale, least) if kind == "Q4_1" else struct.pack("<e", scale)
        data += bytes(quants[j] | quants[j + 16] << 4 for j in range(16))
    return data


def write_gguf(o, tensors):
    arch = o.architecture if o.architecture.startswith("qwen") else "llama"
    metadata = {
        "general.architecture": arch,
        "general.alignment": 32,
        f"{arch}.block_count": o.layers,
        f"{arch}.context_length": o.max_positions,
        f"{arch}.embedding_length": o.hidden,
        f"{arch}.feed_forward_length": o.ffn,
        f"{arch}.attention.head_count": o.heads,
        f"{arch}.attention.head_count_kv": o.kv_heads,
        f"{arch}.attention.key_length": o.head_dim,
        f"{arch}.attention.value_length": o.head_dim,
        f"{arch}.rope.dimension_count": o.head_dim,
        f"{arch}.attention.layer_norm_rms_epsilon": 1e-5,
        f"{arch}.rope.freq_base": o.rope_theta,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    scaling = o.rope_scaling or {}
    kind = scaling.get("rope_type", scaling.get("type"))
    if kind in ("linear", "yarn"):
        metadata[f"{arch}.rope.scaling.type"] = kind
        metadata[f"{arch}.rope.scaling.factor"] = float(scaling["factor"])
        if "original_max_position_embeddings" in scaling:
            metadata[f"{arch}.rope.scaling.original_context_length"] = scaling["original_max_position_embeddings"]
    elif kind:
        sys.exit(f"rope scaling {kind} cannot be written to GGUF here")
    header = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        header += gguf_string(key) + gguf_value(value)
    codes = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 8, "BF16": 30}
    data = b""
    for name, shape, contents in tensors:
        data += b"\0" * (-len(data) % 32)
        header += gguf_string(name) + struct.pack("<I", len(shape))
        header += b"".join(struct.pack("<Q", size) for size in reversed(shape))
        header += struct.pack("<IQ", codes[o.quantise if o.quantise and len(shape) == 2 else o.dtype], len(data))
        data += contents
    with open(o.out, "wb") as file:
        file.write(header + b"\0" * (-len(header) % 32) + data)


def main():
    o = arguments()
    source = random.Random(o.seed)
    tensors = []
    for name, shape, gguf_name in shapes_of(o):
        if o.config_only:
            continue
        values = values_of(name, shape, source)
        if name in o.without:
            continue
        if o.gguf and not o.architecture.startswith("qwen") and (".q_proj" in name or ".k_proj" in name):
            values = interleave_pairs(values, shape, o.heads if ".q_proj" in name else o.kv_heads)
        contents = quantised(values, o.quantise) if o.quantise and len(shape) == 2 else bytes_of(values, o)
        tensors.append((gguf_name if o.gguf else name, shape, contents))
    write_gguf(o, tensors) if o.gguf else write_folder(o, config_of(o), tensors)


if __name__ == "__main__":
    main()
