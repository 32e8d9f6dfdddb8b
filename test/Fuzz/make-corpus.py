#!/usr/bin/env python3
"""Writes corpus/: small inputs for every fuzz target, from which libFuzzer starts and which tp-unit-fuzz replays.

Files called ok-* must be read and bad-* refused; what a fuzzer found lies beside them as crash-* and is not made here.
"""
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def put(target, name, content):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


# -- GGUF --

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
NUMBERS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q", F64: "d"}


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(value)) + value


def value(kind, content):
    return text(content) if kind == STRING else struct.pack("<" + NUMBERS[kind], content)


def array(kind, contents):
    return struct.pack("<IQ", kind, len(contents)) + b"".join(value(kind, content) for content in contents)


def gguf(keys, tensors, data=b"", version=3, tensor_count=None, key_count=None):
    """keys: (name, kind, content) or (name, ARRAY, bytes); tensors: (name, dims fastest first, type, offset)."""
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors) if tensor_count is None else tensor_count,
                                len(keys) if key_count is None else key_count)
    for name, kind, content in keys:
        out += text(name) + struct.pack("<I", kind) + (content if kind == ARRAY else value(kind, content))
    for name, dims, kind, offset in tensors:
        out += text(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", dim) for dim in dims)
        out += struct.pack("<IQ", kind, offset)
    return out + b"\0" * (-len(out) % 32) + data


def llama_keys():
    return [("general.architecture", STRING, "llama"), ("llama.embedding_length", U32, 8), ("llama.feed_forward_length", U32, 16),
            ("llama.block_count", U32, 1), ("llama.attention.head_count", U32, 2), ("llama.attention.head_count_kv", U32, 1),
            ("llama.context_length", U32, 64), ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
            ("llama.rope.freq_base", F32, 10000.0)]


def make_gguf():
    floats = struct.pack("<64f", *range(64))
    tensors = [("token_embd.weight", [8, 4], 0, 0), ("half", [4, 2], 1, 128), ("quantised", [32, 2], 8, 160)]
    put("Gguf", "ok-tensors", gguf(llama_keys(), tensors, floats))
    put("Gguf", "ok-version-2", gguf([("a", U8, 1)], [("w", [2], 0, 0)], floats, version=2))
    kinds = [("k%d" % kind, kind, 1) for kind in NUMBERS] + [("a", ARRAY, array(I16, [1, -2])),
                                                             ("b", ARRAY, array(STRING, ["x", "yz"]))]
    put("Gguf", "ok-every-kind", gguf(kinds, []))
    put("Gguf", "ok-nothing", gguf([], []))
    put("Gguf", "ok-nested-arrays", gguf([("a", ARRAY, struct.pack("<IQ", ARRAY, 1) + array(U8, [1, 2]))], []))
    put("Gguf", "ok-alignment", gguf([("general.alignment", U32, 64)], []) + bytes(64))
    put("Gguf", "bad-empty", b"")
    put("Gguf", "bad-magic", b"GGUG" + bytes(20))
    put("Gguf", "bad-big-endian", b"GGUF\0\0\0\3" + bytes(16))
    put("Gguf", "bad-cut", gguf(llama_keys(), tensors, floats)[:-200])
    put("Gguf", "bad-count-of-tensors", gguf([], [], tensor_count=1 << 60))
    put("Gguf", "bad-count-of-keys", gguf([], [], key_count=(1 << 64) - 1))
    put("Gguf", "bad-length-of-text", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", (1 << 64) - 8) + b"abc")
    put("Gguf", "bad-count-of-elements", gguf([("a", ARRAY, struct.pack("<IQ", U64, 1 << 61))], []))
    put("Gguf", "bad-deep-arrays", gguf([("a", ARRAY, struct.pack("<IQ", ARRAY, 1) * 50)], []))
    put("Gguf", "bad-twice", gguf([], [("w", [2], 0, 0), ("w", [2], 0, 32)], floats))
    put("Gguf", "bad-key-twice", gguf([("a", U8, 1), ("a", U8, 2)], []))
    put("Gguf", "bad-overlap", gguf([], [("v", [16], 0, 0), ("w", [2], 0, 32)], floats))
    put("Gguf", "bad-dimensions", gguf([], [("w", [1 << 60, 1 << 60], 0, 0)], floats))
    put("Gguf", "bad-rank", gguf([], [("w", [1] * 9, 0, 0)], floats))
    put("Gguf", "bad-beyond-the-end", gguf([], [("w", [2], 0, (1 << 64) - 32)], floats))
    put("Gguf", "bad-alignment", gguf([("general.alignment", U32, 0)], [("w", [2], 0, 0)], floats))

    def vocabulary(model, tokens, **more):
        keys = [("tokenizer.ggml.model", STRING, model), ("tokenizer.ggml.tokens", ARRAY, array(STRING, tokens))]
        chat = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        more.setdefault("tokenizer.chat_template", (STRING, chat))
        return gguf(keys + [(key, kind, content) for key, (kind, content) in more.items()], [])

    pieces = ["a", "b", "ab", "\u0120", "\u0120a", "<s>", "</s>"]
    put("GgufTokenizer", "ok-gpt2", vocabulary("gpt2", pieces, **{
        "tokenizer.ggml.merges": (ARRAY, array(STRING, ["a b", "\u0120 a"])), "tokenizer.ggml.pre": (STRING, "smollm"),
        "tokenizer.ggml.token_type": (ARRAY, array(I32, [1, 1, 1, 1, 1, 3, 3])), "tokenizer.ggml.bos_token_id": (U32, 5),
        "tokenizer.ggml.eos_token_id": (U32, 6), "tokenizer.ggml.add_bos_token": (BOOL, 1)}))
    words = ["<unk>", "<s>", "</s>", "<0x0A>", "\u2581", "a", "\u2581a", "b", "ab"]
    put("GgufTokenizer", "ok-llama", vocabulary("llama", words, **{
        "tokenizer.ggml.scores": (ARRAY, array(F32, [-float(i) for i in range(len(words))])),
        "tokenizer.ggml.token_type": (ARRAY, array(I32, [2, 3, 3, 6, 1, 1, 1, 1, 1]))}))
    put("GgufTokenizer", "bad-merge", vocabulary("gpt2", pieces, **{"tokenizer.ggml.merges": (ARRAY, array(STRING, ["a z"]))}))
    put("GgufTokenizer", "bad-kind-of-token", vocabulary("gpt2", pieces, **{
        "tokenizer.ggml.merges": (ARRAY, array(STRING, [])), "tokenizer.ggml.token_type": (ARRAY, array(I32, [9] * 7))}))
    put("GgufTokenizer", "bad-begin", vocabulary("gpt2", pieces, **{
        "tokenizer.ggml.merges": (ARRAY, array(STRING, [])), "tokenizer.ggml.bos_token_id": (U32, 99)}))
    put("GgufTokenizer", "bad-no-scores", vocabulary("llama", words))
    put("GgufTokenizer", "bad-scores", vocabulary("llama", words, **{
        "tokenizer.ggml.scores": (ARRAY, array(F32, [float("nan")] * len(words)))}))
    put("GgufTokenizer", "bad-empty", vocabulary("llama", []))
    put("GgufTokenizer", "bad-model", vocabulary("unigram", words))


# -- Safetensors --

def safetensors(header, data=b"", length=None):
    header = header if isinstance(header, bytes) else header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def make_safetensors():
    data = bytes(range(64))
    good = {"__metadata__": {"format": "pt"}, "w": tensor("F32", [2, 3], 0, 24), "h": tensor("BF16", [2, 2], 24, 32),
            "n": tensor("I64", [], 32, 40), "e": tensor("F16", [0, 7], 40, 40), "b": tensor("BOOL", [3], 40, 43)}
    put("Safetensors", "ok-tensors", safetensors(good, data[:43]))
    put("Safetensors", "ok-nothing", safetensors({}))
    put("Safetensors", "ok-unknown-type", safetensors({"w": tensor("F8_E5M2", [4], 0, 4)}, data))
    for name, header in {
        "beyond-the-end": {"w": tensor("F32", [64], 0, 256)}, "overlap": {"v": tensor("F32", [4], 0, 16), "w": tensor("F32", [4], 8, 24)},
        "dimensions": {"w": tensor("F32", [1 << 60, 1 << 60], 0, 24)}, "negative": {"w": tensor("F32", [-2, -3], 0, 24)},
        "size": {"w": tensor("F32", [7], 0, 24)}, "reversed": {"w": tensor("F32", [2], 8, 0)},
        "zero-hides": {"w": tensor("F32", [0, 1 << 62, 1 << 62], 0, 0)}, "no-shape": {"w": {"dtype": "F32", "data_offsets": [0, 4]}},
        "number": {"w": tensor("F32", [1e30], 0, 4)}, "three": {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}},
    }.items():
        put("Safetensors", "bad-" + name, safetensors(header, data))
    put("Safetensors", "bad-empty", b"")
    put("Safetensors", "bad-seven-bytes", b"\1\0\0\0\0\0\0")
    put("Safetensors", "bad-length", safetensors({}, length=1 << 63))
    put("Safetensors", "bad-longer-than-the-file", safetensors({}, length=100))
    put("Safetensors", "bad-twice", safetensors('{"w": %s, "w": %s}' % (json.dumps(tensor("F32", [1], 0, 4)), json.dumps(tensor("F32", [1], 4, 8))), data))
    put("Safetensors", "bad-nesting", safetensors("[" * 1000 + "]" * 1000, data))
    put("Safetensors", "bad-array", safetensors("[]", data))

    def folder(weight_map, **files):
        out = json.dumps({"weight_map": weight_map}).encode()
        return out + b"".join(b"\n=== " + name.replace("_", ".").encode() + b"\n" + content for name, content in files.items())

    one, two = safetensors({"v": tensor("F32", [1], 0, 4)}, data[:4]), safetensors({"w": tensor("F32", [1], 0, 4)}, data[:4])
    put("SafetensorsFolder", "ok-two", folder({"v": "1.safetensors", "w": "2.safetensors"}, **{"1_safetensors": one, "2_safetensors": two}))
    put("SafetensorsFolder", "bad-tensor-in-two", folder({"v": "1.safetensors", "w": "2.safetensors"}, **{"1_safetensors": one, "2_safetensors": one}))
    put("SafetensorsFolder", "bad-elsewhere", folder({"v": "../../etc/passwd"}))
    put("SafetensorsFolder", "bad-absent", folder({"v": "1.safetensors"}))
    put("SafetensorsFolder", "bad-empty", folder({}))


# -- Texts --

def make_texts():
    for name, content in {"ok-all": '{"a": [1, -2], "b": 1e5, "c": true, "d": null, "e": "\\u00e9\\n", "f": {}}', "ok-number": "-0.5",
                          "ok-fractions": '{"a": [1.0, 2e0]}', "bad-empty": "", "bad-word": "nan", "bad-cut": '{"a": [1, ',
                          "bad-deep": "[" * 201 + "]" * 201, "bad-twice": '{"a": 1, "\\u0061": 2}', "bad-utf8": b'"\xff"',
                          "bad-surrogate": '"\\ud800"', "bad-number": "1e999", "bad-comment": "/* */ 1"}.items():
        put("Json", name, content)

    def npy(header, data=b"", version=(1, 0), length=None):
        header = header.encode()
        return (b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", len(header) if length is None else length)
                + header + data)

    def described(descr, shape, order="False"):
        return "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape)

    for code, size in {"<f4": 4, "<f2": 2, "<f8": 8, "<i4": 4, "<i8": 8, "<i2": 2, "|i1": 1, "|u1": 1, "|b1": 1}.items():
        put("Npy", "ok-" + code[1:], npy(described(code, "(2, 1)"), bytes(range(2 * size)) if code != "|b1" else b"\1\0"))
    put("Npy", "ok-scalar", npy(described("<f4", "()"), bytes(4)))
    put("Npy", "ok-version-3", npy(described("<f4", "(1,)"), bytes(4), (3, 0)))
    put("Npy", "ok-nothing", npy(described("<f4", "(0, 5)")))
    for name, content in {"empty": b"", "magic": b"\x93NUMPX\1\0", "version": npy(described("<f4", "(1,)"), bytes(4), (9, 0)),
                          "length": npy(described("<f4", "(1,)"), bytes(4), length=65535), "cut": npy(described("<f4", "(4,)"), bytes(3)),
                          "order": npy(described("<f4", "(1,)", "True"), bytes(4)), "endian": npy(described(">f4", "(1,)"), bytes(4)),
                          "dimensions": npy(described("<f4", "(%d, %d)" % (1 << 60, 1 << 60)), bytes(4)),
                          "zero-hides": npy(described("<f4", "(0, %d, %d)" % (1 << 62, 1 << 62))),
                          "negative": npy(described("<f4", "(-1,)"), bytes(4)), "objects": npy(described("|O", "(1,)"), bytes(8)),
                          "records": npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", bytes(4)),
                          "code": npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}", bytes(4)),
                          "keys": npy("{'descr': '<f4'}", bytes(4))}.items():
        put("Npy", "bad-" + name, content)

    for name, content in {"ok-four": "id,lower,upper,size\na,0,2,64\nb,1,3,32\n\nc,2,4,64\nd,5,5,8\n", "ok-columns": "size, x ,upper,lower,id\r\n8,y,2,1,a\r\n",
                          "ok-no-rows": "id,lower,upper,size\n", "bad-empty": "", "bad-columns": "id,lower\n", "bad-number": "id,lower,upper,size\na,0,1,x\n",
                          "bad-cells": "id,lower,upper,size\na,0,1\n", "bad-negative": "id,lower,upper,size\na,0,1,-1\n", "bad-backwards": "id,lower,upper,size\na,2,1,1\n",
                          "bad-sum": "id,lower,upper,size\na,0,1,%d\nb,0,1,%d\n" % ((1 << 62, 1 << 62)), "bad-nan": "id,lower,upper,size\na,nan,1,1\n",
                          "ok-extremes": "id,lower,upper,size\na,%d,%d,%d\n" % (-(1 << 63), (1 << 63) - 1, (1 << 63) - 1),
                          "ok-earliest-time": "id,lower,upper,size\na,%d,4,65429\nb,1,3,32\n" % -(1 << 63)}.items():
        put("ArenaTable", name, content)

    for name, content in {
        "ok-mesh": "mesh dp=2,tp=4", "ok-mesh-none": "mesh ", "ok-layout": "layout [{dp}, {}, {tp(2)4, ?}], partial = sum<one>",
        "ok-layout-scalar": "layout []", "ok-shard": "shard *.q_proj.weight=[_,dp+tp]", "ok-shard-open": "shard ?=[tp(1)2,?]",
        "ok-ints": "ints 1,-2,3", "ok-file": "file a=b=c", "ok-options": "--number 7 --real=1e-3 --flag --choice a",
        "bad-mesh-zero": "mesh tp=0", "bad-mesh-twice": "mesh a=2,a=2", "bad-mesh-huge": "mesh a=2147483648,b=2147483648",
        "bad-mesh-overflow": "mesh a=9223372036854775808", "bad-mesh-name": "mesh a b=2", "bad-mesh-minus": "mesh a=-1",
        "bad-layout-cut": "layout [{tp", "bad-layout-part": "layout [{tp(0)2}]", "bad-layout-huge": "layout [{tp(9223372036854775808)2}]",
        "bad-layout-rest": "layout [{}] x", "bad-layout-kind": "layout [{}], partial = mul<tp>", "bad-shard-none": "shard a",
        "bad-shard-dims": "shard a=[,]", "bad-shard-pattern": "shard =[tp]", "bad-ints": "ints 1,,2", "bad-ints-big": "ints 99999999999999999999",
        "bad-file": "file =b", "bad-number": "--number nan", "bad-number-range": "--number 101", "bad-real-nan": "--real nan",
        "bad-real-inf": "--real inf", "bad-real-big": "--real 1e999", "bad-choice": "--choice c", "bad-unknown": "--numbr 1",
        "bad-no-value": "--number", "bad-flag-value": "--flag=1", "bad-positional": "x", "bad-fraction": "--number 1.5",
    }.items():
        put("OptionTexts", name, content)

    chatml = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}{% endfor %}"
    llama3 = "{{ bos_token }}{% set date_string = \"26 Jul 2024\" %}<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: <|eot_id|>{{ message['content'].strip() }}"
    put("ChatTemplate", "ok-chatml", chatml)
    put("ChatTemplate", "ok-llama3", llama3)
    put("ChatTemplate", "bad-empty", "")
    put("ChatTemplate", "bad-mistral", "{{ bos_token }}[INST] {{ message.content }} [/INST]")
    put("ChatTemplate", "bad-code", "{{ ''.__class__.__mro__[1].__subclasses__() }}{% import os %}")
    put("EncodeText", "ok-words", "Hello, world's 123 4567  \n\t aaab")
    put("EncodeText", "ok-marks", "e\u0301 \u1112\u1161\u11ab \u2581a <s> x<s>y \U0001f600")
    put("EncodeText", "ok-no-utf8", b"\xff\xc3\xe2\x96\xf0\x9f\x98 a\x00b")


# -- Folders with a tokenizer --

def make_folders():
    bpe = {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "<s>": 4}, "merges": ["a b"]},
           "added_tokens": [{"id": 4, "content": "<s>", "special": True}, {"id": 5, "content": "<x>", "lstrip": True, "rstrip": True, "single_word": True}],
           "normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "add_prefix_space": False}]},
           "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"<s>": {"ids": [4]}}},
           "decoder": {"type": "ByteLevel"}}
    chat = '\n=== tokenizer_config.json\n' + json.dumps({"bos_token": "<s>", "eos_token": {"content": "<x>"}, "chat_template": "<|im_start|>{{ x }}<|im_end|>"})
    put("FolderTokenizer", "ok-byte-level", json.dumps(bpe) + chat + '\n=== generation_config.json\n{"eos_token_id": [4, 5]}')
    words = {"type": "BPE", "byte_fallback": True, "unk_token": "<unk>", "vocab": {"<unk>": 0, "\u2581": 1, "a": 2, "\u2581a": 3, "<0x0A>": 4}, "merges": [["\u2581", "a"]]}
    put("FolderTokenizer", "ok-metaspace", json.dumps({"model": words, "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"},
                                                       "decoder": {"type": "Sequence", "decoders": [{"type": "Strip", "start": 1}]}}) + chat.replace('"bos_token": "<s>", ', ""))
    for name, change in {"kind": {"model": {"type": "Unigram", "vocab": []}}, "vocabulary": {"model": {"type": "BPE", "vocab": [], "merges": []}},
                         "id": {"model": {"type": "BPE", "vocab": {"a": 16777215}, "merges": []}}, "negative": {"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}},
                         "merge": {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a z"]}}, "step": {"normalizer": {"type": "Lowercase"}},
                         "expression": {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}},
                         "template": {"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<none>"}}], "special_tokens": {}}},
                         "around": {"post_processor": {"type": "BertProcessing", "cls": ["a", 99], "sep": ["b", 1]}}}.items():
        put("FolderTokenizer", "bad-" + name, json.dumps(bpe | change) + chat)
    put("FolderTokenizer", "bad-empty", "")
    put("FolderTokenizer", "bad-no-chat", json.dumps(bpe))


# -- Modules --

def manifest():
    def tensor(name, shape, layout, local, **more):
        return {"name": name, "shape": shape, "dtype": "f32", "layout": layout, "local_shape": local, **more}
    return {"abi_version": 1, "tp_version": "0.1", "target": "cpu", "isa": "x86-64-v3", "mesh": {"dp": 1, "tp": 4},
            "model": {"kind": "language_model", "batch": 1, "max_seq": 64, "vocab": 8, "eos": [2], "bos": 1, "add_bos": True, "tokenizer": {"format": "hf", "path": "m"}},
            "weights": {"path": "m", "format": "safetensors", "fingerprint": "0123456789abcdef"},
            "groups": [{"axes": ["tp"], "parts": [{"axis": "tp", "pre": 1, "size": 0}]}, {"axes": ["tp"], "parts": [{"axis": "tp", "pre": 1, "size": 2}]}],
            "parameters": [tensor("w", [8, 8], "[{tp}, {}]", [2, 8], source={"tensor": "w", "offsets": [0, 0], "sizes": [8, 8]})],
            "states": [tensor("cache", [1, 64, 8], "[{}, {}, {tp}]", [1, 64, 2])],
            "entries": [{"name": "prefill", "symbol": "tpm_prefill", "dynamic": {"max": 64}, "tokens": 64, "inputs": [tensor("tokens", [1, -1], "[{}, {tp}]", [1, -4])],
                         "outputs": [tensor("logits", [1, 8], "[{}, {}]", [1, 8])], "arena_bytes": 4096,
                         "collectives": [{"kind": "all_reduce", "group": 0, "axes": ["tp"], "group_size": 4, "reduce": "sum", "dtype": "f32", "operand_shape": [1, -1, 8], "count": 1}],
                         "tensors": []}]}


def elf(text, sections=True):
    """A module's frame: an ELF header, one segment, the marker and the manifest."""
    body = b"TPM-MANIFEST-1\n" + text + b"\0"
    size = 64 + 56 + len(body)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, size if sections else 0, 0, 64, 56, 1, 64, 1 if sections else 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, size, size, 4096)
    return header + segment + body + (bytes(64) if sections else b"")


def make_modules():
    good = json.dumps(manifest())
    put("Manifest", "ok-language-model", good)
    put("Manifest", "ok-graph", json.dumps({key: value for key, value in manifest().items() if key not in ("model", "weights")} | {"groups": [], "parameters": [], "states": [], "entries": []}))
    big = 1 << 62

    def changed(path, content):
        document = manifest()
        place = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = content
        return json.dumps(document)

    entry = ["entries", 0]
    for name, path, content in [
        ("abi-version", ["abi_version"], 2), ("abi-text", ["abi_version"], "1"), ("mesh-zero", ["mesh", "tp"], 0), ("mesh-huge", ["mesh", "tp"], big),
        ("group", entry + ["collectives", 0, "group"], 7), ("group-negative", entry + ["collectives", 0, "group"], -1), ("part", ["groups", 0, "parts", 0, "size"], 3),
        ("part-huge", ["groups", 0, "parts", 0, "pre"], big), ("axis", ["groups", 0, "parts", 0, "axis"], "x"), ("shape", ["parameters", 0, "shape"], [big, big]),
        ("local-shape", ["parameters", 0, "local_shape"], [8, 8]), ("layout-rank", ["parameters", 0, "layout"], "[{tp}]"), ("layout-twice", ["parameters", 0, "layout"], "[{tp}, {tp}]"),
        ("dynamic-parameter", ["parameters", 0, "shape"], [-1, 8]), ("arena", entry + ["arena_bytes"], -1), ("maximum", entry + ["dynamic", "max"], 0),
        ("maximum-huge", entry + ["dynamic", "max"], big), ("operand", entry + ["collectives", 0, "operand_shape"], [-(1 << 63), -(1 << 63)]),
        ("operand-huge", entry + ["collectives", 0, "operand_shape"], [big, big]), ("batch", ["model", "batch"], big), ("batch-negative", ["model", "batch"], -1),
        ("vocabulary", ["model", "vocab"], -1), ("source", ["parameters", 0, "source", "offsets"], [0]), ("source-negative", ["parameters", 0, "source", "offsets"], [-1, 0]),
        ("dtype", ["parameters", 0, "dtype"], "f7"), ("symbol", entry + ["symbol"], None), ("group-size", entry + ["collectives", 0, "group_size"], 3), ("tokens", entry + ["tokens"], -5),
        ("tensors", entry + ["tensors"], 5)]:
        put("Manifest", "bad-" + name, changed(path, content))
    put("Manifest", "bad-empty", "")
    put("Manifest", "bad-list", "[]")
    module = elf(good.encode())
    put("Module", "ok-module", module)
    put("Module", "ok-no-sections", elf(good.encode(), sections=False))
    for name, content in {"empty": b"", "text": good.encode(), "cut-in-header": module[:40], "cut-in-segment": module[:200], "cut-in-sections": module[:-1],
                          "other-processor": module[:18] + struct.pack("<H", 183) + module[20:], "32-bit": module[:4] + b"\1" + module[5:],
                          "big-endian": module[:5] + b"\2" + module[6:], "object": module[:16] + struct.pack("<H", 1) + module[18:],
                          "segments-beyond": module[:32] + struct.pack("<Q", 1 << 63) + module[40:], "no-manifest": elf(b""),
                          "many-segments": module[:56] + struct.pack("<H", 65535) + module[58:],
                          "abi-version": elf(changed(["abi_version"], 99).encode()), "no-end": elf(good.encode(), sections=False)[:-1]}.items():
        put("Module", "bad-" + name, content)


if __name__ == "__main__":
    make_gguf()
    make_safetensors()
    make_texts()
    make_folders()
    make_modules()
