// Zeros as a partial value: nobody needs to keep them, and a product with them is partial all the same.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4x3xf32, #tp.layout<@mesh, [{}, {}]>>) -> tensor<4x3xf32, #tp.layout<@mesh, [{}, {}]>> {
  %zero = arith.constant dense<0.0> : tensor<4x4xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
  %y = nn.contract "ab,bc->ac" %zero, %x : tensor<4x4xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>, tensor<4x3xf32, #tp.layout<@mesh, [{}, {}]>> -> tensor<4x3xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
  %z = tp.reshard %y : tensor<4x3xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>> -> tensor<4x3xf32, #tp.layout<@mesh, [{}, {}]>>
  return %z : tensor<4x3xf32, #tp.layout<@mesh, [{}, {}]>>
}
