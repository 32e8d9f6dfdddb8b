// A reshape of no elements, whose factors were divided by 0.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4x0xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}) -> tensor<0xf32> {
  %y = nn.reshape %x : tensor<4x0xf32> -> tensor<0xf32>
  return %y : tensor<0xf32>
}
