// A softmax along a dimension of size 0 has lines, but no memory to address; only the undefined-behaviour sanitizer saw that.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [a = 2]
func.func @main(%x: tensor<4x0xf32> {tp.layout = #tp.layout<@mesh, [{a}, {}]>}) -> tensor<4x0xf32> {
  %y = nn.softmax %x dim 1 : tensor<4x0xf32> -> tensor<4x0xf32>
  return %y : tensor<4x0xf32>
}
