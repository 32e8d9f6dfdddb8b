// A partial minimum of integers: what ranks hold that have nothing is the largest integer of the type.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4xi32, #tp.layout<@mesh, [{}], partial = min<tp>>>) -> tensor<4xi32, #tp.layout<@mesh, [{}]>> {
  %y = tp.reshard %x : tensor<4xi32, #tp.layout<@mesh, [{}], partial = min<tp>>> -> tensor<4xi32, #tp.layout<@mesh, [{}]>>
  return %y : tensor<4xi32, #tp.layout<@mesh, [{}]>>
}
