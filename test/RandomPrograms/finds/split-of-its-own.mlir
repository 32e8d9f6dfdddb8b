// A split dimension that no operand tells of (an iota has one that does not matter to it), reduced.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4xf32, #tp.layout<@mesh, [{}]>>) -> tensor<f32, #tp.layout<@mesh, []>> {
  %c = nn.iota dim 0 : tensor<4x6xf32, #tp.layout<@mesh, [{}, {tp}]>>
  %r = nn.reduce sum %c dims [0, 1] : tensor<4x6xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<f32, #tp.layout<@mesh, [], partial = sum<tp>>>
  %y = tp.reshard %r : tensor<f32, #tp.layout<@mesh, [], partial = sum<tp>>> -> tensor<f32, #tp.layout<@mesh, []>>
  return %y : tensor<f32, #tp.layout<@mesh, []>>
}
