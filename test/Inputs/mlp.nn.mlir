// An MLP with biases and a residual connection.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses. `s/256/96/g` gives an FFN
// narrower than twice the hidden width.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %w1: tensor<64x256xf32> {nn.name = "w1"},
                %b1: tensor<256xf32> {nn.name = "b1"},
                %w2: tensor<256x64xf32> {nn.name = "w2"},
                %b2: tensor<64xf32> {nn.name = "b2"})
    -> (tensor<2x8x64xf32> {nn.name = "y"}) {
  %0 = nn.contract "bsh,hf->bsf" %x, %w1 : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  %1 = nn.broadcast %b1 dims [2] : tensor<256xf32> -> tensor<2x8x256xf32>
  %h = arith.addf %0, %1 : tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %2 = nn.map %h : (tensor<2x8x256xf32>) -> tensor<2x8x256xf32> {
  ^bb0(%e: f32):
    %half = arith.constant 0.5 : f32
    %one = arith.constant 1.0 : f32
    %root = arith.constant 0.70710678 : f32
    %a = arith.mulf %e, %root : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %c, %half : f32
    %g = arith.mulf %d, %e : f32
    nn.yield %g : f32
  }
  %3 = nn.contract "bsh,hf->bsf" %2, %w2 : tensor<2x8x256xf32>, tensor<256x64xf32> -> tensor<2x8x64xf32>
  %4 = nn.broadcast %b2 dims [2] : tensor<64xf32> -> tensor<2x8x64xf32>
  %5 = arith.addf %3, %4 : tensor<2x8x64xf32>
  %y = arith.addf %5, %x : tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
