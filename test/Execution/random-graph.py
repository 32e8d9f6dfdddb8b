"""Prints a random graph of nn ops with random wishes, all of them legal: tests compare its sharded form with the whole one.

Every dimension divides over every axis of the mesh, so that no wish can be refused for its size."""
import argparse
import random

UNIT = 12  # every size is a multiple: divides over 2, 3, 4, 6


class Graph:
    def __init__(self, seed, ops, wishes):
        self.random = random.Random(seed)
        self.lines, self.parameters, self.values, self.count = [], [], [], 0
        self.mesh = self.random.choice([[("tp", 2)], [("tp", 4)], [("dp", 2), ("tp", 2)], [("tp", 3)], [("dp", 2), ("tp", 3)]])
        self.wishes = wishes
        self.ops = ops

    def name(self):
        self.count += 1
        return f"%v{self.count}"

    @staticmethod
    def type(shape):
        return "tensor<" + "x".join(map(str, shape)) + ("x" if shape else "") + "f32>"

    def layout(self, shape):
        """A random wish: each axis splits one dimension or none, dimensions are open or closed."""
        dims = [[] for _ in shape]
        product = [1] * len(shape)
        for axis, size in self.random.sample(self.mesh, len(self.mesh)):
            if shape and self.random.random() < 0.7:
                dim = self.random.randrange(len(shape))
                if shape[dim] % (product[dim] * size) == 0:
                    dims[dim].append(axis)
                    product[dim] *= size
        texts = ["{" + ", ".join(d + (["?"] if self.random.random() < 0.2 else [])) + "}" for d in dims]
        return "<@mesh, [" + ", ".join(texts) + "]>"

    def wish(self, shape):
        return f"tp.layout = #tp.layout{self.layout(shape)}" if self.random.random() < self.wishes else ""

    def add(self, text, shape):
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        if self.random.random() < self.wishes / 4:
            constrained = self.name()
            self.lines.append(f"  {constrained} = tp.constrain {name} to {self.layout(shape)} : {self.type(shape)}")
            name = constrained
        self.values.append((name, list(shape)))
        return name

    def parameter(self, shape):
        number = len(self.parameters)
        wish = self.wish(shape)
        self.parameters.append(f"nn.parameter @p{number} : {self.type(shape)}" + (f" {{{wish}}}" if wish else ""))
        name = self.name()
        self.lines.append(f"  {name} = nn.get @p{number} : {self.type(shape)}")
        return name

    def pick(self, least=0):
        candidates = [v for v in self.values if len(v[1]) >= least]
        # Late values more often: the graph grows long and not only wide.
        return candidates[-1 - min(int(self.random.expovariate(0.7)), len(candidates) - 1)]

    def map(self, values, shape, body):
        arguments = ", ".join(f"%e{i}: f32" for i in range(len(values)))
        types = ", ".join(self.type(shape) for _ in values)
        text = "\n".join("    " + line for line in body)
        self.add(f"nn.map {', '.join(values)} : ({types}) -> {self.type(shape)} {{\n  ^bb0({arguments}):\n{text}\n  }}", shape)

    def unary(self):
        value, shape = self.pick()
        self.map([value], shape, self.random.choice([
            ["%r = math.tanh %e0 : f32", "nn.yield %r : f32"],
            ["%r = arith.negf %e0 : f32", "nn.yield %r : f32"],
            ["%c = arith.constant 0.5 : f32", "%r = arith.mulf %e0, %c : f32", "nn.yield %r : f32"],
            ["%c = arith.constant 0.5 : f32", "%r = arith.addf %e0, %c : f32", "nn.yield %r : f32"]]))

    def binary(self):
        value, shape = self.pick()
        others = [v for v, s in self.values if s == shape]
        other = self.random.choice(others) if len(others) > 1 and self.random.random() < 0.7 else self.parameter(shape)
        self.map([value, other], shape, [f"%r = arith.{self.random.choice(['addf', 'addf', 'subf', 'mulf'])} %e0, %e1 : f32",
                                         "nn.yield %r : f32"])

    def contract(self):
        value, shape = self.pick(1)
        letters = "abcdefgh"[:len(shape)]
        summed = self.random.choice(letters)
        width = UNIT * self.random.choice([1, 2, 4])
        weight = [shape[letters.index(summed)], width]
        weight_letters = summed + "z"
        if self.random.random() < 0.5:
            weight, weight_letters = weight[::-1], weight_letters[::-1]
        result = letters.replace(summed, "z")
        sizes = [width if l == "z" else shape[letters.index(l)] for l in result]
        parameter = self.parameter(weight)
        self.add(f'nn.contract "{letters},{weight_letters}->{result}" {value}, {parameter} : {self.type(shape)}, '
                 f"{self.type(weight)} -> {self.type(sizes)}", sizes)

    def product(self):
        """Two computed values contracted: a batch dimension, as in attention scores."""
        value, shape = self.pick(2)
        other = self.random.choice([v for v, s in self.values if s == shape])
        if len(shape) == 2:
            result = [shape[0], shape[0]]
            self.add(f'nn.contract "ab,cb->ac" {value}, {other} : {self.type(shape)}, {self.type(shape)} -> {self.type(result)}', result)
        elif len(shape) == 3:
            result = [shape[0], shape[1], shape[1]]
            self.add(f'nn.contract "xab,xcb->xac" {value}, {other} : {self.type(shape)}, {self.type(shape)} -> {self.type(result)}', result)

    def reduce(self):
        value, shape = self.pick(2)
        dim = self.random.randrange(len(shape))
        result = shape[:dim] + shape[dim + 1:]
        kind = self.random.choice(["sum", "sum", "max", "min"])
        self.add(f"nn.reduce {kind} {value} dims [{dim}] : {self.type(shape)} -> {self.type(result)}", result)

    def broadcast(self):
        value, shape = self.pick(1)
        if len(shape) > 2:
            return
        at = self.random.randrange(len(shape) + 1)
        result = shape[:at] + [UNIT] + shape[at:]
        dims = [d for d in range(len(result)) if d != at]
        self.add(f"nn.broadcast {value} dims {dims} : {self.type(shape)} -> {self.type(result)}", result)

    def transpose(self):
        value, shape = self.pick(2)
        order = self.random.sample(range(len(shape)), len(shape))
        result = [shape[d] for d in order]
        self.add(f"nn.transpose {value} perm {order} : {self.type(shape)} -> {self.type(result)}", result)

    def reshape(self):
        value, shape = self.pick(1)
        if len(shape) > 1 and self.random.random() < 0.5:
            dim = self.random.randrange(len(shape) - 1)
            result = shape[:dim] + [shape[dim] * shape[dim + 1]] + shape[dim + 2:]
        else:
            dim = self.random.randrange(len(shape))
            if shape[dim] < UNIT * UNIT or len(shape) > 2:
                return
            result = shape[:dim] + [shape[dim] // UNIT, UNIT] + shape[dim + 1:]
        self.add(f"nn.reshape {value} : {self.type(shape)} -> {self.type(result)}", result)

    def slice(self):
        value, shape = self.pick(1)
        dim = self.random.randrange(len(shape))
        if shape[dim] <= UNIT:
            return
        sizes = list(shape)
        sizes[dim] = UNIT
        offsets = [0] * len(shape)
        offsets[dim] = self.random.choice([0, UNIT, shape[dim] - UNIT])
        self.add(f"nn.slice {value} offsets {offsets} sizes {sizes} strides {[1] * len(shape)} : {self.type(shape)} -> "
                 f"{self.type(sizes)}", sizes)

    def concat(self):
        value, shape = self.pick(1)
        dim = self.random.randrange(len(shape))
        if shape[dim] > 4 * UNIT:
            return
        other = self.random.choice([v for v, s in self.values if s == shape])
        result = list(shape)
        result[dim] *= 2
        self.add(f"nn.concat {value}, {other} dim {dim} : ({self.type(shape)}, {self.type(shape)}) -> {self.type(result)}", result)

    def softmax(self):
        value, shape = self.pick(1)
        self.add(f"nn.softmax {value} dim {self.random.randrange(len(shape))} : {self.type(shape)} -> {self.type(shape)}", shape)

    def norm(self):
        value, shape = self.pick(1)
        weight = self.parameter(shape[-1:])
        self.add(f"nn.rms_norm {value}, {weight} epsilon 1.0e-2 : {self.type(shape)}, {self.type(shape[-1:])} -> "
                 f"{self.type(shape)}", shape)

    def attention(self):
        value, shape = self.pick(2)
        if len(shape) != 2:
            return
        b, s, heads, width = shape[0], UNIT, 12, 4
        # Fewer key heads than ranks, where they divide one another.
        key_heads = self.random.choice([12] if ("tp", 3) in self.mesh else [2, 4, 12])
        query = self.parameter([shape[1], s * heads * width])
        keys = self.parameter([shape[1], s * key_heads * width])
        names = []
        for weight, h in [(query, heads), (keys, key_heads)]:
            flat, split = [b, s * h * width], [b, s, h, width]
            names.append(self.name())
            self.lines.append(f'  {names[-1]} = nn.contract "ab,bc->ac" {value}, {weight} : {self.type(shape)}, '
                              f"{self.type([shape[1], flat[1]])} -> {self.type(flat)}")
            reshaped = self.name()
            self.lines.append(f"  {reshaped} = nn.reshape {names[-1]} : {self.type(flat)} -> {self.type(split)}")
            names[-1] = reshaped
        q, k = [b, s, heads, width], [b, s, key_heads, width]
        self.add(f"nn.attention {names[0]}, {names[1]}, {names[1]} scale 0.5 causal : {self.type(q)}, {self.type(k)}, "
                 f"{self.type(k)} -> {self.type(q)}", q)

    def build(self):
        arguments = []
        for i in range(self.random.choice([1, 2])):
            shape = [UNIT * self.random.choice([1, 2]) for _ in range(self.random.choice([1, 2, 2, 3]))]
            wish = self.wish(shape)
            arguments.append(f"%a{i}: {self.type(shape)}" + (f" {{{wish}}}" if wish else ""))
            self.values.append((f"%a{i}", shape))
        kinds = [self.unary] * 3 + [self.binary] * 4 + [self.contract] * 5 + [
            self.product, self.reduce, self.broadcast, self.transpose, self.reshape, self.reshape, self.slice, self.concat,
            self.softmax, self.norm, self.attention]
        for _ in range(self.ops):
            try:
                self.random.choice(kinds)()
            except IndexError:  # no value of the rank that this op needs
                pass
        last = self.pick()
        results = [last] + ([self.random.choice(self.values)] if self.random.random() < 0.3 else [])
        types = []
        for _, shape in results:
            wish = self.wish(shape).replace("?", "").replace(", }", "}")
            types.append(self.type(shape) + (f" {{{wish}}}" if wish else ""))
        mesh = ", ".join(f"{axis} = {size}" for axis, size in self.mesh)
        print(f"tp.mesh @mesh [{mesh}]")
        print("\n".join(self.parameters))
        print(f"func.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {{")
        print("\n".join(self.lines))
        print(f"  return {', '.join(v for v, _ in results)} : {', '.join(self.type(s) for _, s in results)}\n}}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--ops", type=int, default=10)
    parser.add_argument("--wishes", type=float, default=0.5, help="probability of a wish on a parameter, argument or result")
    options = parser.parse_args()
    Graph(options.seed, options.ops, options.wishes).build()
