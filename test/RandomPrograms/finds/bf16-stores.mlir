// Stores of bf16 that LLVM made into choices between two bf16, which call a function that no module has.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 1]
func.func @main(%x: tensor<8x8xbf16>) -> tensor<8x8x4xbf16> {
  %b = nn.broadcast %x dims [0, 1] : tensor<8x8xbf16> -> tensor<8x8x4xbf16>
  %y = nn.map %b : (tensor<8x8x4xbf16>) -> tensor<8x8x4xbf16> {
  ^bb0(%e: bf16):
    %t = math.sin %e : bf16
    nn.yield %t : bf16
  }
  return %y : tensor<8x8x4xbf16>
}
