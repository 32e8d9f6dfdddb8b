"""Prints a random straight-line program of nn ops for one rank: random-program.py SEED

Dimensions are named by letters with one size each, so any two tensors can be contracted. Transposes, broadcasts and slices
stand between the ops, so that what is lowered as a stride meets every kind of reader.
"""
import random
import sys

seed = random.Random(int(sys.argv[1]))
element = seed.choice(["f32", "f32", "f32", "bf16", "f16"])
sizes = {"a": seed.choice([1, 2, 3]), "b": seed.choice([1, 4]), "c": 5, "d": seed.choice([6, 8]),
         "e": seed.choice([1, 7]), "f": seed.choice([2, 16])}
lines, values = [], []


def type_of(shape):
    return "tensor<" + "".join(f"{size}x" for size in shape) + element + ">"


def named(letters):
    return type_of([sizes[letter] for letter in letters])


def emit(text, letters=None):
    name = f"%v{len(lines)}"
    lines.append(f"  {name} = {text}")
    if letters is not None:
        values.append((name, letters))
    return name


def contract(value, letters):
    other, others = seed.choice(values)
    summed = [letter for letter in letters if letter in others and seed.random() < 0.6]
    result = [letter for letter in dict.fromkeys(letters + others) if letter not in summed]
    seed.shuffle(result)
    result = "".join(result)
    if 1 <= len(result) <= 5:
        emit(f'nn.contract "{letters},{others}->{result}" {value}, {other} : {named(letters)}, {named(others)} -> {named(result)}', result)


def transposed(value, letters, result):
    order = [letters.index(letter) for letter in result]
    return f"nn.transpose {value} perm {order} : {named(letters)} -> {named(result)}"


def combine(value, letters):
    other, others = seed.choice([known for known in values if sorted(known[1]) == sorted(letters)])
    other = emit(transposed(other, others, letters))
    op = seed.choice(["arith.addf", "arith.mulf", "arith.subf", "arith.maximumf"])
    kind = named(letters)
    emit(f"nn.map {value}, {other} : ({kind}, {kind}) -> {kind} {{\n  ^bb0(%x: {element}, %z: {element}):\n"
         f"    %t = math.tanh %z : {element}\n    %y = {op} %x, %t : {element}\n    nn.yield %y : {element}\n  }}", letters)


def transpose(value, letters):
    result = "".join(seed.sample(letters, len(letters)))
    emit(transposed(value, letters, result), result)


def broadcast(value, letters):
    free = [letter for letter in sizes if letter not in letters]
    place = seed.randint(0, len(letters))
    if free and len(letters) < 4:
        result = letters[:place] + seed.choice(free) + letters[place:]
        dims = [result.index(letter) for letter in letters]
        emit(f"nn.broadcast {value} dims {dims} : {named(letters)} -> {named(result)}", result)


def reduce(value, letters):
    dims = sorted(seed.sample(range(len(letters)), seed.randint(1, len(letters))))
    result = "".join(letter for d, letter in enumerate(letters) if d not in dims)
    if result:
        kind = seed.choice(["sum", "max", "min"])
        emit(f"nn.reduce {kind} {value} dims {dims} : {named(letters)} -> {named(result)}", result)


def softmax(value, letters):
    emit(f"nn.softmax {value} dim {seed.randrange(len(letters))} : {named(letters)} -> {named(letters)}", letters)


def swap_parts(value, letters):
    d = seed.randrange(len(letters))
    shape = [sizes[letter] for letter in letters]
    if shape[d] < 2:
        return
    cut, pieces = seed.randint(1, shape[d] - 1), []
    for begin, end in [(cut, shape[d]), (0, cut)]:
        offsets = [begin if i == d else 0 for i in range(len(shape))]
        part = [end - begin if i == d else size for i, size in enumerate(shape)]
        name = emit(f"nn.slice {value} offsets {offsets} sizes {part} strides {[1] * len(shape)} : {named(letters)} -> {type_of(part)}")
        pieces.append((name, type_of(part)))
    (second, second_type), (first, first_type) = pieces
    emit(f"nn.concat {second}, {first} dim {d} : ({second_type}, {first_type}) -> {named(letters)}", letters)


for i in range(seed.randint(2, 4)):
    values.append((f"%arg{i}", "".join(seed.sample("abcdef", seed.randint(1, 4)))))
arguments = ", ".join(f"{name}: {named(letters)}" for name, letters in values)
for _ in range(seed.randint(4, 12)):
    op = seed.choice([contract, contract, combine, combine, transpose, broadcast, reduce, softmax, swap_parts])
    op(*seed.choice(values[-4:]))
outputs = seed.sample(values, min(len(values), seed.randint(1, 3)))
types = ", ".join(named(letters) for _, letters in outputs)
print("tp.mesh @mesh [tp = 1]")
print(f"func.func @main({arguments}) -> ({types}) {{")
print("\n".join(lines))
print(f"  return {', '.join(name for name, _ in outputs)} : {types}\n}}")
