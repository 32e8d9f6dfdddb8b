"""Peer: the GGUF's model in PyTorch, weights expanded to f32, with transformers' own code and its growing key-value cache.

    generate_torch.py MODEL.gguf     every line on stdin, "BATCH LENGTH NEW", is answered with tokens per second
"""
import json
import os
import sys
import time

import torch
import transformers

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def load(path):
    where, name = os.path.split(os.path.abspath(path))
    return transformers.AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.float32, attn_implementation="sdpa").eval()


def generate(model, batch, length, new):
    tokens = torch.tensor([[1000 + (i + 11 * row) * 37 % 20000 for i in range(length)] for row in range(batch)])
    begin = time.monotonic()
    out = model(tokens, use_cache=True, logits_to_keep=1)
    tokens = out.logits[:, -1:].argmax(-1)
    middle = time.monotonic()
    for _ in range(new):
        out = model(tokens, past_key_values=out.past_key_values, use_cache=True)
        tokens = out.logits[:, -1:].argmax(-1)
    end = time.monotonic()
    return {"prefill": batch * length / (middle - begin), "decode": batch * new / (end - middle)}


def main():
    model = load(sys.argv[1])
    with torch.inference_mode():
        generate(model, 1, 16, 2)
        print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}), flush=True)
        for line in sys.stdin:
            print(json.dumps(generate(model, *map(int, line.split()))), flush=True)


main()
