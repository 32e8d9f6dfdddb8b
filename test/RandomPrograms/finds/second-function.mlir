// A wish on a constant in a second function, whose new ops stand where ops of the first one stood in memory.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @first(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = tp.constrain %x to <@mesh, [{}, {tp}]> : tensor<4x4xf32>
  return %w : tensor<4x4xf32>
}
func.func @second() -> tensor<2x2x2xi32> {
  %c = arith.constant dense<7> : tensor<2x2x2xi32>
  %w = tp.constrain %c to <@mesh, [{}, {?}, {}]> : tensor<2x2x2xi32>
  return %w : tensor<2x2x2xi32>
}
