"""Wrong graphs: what each tool says of them."""
import os
import re
import shutil

from refuses import GRAPH, accepts, end, put, refuses
import sys

folder, bin_folder = sys.argv[1], sys.argv[2]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)

PARTIAL = "tensor<4x8xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>"
GELU = f"""tp.mesh @mesh [tp = 2]
func.func @main(%x: {PARTIAL}) -> {PARTIAL} {{
  %g = nn.map %x : ({PARTIAL}) -> {PARTIAL} {{
  ^bb0(%e: f32):
    %t = math.erf %e : f32
    %m = arith.mulf %t, %e : f32
    nn.yield %m : f32
  }}
  return %g : {PARTIAL}
}}
"""


def wish(layout, shape="4x8", mesh="tp.mesh @mesh [tp = 2]"):
    return f"""{mesh}
func.func @main(%x: tensor<{shape}xf32> {{tp.layout = #tp.layout<@mesh, {layout}>}}) -> tensor<{shape}xf32> {{
  return %x : tensor<{shape}xf32>
}}
"""


HEADS = """tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<1x4x9x8xf32> {tp.layout = #tp.layout<@mesh, [{}, {}, {tp}, {}]>}) -> tensor<1x4x9x8xf32> {
  return %x : tensor<1x4x9x8xf32>
}
"""
def own(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "rb") as file:
        return file.read()


HUGE = "4611686018427387904"
CASES = [
    ("gelu-over-partial", GELU, r'gelu-over-partial.mlir:3:8: error: .nn.map. op needs a whole value, but its operand 0 is partial over axis "tp"\n'
                                r'note: it is declared partial here .*\n.*note: reduce it first'),
    ("axis-twice", wish("[{tp}, {tp}]"), r'axis-twice.mlir:2:1: error: .* argument 0: axis "tp" is used twice'),
    ("unknown-axis", wish("[{dp}, {}]"), r'unknown-axis.mlir:2:1: error: .* unknown axis "dp"; the mesh has "tp"'),
    ("rows", wish("[{tp}, {}]", "10x8", "tp.mesh @mesh [tp = 4]"),
     r'rows.mlir:2:1: error: .* dimension 0 of size 10 does not divide over "tp"=4; sizes that do: 1, 2, 5, 10'),
    ("heads", HEADS, r'heads.mlir:2:1: error: .* dimension 2 of size 9 does not divide over "tp"=2; sizes that do: 1, 3, 9'),
    ("rank", wish("[{tp}]"), r"rank.mlir:2:1: error: .* layout has 1 dimensions, the tensor has 2"),
    ("two-meshes", "tp.mesh @mesh [tp = 2]\ntp.mesh @other [tp = 4]\n", r"two-meshes.mlir:2:1: error: .* is the second mesh of the module, which may have one"),
    ("no-mesh", wish("[{tp}, {}]", mesh=""), r"error: .* names mesh @mesh, but the module has no tp.mesh"),
    ("zero-axis", "tp.mesh @mesh [tp = 0]\n", r'zero-axis.mlir:1:1: error: .* axis "tp" has size 0, needs at least 1'),
    ("huge-mesh", "tp.mesh @mesh [dp = 2147483648, tp = 2147483648]\n", r"huge-mesh.mlir:1:1: error: .* more than 2\^31 ranks"),
    ("huge-tensor", wish("[{}, {}]", f"{HUGE}x{HUGE}"), r"huge-tensor.mlir:2:1: error: .* has a tensor of more than 2\^48 elements"),
    ("huge-behind-zero", wish("[{}, {}, {}]", f"0x{HUGE}x{HUGE}"), r"error: .* has a tensor of more than 2\^48 elements"),
    ("no-mlir", "\x7fELF\x02", r"no-mlir.mlir:1:1: error: "),
    ("bytecode", b"ML\xefR\x0d\0", r"error: "),
    # MLIR's own reader crashes on the first and third, and never comes back from the second.
    ("torn-list", wish("[{}, {}]").replace("return", "%t = linalg.transpose ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) permutation = [1, x]\n  return"),
     r"torn-list.mlir:3:\d+: error: .* expected integer value"),
    ("endless-bytecode", own("endless.mlirbc"), r"error: .*endless-bytecode.mlir: MLIR's reader of bytecode does not come to an end on this program"),
    ("crashing-bytecode", own("crashing.mlirbc"), r"error: .*crashing-bytecode.mlir: (MLIR's reader of bytecode crashes on this program|cannot be read as bytecode)"),
    ("silent-bytecode", own("silent.mlirbc"), r"error: .*silent-bytecode.mlir: cannot be read as bytecode: "),
    ("nothing", "", r"error: the program has no (tp.mesh|public function)"),
    ("unknown-op", "func.func @main() {\n  nn.no_such_op\n  return\n}\n", r"unknown-op.mlir:2:3: error: "),
    ("no-body", "tp.mesh @mesh [tp = 2]\nfunc.func private @f(tensor<4xf32>) -> tensor<4xf32>\nfunc.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
                "  %y = call @f(%x) : (tensor<4xf32>) -> tensor<4xf32>\n  return %y : tensor<4xf32>\n}\n",
     r"error: .* has no body"),
    ("external", "tp.mesh @mesh [tp = 2]\nfunc.func @main(tensor<4xf32>) -> tensor<4xf32>\n", r"error: "),
]

for name, program, text in CASES:
    path = put(os.path.join(folder, name + ".mlir"), program)
    out = os.path.join(folder, name + ".tpm")
    refuses([f"{bin_folder}/tp-plan", path], text)
    refuses([f"{bin_folder}/tp-compile", path, "-o", out], text)
    refuses([f"{bin_folder}/tp-check", path], text)
    if os.path.exists(out):
        print("WRONG: left behind", out)
        sys.exit(1)

# What is no tensor of a known type, as an argument and inside.
KNOWN = r"known are .*f16, bf16, f32, f64, index, i1, i8, si8, ui8, i16, i32 and i64"
for index, type in enumerate(["tensor<4xcomplex<f32>>", "tensor<4xf8E4M3FN>", "tensor<4xi4>", "tensor<4xui32>", "tensor<4xvector<4xf32>>", "tensor<*xf32>",
                              "complex<f32>", "memref<4xf32>", "vector<4xf32>", "tuple<tensor<4xf32>>", "none", "i7"]):
    path = put(os.path.join(folder, f"type{index}.mlir"),
               f"tp.mesh @mesh [tp = 2]\nfunc.func @main(%x: {type}) -> {type} {{\n  return %x : {type}\n}}\n")
    refuses([f"{bin_folder}/tp-plan", path], r"type\d+.mlir:2:1: error: .* has a .*type '" + re.escape(type.removeprefix("tensor<4x").removesuffix(">") if "<4x" in type and type.startswith("tensor") else type) + "'; " + KNOWN)
inside = put(os.path.join(folder, "inside.mlir"), wish("[{}, {}]").replace("return", "%c = arith.constant 1 : i7\n  return"))
refuses([f"{bin_folder}/tp-plan", inside], "inside.mlir:3:8: error: .* has a value of type 'i7'; " + KNOWN)
accepts([f"{bin_folder}/tp-plan", put(os.path.join(folder, "right.mlir"), GRAPH)])
end()
