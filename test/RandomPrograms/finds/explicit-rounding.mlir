// A rounding to bf16 in the middle of a kernel, which computes 16-bit floats as f32 and left it out.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 1]
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = nn.map %x : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%e: f32):
    %h = arith.truncf %e : f32 to bf16
    %t = arith.extf %h : bf16 to f32
    %d = arith.subf %e, %t : f32
    nn.yield %d : f32
  }
  return %y : tensor<4x8xf32>
}
