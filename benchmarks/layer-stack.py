#!/usr/bin/env python3
"""Writes a stack of transformer layers given one by one, for timing the compiler.

    layer-stack.py LAYERS [--form nn|linalg] [--mesh dp=8,tp=8] [--different] [--width 12288 --heads 96 --batch 8 --seq 2048]

Every layer has weights of its own (bf16) and the two wishes that Megatron needs: its Q, K, V and first MLP weights split by
columns; the batch is split over dp. --different gives every layer another FFN width, so that no two are equal.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "Inputs"))
import graphs  # noqa: E402


class Stack(graphs.Graph):
    """A graph whose argument names carry the number of the layer that is being written."""

    prefix = ""

    def argument(self, name, *shape, element=None):
        wish = self.wish(name)
        self.arguments.append(f"%{self.prefix}{name}: {self.tensor(shape, element)}{wish}")
        self.shape["%" + self.prefix + name] = list(shape)
        return "%" + self.prefix + name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layers", type=int)
    parser.add_argument("--form", choices=("nn", "linalg"), default="nn")
    parser.add_argument("--mesh", default="dp=8,tp=8")
    parser.add_argument("--different", action="store_true")
    for name, value in (("width", 12288), ("heads", 96), ("batch", 8), ("seq", 2048)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    columns = "[{}, {tp}]"
    wishes = {"x": "[{dp}, {}, {}]", "wq": columns, "wk": columns, "wv": columns, "w1": columns}
    size = {"batch": options.batch, "seq": options.seq, "width": options.width, "heads": options.heads}
    g = Stack(options.form, options.mesh, wishes, "bf16")
    x = g.argument("x", size["batch"], size["seq"], size["width"])
    for layer in range(options.layers):
        g.prefix = f"l{layer}_"
        size["ffn"] = 4 * size["width"] + (64 * layer if options.different else 0)
        h = size["width"]
        x = g.add(x, graphs.attention(g, g.rms_norm(x, g.argument("n1", h)), size, size["heads"], packed=False))
        x = g.add(x, graphs.mlp(g, g.rms_norm(x, g.argument("n2", h)), size))
    print(g.text(x))


if __name__ == "__main__":
    main()
