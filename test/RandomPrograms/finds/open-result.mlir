// A result that is open in a dimension and wished elsewhere over the axis that its value has there.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4x4xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> (tensor<4x4xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {?}]>}) {
  %y = nn.transpose %x perm [0, 1] : tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
