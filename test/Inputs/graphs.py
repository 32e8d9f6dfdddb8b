"""Writes small model graphs for tests, the same graph in `nn` or in upstream `linalg`, with wishes where the test wants them.

    graphs.py GRAPH FORM MESH [NAME=LAYOUT]... [SIZE=N]...

GRAPH: mlp, layer (separate Q, K, V), packed (one QKV weight), gqa (2 key heads for 8 query heads), parallel (attention and MLP side
by side), residual (MLP with biases, residual and norm), embedding. FORM: nn or linalg. MESH: "tp=4". NAME: an argument of the
graph (x, wq, w1, ...), `hidden` (the MLP's hidden activation, constrained), `stream` (the residual stream, constrained where it enters
and between attention and MLP), or `result`. LAYOUT: "[{}, {tp}]". Sizes: batch, seq, width, heads, kv, ffn, vocab.
"""
import sys


class Graph:
    """Collects the body of @main; every method returns the name of a new value and remembers its shape."""

    def __init__(self, form, mesh, wishes, element="f32"):
        self.form, self.mesh, self.wishes, self.element = form, mesh, wishes, element
        self.lines, self.arguments, self.shape, self.count = [], [], {}, 0

    def tensor(self, shape, element=None):
        return "tensor<" + "".join(f"{n}x" for n in shape) + (element or self.element) + ">"

    def wish(self, name):
        return f" {{tp.layout = #tp.layout<@mesh, {self.wishes[name]}>}}" if name in self.wishes else ""

    def argument(self, name, *shape, element=None):
        self.arguments.append(f"%{name}: {self.tensor(shape, element)}{self.wish(name)}")
        self.shape["%" + name] = list(shape)
        return "%" + name

    def emit(self, text, shape):
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"  {name} = {text}")
        self.shape[name] = list(shape)
        return name

    def type(self, value):
        return self.tensor(self.shape[value])

    def constrain(self, value, name):
        if name not in self.wishes:
            return value
        return self.emit(f"tp.constrain {value} to <@mesh, {self.wishes[name]}> : {self.type(value)}", self.shape[value])

    def filled(self, shape, number="0.0"):
        zero = self.emit(f"arith.constant {number} : {self.element}", [])
        empty = self.emit(f"tensor.empty() : {self.tensor(shape)}", shape)
        return self.emit(f"linalg.fill ins({zero} : {self.element}) outs({empty} : {self.tensor(shape)}) -> {self.tensor(shape)}", shape)

    def contract(self, equation, a, b):
        left, result = equation.split("->")
        left, right = left.split(",")
        size = dict(zip(left, self.shape[a])) | dict(zip(right, self.shape[b]))
        shape = [size[letter] for letter in result]
        if self.form == "nn":
            return self.emit(f'nn.contract "{equation}" {a}, {b} : {self.type(a)}, {self.type(b)} -> {self.tensor(shape)}', shape)
        letters = list(dict.fromkeys(result + left + right))
        dims = ", ".join(letters)
        maps = ", ".join(f"affine_map<({dims}) -> ({', '.join(part)})>" for part in (left, right, result))
        out = self.filled(shape)
        return self.emit(f"linalg.contract indexing_maps = [{maps}] ins({a}, {b} : {self.type(a)}, {self.type(b)}) "
                         f"outs({out} : {self.tensor(shape)}) -> {self.tensor(shape)}", shape)

    def elementwise(self, op, *values):
        shape = self.shape[values[0]]
        if self.form == "nn":
            names = ", ".join(f"%e{i}: {self.element}" for i in range(len(values)))
            uses = ", ".join(f"%e{i}" for i in range(len(values)))
            types = ", ".join(self.type(v) for v in values)
            return self.emit(f"nn.map {', '.join(values)} : ({types}) -> {self.tensor(shape)} {{\n  ^bb0({names}):\n"
                             f"    %r = {op} {uses} : {self.element}\n    nn.yield %r : {self.element}\n  }}", shape)
        return self.emit(f"{op} {', '.join(values)} : {self.tensor(shape)}", shape)

    def add(self, a, b):
        return self.elementwise("arith.addf", a, b)

    def gelu(self, x):
        """x * (1 + erf(x)) with constants left out: what matters here is that it is not linear."""
        return self.elementwise("arith.mulf", x, self.elementwise("math.erf", x))

    def broadcast(self, x, shape, dims):
        if self.form == "nn":
            return self.emit(f"nn.broadcast {x} dims {dims} : {self.type(x)} -> {self.tensor(shape)}", shape)
        empty = self.emit(f"tensor.empty() : {self.tensor(shape)}", shape)
        added = [d for d in range(len(shape)) if d not in dims]
        return self.emit(f"linalg.broadcast ins({x} : {self.type(x)}) outs({empty} : {self.tensor(shape)}) dimensions = {added}", shape)

    def reshape(self, x, shape, groups):
        if self.form == "nn":
            return self.emit(f"nn.reshape {x} : {self.type(x)} -> {self.tensor(shape)}", shape)
        if len(shape) > len(self.shape[x]):
            return self.emit(f"tensor.expand_shape {x} {groups} output_shape {shape} : {self.type(x)} into {self.tensor(shape)}", shape)
        return self.emit(f"tensor.collapse_shape {x} {groups} : {self.type(x)} into {self.tensor(shape)}", shape)

    def slice(self, x, dim, offset, size):
        shape = list(self.shape[x])
        offsets, strides = [0] * len(shape), [1] * len(shape)
        offsets[dim], shape[dim] = offset, size
        if self.form == "nn":
            return self.emit(f"nn.slice {x} offsets {offsets} sizes {shape} strides {strides} : {self.type(x)} -> {self.tensor(shape)}", shape)
        return self.emit(f"tensor.extract_slice {x}{offsets} {shape} {strides} : {self.type(x)} to {self.tensor(shape)}", shape)

    def softmax(self, x):
        last = len(self.shape[x]) - 1
        if self.form == "nn":
            return self.emit(f"nn.softmax {x} dim {last} : {self.type(x)} -> {self.type(x)}", self.shape[x])
        empty = self.emit(f"tensor.empty() : {self.type(x)}", self.shape[x])
        return self.emit(f"linalg.softmax dimension({last}) ins({x} : {self.type(x)}) outs({empty} : {self.type(x)}) -> {self.type(x)}",
                         self.shape[x])

    def rms_norm(self, x, weight):
        if self.form == "nn":
            return self.emit(f"nn.rms_norm {x}, {weight} epsilon 1.0e-5 : {self.type(x)}, {self.type(weight)} -> {self.type(x)}", self.shape[x])
        shape = self.shape[x]
        last = len(shape) - 1
        square = self.elementwise("arith.mulf", x, x)
        out = self.filled(shape[:-1])
        total = self.emit(f"linalg.reduce ins({square} : {self.tensor(shape)}) outs({out} : {self.tensor(shape[:-1])}) dimensions = [{last}]\n"
                          f"    (%in: {self.element}, %acc: {self.element}) {{\n      %s = arith.addf %in, %acc : {self.element}\n"
                          f"      linalg.yield %s : {self.element}\n    }}", shape[:-1])
        count = self.emit(f"arith.constant dense<{float(shape[-1])}> : {self.tensor(shape[:-1])}", shape[:-1])
        epsilon = self.emit(f"arith.constant dense<1.0e-5> : {self.tensor(shape[:-1])}", shape[:-1])
        scale = self.elementwise("math.rsqrt", self.add(self.elementwise("arith.divf", total, count), epsilon))
        spread = self.broadcast(scale, shape, list(range(last)))
        return self.elementwise("arith.mulf", self.elementwise("arith.mulf", x, spread), self.broadcast(weight, shape, [last]))

    def text(self, result):
        out = f"{self.tensor(self.shape[result])}{self.wish('result')}"
        mesh = ", ".join(axis.replace("=", " = ") for axis in self.mesh.split(","))
        arguments = ",\n                ".join(self.arguments)
        body = "\n".join(self.lines)
        return (f"tp.mesh @mesh [{mesh}]\nfunc.func @main({arguments})\n    -> ({out}) {{\n{body}\n"
                f"  return {result} : {self.tensor(self.shape[result])}\n}}\n")


def attention(g, x, size, kv, packed):
    """Without its residual: x [b, s, h] -> [b, s, h], partial sums not yet added."""
    b, s, h, heads = size["batch"], size["seq"], size["width"], size["heads"]
    d = h // heads
    if packed:
        w = g.argument("wqkv", h, (heads + 2 * kv) * d)
        y = g.contract("bsh,hf->bsf", x, w)
        q, k, v = g.slice(y, 2, 0, heads * d), g.slice(y, 2, heads * d, kv * d), g.slice(y, 2, (heads + kv) * d, kv * d)
    else:
        q = g.contract("bsh,hf->bsf", x, g.argument("wq", h, heads * d))
        k = g.contract("bsh,hf->bsf", x, g.argument("wk", h, kv * d))
        v = g.contract("bsh,hf->bsf", x, g.argument("wv", h, kv * d))
    split = "[[0], [1], [2, 3, 4]]"
    q = g.reshape(q, [b, s, kv, heads // kv, d], split)
    k = g.reshape(k, [b, s, kv, d], "[[0], [1], [2, 3]]")
    v = g.reshape(v, [b, s, kv, d], "[[0], [1], [2, 3]]")
    p = g.softmax(g.contract("bskgd,btkd->bkgst", q, k))
    o = g.contract("bkgst,btkd->bskgd", p, v)
    o = g.reshape(o, [b, s, heads * d], split)
    return g.contract("bsf,fh->bsh", o, g.argument("wo", heads * d, h))


def mlp(g, x, size):
    hidden = g.gelu(g.constrain(g.contract("bsh,hf->bsf", x, g.argument("w1", size["width"], size["ffn"])), "hidden"))
    return g.contract("bsf,fh->bsh", hidden, g.argument("w2", size["ffn"], size["width"]))


def build(graph, form, mesh, wishes, size):
    g = Graph(form, mesh, wishes)
    b, s, h = size["batch"], size["seq"], size["width"]
    if graph == "embedding":
        ids = g.argument("ids", b, s, element="i32")
        table = g.argument("table", size["vocab"], h)
        return g.text(g.emit(f"nn.embedding {ids}, {table} : {g.tensor([b, s], 'i32')}, {g.type(table)} -> {g.tensor([b, s, h])}", [b, s, h]))
    x = g.argument("x", b, s, h)
    if graph == "mlp":
        return g.text(mlp(g, x, size))
    x = g.constrain(x, "stream")
    if graph == "residual":
        y = g.contract("bsh,hf->bsf", g.rms_norm(x, g.argument("n1", h)), g.argument("w1", h, size["ffn"]))
        y = g.gelu(g.add(y, g.broadcast(g.argument("b1", size["ffn"]), [b, s, size["ffn"]], [2])))
        y = g.contract("bsf,fh->bsh", y, g.argument("w2", size["ffn"], h))
        y = g.add(y, g.broadcast(g.argument("b2", h), [b, s, h], [2]))
        return g.text(g.rms_norm(g.add(x, y), g.argument("n2", h)))
    kv = size["kv"] if graph == "gqa" else size["heads"]
    normed = g.rms_norm(x, g.argument("n1", h))
    attended = attention(g, normed, size, kv, packed=graph == "packed")
    if graph == "parallel":
        return g.text(g.add(g.add(x, attended), mlp(g, normed, size)))
    x = g.constrain(g.add(x, attended), "stream")
    return g.text(g.constrain(g.add(x, mlp(g, g.rms_norm(x, g.argument("n2", h)), size)), "stream"))


def main():
    graph, form, mesh, *rest = sys.argv[1:]
    size = {"batch": 2, "seq": 8, "width": 64, "heads": 8, "kv": 2, "ffn": 256, "vocab": 96}
    wishes = {}
    for item in rest:
        name, value = item.split("=", 1)
        if name in size:
            size[name] = int(value)
        else:
            wishes[name] = value
    print(build(graph, form, mesh, wishes, size))


if __name__ == "__main__":
    main()
