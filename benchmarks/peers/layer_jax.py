"""Peer: the layer of benchmarks/layer.py in JAX on two pretend CPU devices, tp=2, by wishes on the weights alone.

    layer_jax.py          every line on stdin is answered with the milliseconds of one forward pass
"""
import json
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
os.environ["JAX_PLATFORMS"] = "cpu"
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy  # noqa: E402
from jax.sharding import Mesh, NamedSharding, PartitionSpec  # noqa: E402

BATCH, LENGTH, WIDTH, HEADS, FFN = 4, 512, 1024, 16, 4096


def norm(x):
    x = x - jnp.mean(x, -1, keepdims=True)
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-5)


def layer(x, w):
    n = norm(x)
    q, k, v = ((n @ w[name]).reshape(BATCH, LENGTH, HEADS, WIDTH // HEADS) for name in ("q", "k", "v"))
    scores = jnp.einsum("bqnd,bknd->bnqk", q, k) * 0.125
    scores = jnp.where(jnp.tril(jnp.ones((LENGTH, LENGTH), bool)), scores, -1e30)
    a = jnp.einsum("bnqk,bknd->bqnd", jax.nn.softmax(scores, axis=-1), v).reshape(x.shape)
    x = x + a @ w["o"]
    return x + jax.nn.gelu(norm(x) @ w["1"]) @ w["2"]


def main():
    mesh = Mesh(numpy.array(jax.devices()), ("tp",))
    random = numpy.random.default_rng(1)

    def put(spec, *shape):
        value = random.standard_normal(shape, dtype=numpy.float32) / 32
        return jax.device_put(value, NamedSharding(mesh, PartitionSpec(*spec)))

    column, row = (None, "tp"), ("tp", None)
    w = {name: put(column, WIDTH, WIDTH) for name in "qkv"}
    w |= {"o": put(row, WIDTH, WIDTH), "1": put(column, WIDTH, FFN), "2": put(row, FFN, WIDTH)}
    x = put((), BATCH, LENGTH, WIDTH)
    forward = jax.jit(layer, out_shardings=x.sharding)
    for _ in range(3):
        forward(x, w).block_until_ready()
    print(json.dumps({"jax": jax.__version__}), flush=True)
    for _ in sys.stdin:
        begin = time.monotonic()
        forward(x, w).block_until_ready()
        print(json.dumps({"ms": 1e3 * (time.monotonic() - begin)}), flush=True)


main()
