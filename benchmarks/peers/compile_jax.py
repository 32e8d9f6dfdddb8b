"""Peer: JAX compiles the graph of layer-stack.py (96 layers given one by one, bf16, dp=8 x tp=8) for 64 pretend CPU devices.

    compile_jax.py LAYERS

Every line on stdin is answered with one JSON line: the seconds from tracing to an executable and their parts, and this process's peak
of memory. Nothing is allocated: the arguments are shapes. The pass managers of XLA write their times to stderr where
TF_CPP_VMODULE asks for them.
"""
import json
import os
import resource
import sys
import time

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=64"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import jaxlib  # noqa: E402
import numpy  # noqa: E402
from jax.sharding import Mesh, NamedSharding, PartitionSpec  # noqa: E402

BATCH, LENGTH, WIDTH, HEADS = 8, 2048, 12288, 96


def norm(x, weight):
    wide = x.astype(jnp.float32)
    return (wide * jax.lax.rsqrt(jnp.mean(wide * wide, -1, keepdims=True) + 1e-5)).astype(x.dtype) * weight


def layer(x, w):
    shape = (BATCH, LENGTH, HEADS, WIDTH // HEADS)
    y = norm(x, w["n1"])
    q, k, v = ((y @ w[name]).reshape(shape) for name in ("wq", "wk", "wv"))
    p = jax.nn.softmax(jnp.einsum("bqnd,bknd->bnqk", q, k) * (WIDTH // HEADS) ** -0.5, axis=-1)
    x = x + jnp.einsum("bnqk,bknd->bqnd", p, v).reshape(x.shape) @ w["wo"]
    return x + jax.nn.gelu(norm(x, w["n2"]) @ w["w1"]) @ w["w2"]


def model(x, weights):
    for w in weights:
        x = layer(x, w)
    return x


def main():
    mesh = Mesh(numpy.array(jax.devices()).reshape(8, 8), ("dp", "tp"))

    def shape(spec, *dims):
        return jax.ShapeDtypeStruct(dims, jnp.bfloat16, sharding=NamedSharding(mesh, PartitionSpec(*spec)))

    column, row, whole = (None, "tp"), ("tp", None), ()
    one = {"n1": shape(whole, WIDTH), "n2": shape(whole, WIDTH), "wq": shape(column, WIDTH, WIDTH), "wk": shape(column, WIDTH, WIDTH),
           "wv": shape(column, WIDTH, WIDTH), "wo": shape(row, WIDTH, WIDTH), "w1": shape(column, WIDTH, 4 * WIDTH),
           "w2": shape(row, 4 * WIDTH, WIDTH)}
    x, weights = shape(("dp",), BATCH, LENGTH, WIDTH), [one] * int(sys.argv[1])
    print(json.dumps({"jax": jax.__version__, "jaxlib": jaxlib.__version__}), flush=True)
    for _ in sys.stdin:
        jax.clear_caches()
        begin = time.monotonic()
        lowered = jax.jit(model, out_shardings=x.sharding).lower(x, weights)
        middle = time.monotonic()
        compiled = lowered.compile()
        end = time.monotonic()
        reductions = compiled.as_text().count(" all-reduce(")
        print(json.dumps({"lower": middle - begin, "compile": end - middle, "seconds": end - begin, "all_reduces": reductions,
                          "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)


main()
