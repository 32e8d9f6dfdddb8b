"""Peer: the GGUF as it is in llama.cpp, called through its C functions, so that no time of Python's counts.

    generate_llama.py MODEL.gguf THREADS     every line on stdin, "BATCH LENGTH NEW", is answered with tokens per second
"""
import ctypes
import json
import sys
import time

import llama_cpp as llama


def decode(context, tokens, positions, sequences, wanted):
    """One call; `wanted` says of which tokens the logits are."""
    batch = llama.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for i, token in enumerate(tokens):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, positions[i], 1, wanted[i]
        batch.seq_id[i][0] = sequences[i]
    begin = time.monotonic()
    status = llama.llama_decode(context, batch)
    llama.llama_synchronize(context)
    took = time.monotonic() - begin
    llama.llama_batch_free(batch)
    if status:
        sys.exit(f"llama_decode returned {status}")
    return took


def likeliest(context, index, vocabulary):
    logits = llama.llama_get_logits_ith(context, index)
    values = (ctypes.c_float * vocabulary).from_address(ctypes.addressof(logits.contents))
    import numpy
    return int(numpy.frombuffer(values, dtype=numpy.float32).argmax())


def generate(model, threads, batch, length, new):
    parameters = llama.llama_context_default_params()
    parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = max(512, batch * (length + new + 8)), 512, 512
    parameters.n_threads = parameters.n_threads_batch = threads
    parameters.n_seq_max = batch
    context = llama.llama_init_from_model(model, parameters)
    vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    tokens, positions, sequences, wanted = [], [], [], []
    for sequence in range(batch):
        for i in range(length):
            tokens.append(1000 + (i + 11 * sequence) * 37 % 20000)
            positions.append(i)
            sequences.append(sequence)
            wanted.append(i == length - 1)
    prefill = decode(context, tokens, positions, sequences, wanted)
    tokens = [likeliest(context, (sequence + 1) * length - 1, vocabulary) for sequence in range(batch)]
    decoding = 0
    for step in range(new):
        decoding += decode(context, tokens, [length + step] * batch, list(range(batch)), [True] * batch)
        tokens = [likeliest(context, sequence, vocabulary) for sequence in range(batch)]
    llama.llama_free(context)
    return {"prefill": batch * length / prefill, "decode": batch * new / decoding}


def main():
    llama.llama_backend_init()
    quiet = llama.llama_log_callback(lambda *_: None)
    llama.llama_log_set(quiet, None)
    parameters = llama.llama_model_default_params()
    # Its AMX path, which is all that this turns off for Q4_1: virtual machines exist that promise AMX and end at the first such instruction.
    parameters.use_extra_bufts = False
    model = llama.llama_model_load_from_file(sys.argv[1].encode(), parameters)
    if not model:
        sys.exit("llama.cpp cannot load this file")
    threads = int(sys.argv[2])
    generate(model, threads, 1, 16, 4)
    print(json.dumps({"llama-cpp-python": llama.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(generate(model, threads, *map(int, line.split()))), flush=True)


main()
