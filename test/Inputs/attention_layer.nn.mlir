// A transformer layer with separate q, k, v, biases, layer norms and residual connections.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses. `s/256/96/g` gives an FFN
// narrower than twice the hidden width.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %g1: tensor<64xf32> {nn.name = "g1"},
                %c1: tensor<64xf32> {nn.name = "c1"},
                %wq: tensor<64x64xf32> {nn.name = "wq"},
                %bq: tensor<64xf32> {nn.name = "bq"},
                %wk: tensor<64x64xf32> {nn.name = "wk"},
                %bk: tensor<64xf32> {nn.name = "bk"},
                %wv: tensor<64x64xf32> {nn.name = "wv"},
                %bv: tensor<64xf32> {nn.name = "bv"},
                %wo: tensor<64x64xf32> {nn.name = "wo"},
                %bo: tensor<64xf32> {nn.name = "bo"},
                %g2: tensor<64xf32> {nn.name = "g2"},
                %c2: tensor<64xf32> {nn.name = "c2"},
                %w1: tensor<64x256xf32> {nn.name = "w1"},
                %b1: tensor<256xf32> {nn.name = "b1"},
                %w2: tensor<256x64xf32> {nn.name = "w2"},
                %b2: tensor<64xf32> {nn.name = "b2"})
    -> (tensor<2x8x64xf32> {nn.name = "y"}) {
  // wish: %x : tensor<2x8x64xf32>
  %0 = nn.layer_norm %x, %g1, %c1 epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %1 = nn.contract "bsh,hf->bsf" %0, %wq : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %2 = nn.broadcast %bq dims [2] : tensor<64xf32> -> tensor<2x8x64xf32>
  %3 = arith.addf %1, %2 : tensor<2x8x64xf32>
  %4 = nn.reshape %3 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %5 = nn.contract "bsh,hf->bsf" %0, %wk : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %6 = nn.broadcast %bk dims [2] : tensor<64xf32> -> tensor<2x8x64xf32>
  %7 = arith.addf %5, %6 : tensor<2x8x64xf32>
  %8 = nn.reshape %7 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %9 = nn.contract "bsh,hf->bsf" %0, %wv : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %10 = nn.broadcast %bv dims [2] : tensor<64xf32> -> tensor<2x8x64xf32>
  %11 = arith.addf %9, %10 : tensor<2x8x64xf32>
  %12 = nn.reshape %11 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %13 = nn.attention %4, %8, %12 scale 2.5e-1 causal
      : tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32> -> tensor<2x8x4x16xf32>
  %14 = nn.reshape %13 : tensor<2x8x4x16xf32> -> tensor<2x8x64xf32>
  %15 = nn.contract "bsh,hf->bsf" %14, %wo : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %16 = nn.broadcast %bo dims [2] : tensor<64xf32> -> tensor<2x8x64xf32>
  %17 = arith.addf %15, %16 : tensor<2x8x64xf32>
  %stream = arith.addf %17, %x : tensor<2x8x64xf32>
  // wish: %stream : tensor<2x8x64xf32>
  %18 = nn.layer_norm %stream, %g2, %c2 epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %19 = nn.contract "bsh,hf->bsf" %18, %w1 : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  %20 = nn.broadcast %b1 dims [2] : tensor<256xf32> -> tensor<2x8x256xf32>
  %h = arith.addf %19, %20 : tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %21 = nn.map %h : (tensor<2x8x256xf32>) -> tensor<2x8x256xf32> {
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
  %22 = nn.contract "bsh,hf->bsf" %21, %w2 : tensor<2x8x256xf32>, tensor<256x64xf32> -> tensor<2x8x64xf32>
  %23 = nn.broadcast %b2 dims [2] : tensor<64xf32> -> tensor<2x8x64xf32>
  %24 = arith.addf %22, %23 : tensor<2x8x64xf32>
  %y = arith.addf %24, %stream : tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
