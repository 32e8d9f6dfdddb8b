// Attention and MLP side by side, both added to the residual stream.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses. `s/256/96/g` gives an FFN
// narrower than twice the hidden width.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %g1: tensor<64xf32> {nn.name = "g1"},
                %c1: tensor<64xf32> {nn.name = "c1"},
                %wq: tensor<64x64xf32> {nn.name = "wq"},
                %wk: tensor<64x64xf32> {nn.name = "wk"},
                %wv: tensor<64x64xf32> {nn.name = "wv"},
                %wo: tensor<64x64xf32> {nn.name = "wo"},
                %w1: tensor<64x256xf32> {nn.name = "w1"},
                %w2: tensor<256x64xf32> {nn.name = "w2"})
    -> (tensor<2x8x64xf32> {nn.name = "y"}) {
  %0 = nn.layer_norm %x, %g1, %c1 epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %1 = nn.contract "bsh,hf->bsf" %0, %wq : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %2 = nn.reshape %1 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %3 = nn.contract "bsh,hf->bsf" %0, %wk : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %4 = nn.reshape %3 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %5 = nn.contract "bsh,hf->bsf" %0, %wv : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %6 = nn.reshape %5 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %7 = nn.attention %2, %4, %6 scale 2.5e-1 causal
      : tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32> -> tensor<2x8x4x16xf32>
  %8 = nn.reshape %7 : tensor<2x8x4x16xf32> -> tensor<2x8x64xf32>
  %9 = nn.contract "bsh,hf->bsf" %8, %wo : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %h = nn.contract "bsh,hf->bsf" %0, %w1 : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %10 = nn.map %h : (tensor<2x8x256xf32>) -> tensor<2x8x256xf32> {
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
  %11 = nn.contract "bsh,hf->bsf" %10, %w2 : tensor<2x8x256xf32>, tensor<256x64xf32> -> tensor<2x8x64xf32>
  %12 = arith.addf %9, %11 : tensor<2x8x64xf32>
  %y = arith.addf %12, %x : tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
