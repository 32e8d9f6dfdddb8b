// asinh, atanh and sinh of small numbers, of which logarithms and exponentials leave no digits.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 1]
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = nn.map %x : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%e: f32):
    %c = arith.constant 1.0e-6 : f32
    %t = arith.mulf %e, %c : f32
    %a = math.atanh %t : f32
    %b = math.asinh %a : f32
    %s = math.sinh %b : f32
    nn.yield %s : f32
  }
  return %y : tensor<4x8xf32>
}
