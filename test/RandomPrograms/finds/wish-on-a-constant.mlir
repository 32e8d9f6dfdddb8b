// A wish on a constant, of which Propagate asked for the layout that a constant has not.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %c = arith.constant dense<0.5> : tensor<4x4xf32>
  %w = tp.constrain %c to <@mesh, [{tp}, {}]> : tensor<4x4xf32>
  %y = nn.map %x, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.mulf %a, %b : f32
    nn.yield %s : f32
  }
  return %y : tensor<4x4xf32>
}
