"""Prints a program of thirty ops on a mesh of two axes; a split of 36 columns reaches a reshape that makes heads of them: 9 do not divide."""
lines = ["tp.mesh @mesh [dp = 2, tp = 4]",
         "func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {",
         "  return %x : tensor<4xf32>",
         "}",
         "func.func @main(%x: tensor<8x36xf32> {tp.layout = #tp.layout<@mesh, [{dp}, {tp}]>}, %w: tensor<36x36xf32>)",
         "    -> (tensor<8x9x4xf32>, tensor<8x36xf32>) {"]
before = "%x"
for i in range(25):
    if i % 6 == 5:
        lines.append(f'  %{i} = nn.contract "bi,if->bf" {before}, %w : tensor<8x36xf32>, tensor<36x36xf32> -> tensor<8x36xf32>')
    else:
        lines.append(f"  %{i} = arith.addf {before}, {before} : tensor<8x36xf32>")
    before = f"%{i}"
    if i == 11:
        lines.append(f"  %c = tp.constrain {before} to <@mesh, [{{dp}}, {{?}}]> : tensor<8x36xf32>")
        lines.append(f"  %heads = nn.reshape %3 : tensor<8x36xf32> -> tensor<8x9x4xf32>")
        lines.append(f"  %more = arith.mulf %heads, %heads : tensor<8x9x4xf32>")
lines += [f"  return %more, {before} : tensor<8x9x4xf32>, tensor<8x36xf32>", "}"]
print("\n".join(lines))
