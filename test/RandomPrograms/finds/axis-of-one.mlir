// An axis of size 1, which splits nothing, goes over to another dimension in a reshape.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [a = 2, b = 1]
func.func @main(%x: tensor<4x2xf32, #tp.layout<@mesh, [{a, b}, {}]>>) -> tensor<2x4xf32, #tp.layout<@mesh, [{a}, {b}]>> {
  %y = nn.reshape %x : tensor<4x2xf32, #tp.layout<@mesh, [{a, b}, {}]>> -> tensor<2x4xf32, #tp.layout<@mesh, [{a}, {b}]>>
  return %y : tensor<2x4xf32, #tp.layout<@mesh, [{a}, {b}]>>
}
