"""Prints a laid-out program of functions that take a value through random layouts: axes whole, split, partial and in halves,
several on a dimension in either order.

Usage: random-reshards.py MESH SEED COUNT, for example dp=2,tp=4 7 40
"""
import random
import sys

mesh = [(name, int(size)) for name, size in (axis.split("=") for axis in sys.argv[1].split(","))]
random.seed(int(sys.argv[2]))


def size(part):
    return part[2] or dict(mesh)[part[0]]


def text(part):
    return part[0] if not part[2] else f"{part[0]}({part[1]}){part[2]}"


def merged(parts):
    """Neighbours that continue one another are written as one part."""
    result = []
    for axis, before, count in ((p[0], p[1], size(p)) for p in parts):
        if result and result[-1][0] == axis and result[-1][1] * result[-1][2] == before:
            before, count = result[-1][1], result.pop()[2] * count
        result.append((axis, before, count))
    return [(a, 1, 0) if (b, c) == (1, dict(mesh)[a]) else (a, b, c) for a, b, c in result]


def layout(shape, may_be_partial):
    parts = []
    for axis, count in mesh:
        parts += [(axis, 1, 2), (axis, 2, 2)] if count == 4 and random.random() < 0.4 else [(axis, 1, 0)]
    random.shuffle(parts)
    dims, partial = [[] for _ in shape], []
    for part in parts:
        place = random.randrange(len(shape) + 2)
        if place < len(shape):
            pieces = size(part)
            for other in dims[place]:
                pieces *= size(other)
            if shape[place] % pieces == 0:
                dims[place].append(part)
        elif place == len(shape) and may_be_partial:
            partial.append(part)
    return [merged(d) for d in dims], merged(sorted(partial, key=lambda p: ([a for a, _ in mesh].index(p[0]), p[1])))


def printed(shape, dims, partial):
    inner = ", ".join("{" + ", ".join(map(text, d)) + "}" for d in dims)
    rest = f", partial = sum<{', '.join(map(text, partial))}>" if partial else ""
    return f"tensor<{'x'.join(map(str, shape))}xf32, #tp.layout<@mesh, [{inner}]{rest}>>"


def legal(source, target):
    """C3 of tp.reshard: what is split cannot become partial over the same axis."""
    split = {part[0] for dim in source[0] for part in dim}
    return not any(part[0] in split for part in target[1])


print(f"tp.mesh @mesh [{', '.join(f'{name} = {count}' for name, count in mesh)}]")
for number in range(int(sys.argv[3])):
    shape = random.choice([(16,), (8, 16), (4, 8, 12)])
    layouts = [layout(shape, False)]
    while len(layouts) < 3:
        following = layout(shape, True)
        if legal(layouts[-1], following):
            layouts.append(following)
    layouts.append(layout(shape, False))
    types = [printed(shape, *each) for each in layouts]
    print(f"func.func @reshard{number}(%0: {types[0]}) -> {types[-1]} {{")
    for i in range(1, len(types)):
        print(f"  %{i} = tp.reshard %{i - 1} : {types[i - 1]} -> {types[i]}")
    print(f"  return %{len(types) - 1} : {types[-1]}\n}}")
