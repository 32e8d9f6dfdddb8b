// A partial constant, kept by one rank before it had memory.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @main() -> tensor<4xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>> {
  %y = arith.constant dense<2.0> : tensor<4xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
  return %y : tensor<4xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
}
