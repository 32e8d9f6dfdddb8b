"""Prints laid-out programs in which partial values are reduced at once and then added, scaled, multiplied and bent at random.

Usage: random-sums.py SEED COUNT
"""
import random
import sys

random.seed(int(sys.argv[1]))
print("""!whole = tensor<4x4xf32, #tp.layout<@mesh, [{}, {}]>>
!columns = tensor<4x4xf32, #tp.layout<@mesh, [{}, {tp}]>>
!rows = tensor<4x4xf32, #tp.layout<@mesh, [{tp}, {}]>>
!partial = tensor<4x4xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
tp.mesh @mesh [tp = 2]""")


def mapped(name, operands, body):
    arguments = ", ".join(f"%e{i}: f32" for i in range(len(operands)))
    types = ", ".join(["!whole"] * len(operands))
    print(f"  {name} = nn.map {', '.join(operands)} : ({types}) -> !whole {{\n  ^bb0({arguments}):")
    print(f"    {body}\n    nn.yield %s : f32\n  }}")


for number in range(int(sys.argv[2])):
    print(f"func.func @sums{number}(%x: !whole, %y: !whole, %a: !columns, %w: !rows) -> (!whole, !whole) {{")
    values = ["%x", "%y"]
    for i in range(random.randint(8, 14)):
        kind = random.choice(["reduce", "reduce", "reduce", "add", "add", "add", "add", "scale", "multiply", "bend", "turn", "contract"])
        some, other = random.choice(values[-2:]), random.choice(values[-5:])
        if kind == "reduce":
            print(f"  %p{i} = nn.contract \"sf,fh->sh\" %a, %w : !columns, !rows -> !partial")
            print(f"  %v{i} = tp.reshard %p{i} : !partial -> !whole")
        elif kind == "add":
            mapped(f"%v{i}", [some, other], "%s = arith.addf %e0, %e1 : f32")
        elif kind == "scale":
            mapped(f"%v{i}", [some], "%k = arith.constant 0.25 : f32\n    %s = arith.mulf %e0, %k : f32")
        elif kind == "multiply":
            mapped(f"%v{i}", [some, "%y"], "%s = arith.mulf %e0, %e1 : f32")
        elif kind == "bend":
            mapped(f"%v{i}", [some], "%s = math.tanh %e0 : f32")
        elif kind == "turn":
            print(f"  %v{i} = nn.transpose {some} perm [1, 0] : !whole -> !whole")
        else:
            print(f"  %v{i} = nn.contract \"ab,bc->ac\" {some}, %y : !whole, !whole -> !whole")
        values.append(f"%v{i}")
    print(f"  return {values[-1]}, {random.choice(values[2:])} : !whole, !whole\n}}")
