"""What the scripts that write small models share: random weights, and Hugging Face folders. Needs nothing but Python."""
import array
import json
import os
import struct

DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def add_common_arguments(parser):
    parser.add_argument("--dtype", choices=list(DTYPES), default="F32", help="how weights are stored")
    parser.add_argument("--coarse", action="store_true", help="weights that F32, F16 and BF16 can all hold")
    parser.add_argument("--shards", type=int, default=1, help="number of safetensors files, with an index where there are several")
    parser.add_argument("--config-only", action="store_true", help="no weights")
    parser.add_argument("--config", type=json.loads, default={}, metavar="JSON", help="keys of config.json to add or to change")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave this weight out")
    parser.add_argument("--seed", type=int, default=0)


def values_of(name, shape, source, fan_in=None):
    """Uniform numbers of a size that keeps activations near 1 through the layers."""
    count = 1
    for size in shape:
        count *= size
    middle, width = 0.0, (3.0 / (fan_in or shape[-1])) ** 0.5
    if name.endswith((".bias", ".beta")):
        width = 0.3
    elif "norm" in name.lower() or ".ln_" in name or name.startswith("ln_"):
        middle, width = 1.0, 0.3
    elif "embed" in name or name.endswith(("wte.weight", "wpe.weight")):
        width = 1.0
    return array.array("f", ((source.random() * 2 - 1) * width + middle for _ in range(count)))


def upper_halves(values):
    """The 16 bits of each number as BF16."""
    bits = array.array("I", values.tobytes())
    return array.array("H", ((b + 0x7FFF + (b >> 16 & 1)) >> 16 for b in bits))


def bytes_of(values, o):
    if o.coarse:
        values = array.array("f", array.array("I", (half << 16 for half in upper_halves(values))).tobytes())
    if o.dtype == "F32":
        return values.tobytes()
    return struct.pack(f"<{len(values)}e", *values) if o.dtype == "F16" else upper_halves(values).tobytes()


def write_safetensors(path, tensors, dtype):
    header, offset = {}, 0
    for name, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors:
            file.write(data)


def write_folder(o, config, tensors):
    """`tensors`: (name, shape, bytes). Of `o` the common arguments are used, and `out`."""
    os.makedirs(o.out, exist_ok=True)
    with open(os.path.join(o.out, "config.json"), "w") as file:
        json.dump(config | {"torch_dtype": DTYPES[o.dtype]} | o.config, file, indent=2)
    if o.config_only:
        return
    if o.shards == 1:
        write_safetensors(os.path.join(o.out, "model.safetensors"), tensors, o.dtype)
        return
    where = {}
    for i in range(o.shards):
        name = f"model-{i + 1:05}-of-{o.shards:05}.safetensors"
        part = tensors[i :: o.shards]
        where |= {tensor: name for tensor, _, _ in part}
        write_safetensors(os.path.join(o.out, name), part, o.dtype)
    total = sum(len(data) for _, _, data in tensors)
    with open(os.path.join(o.out, "model.safetensors.index.json"), "w") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": where}, file, indent=2)


def write_random_folder(o, config, shapes, source):
    """`shapes`: (name, shape, inputs of a linear layer or None)."""
    tensors = []
    for name, shape, fan_in in shapes if not o.config_only else []:
        values = values_of(name, shape, source, fan_in)
        if name not in o.without:
            tensors.append((name, shape, bytes_of(values, o)))
    write_folder(o, config, tensors)
