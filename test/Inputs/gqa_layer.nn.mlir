// A decoder layer with grouped key heads, rotary embedding, RMS norms and SwiGLU.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses. `s/256/96/g` gives an FFN
// narrower than twice the hidden width.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %positions: tensor<2x8xi32> {nn.name = "positions"},
                %g1: tensor<64xf32> {nn.name = "g1"},
                %wq: tensor<64x64xf32> {nn.name = "wq"},
                %wk: tensor<64x32xf32> {nn.name = "wk"},
                %wv: tensor<64x32xf32> {nn.name = "wv"},
                %wo: tensor<64x64xf32> {nn.name = "wo"},
                %g2: tensor<64xf32> {nn.name = "g2"},
                %wgate: tensor<64x256xf32> {nn.name = "wgate"},
                %wup: tensor<64x256xf32> {nn.name = "wup"},
                %wdown: tensor<256x64xf32> {nn.name = "wdown"})
    -> (tensor<2x8x64xf32> {nn.name = "y"}) {
  %0 = nn.rms_norm %x, %g1 epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %1 = nn.contract "bsh,hf->bsf" %0, %wq : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %2 = nn.contract "bsh,hf->bsf" %0, %wk : tensor<2x8x64xf32>, tensor<64x32xf32> -> tensor<2x8x32xf32>
  %3 = nn.contract "bsh,hf->bsf" %0, %wv : tensor<2x8x64xf32>, tensor<64x32xf32> -> tensor<2x8x32xf32>
  %4 = nn.reshape %1 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %5 = nn.rope %4, %positions frequencies [1.0, 0.316, 0.1, 0.0316, 0.01, 0.00316, 0.001, 0.000316] attention_factor 1.0
      : tensor<2x8x4x16xf32>, tensor<2x8xi32> -> tensor<2x8x4x16xf32>
  %6 = nn.reshape %2 : tensor<2x8x32xf32> -> tensor<2x8x2x16xf32>
  %7 = nn.rope %6, %positions frequencies [1.0, 0.316, 0.1, 0.0316, 0.01, 0.00316, 0.001, 0.000316] attention_factor 1.0
      : tensor<2x8x2x16xf32>, tensor<2x8xi32> -> tensor<2x8x2x16xf32>
  %8 = nn.reshape %3 : tensor<2x8x32xf32> -> tensor<2x8x2x16xf32>
  %9 = nn.attention %5, %7, %8 scale 2.5e-1 causal
      : tensor<2x8x4x16xf32>, tensor<2x8x2x16xf32>, tensor<2x8x2x16xf32> -> tensor<2x8x4x16xf32>
  %10 = nn.reshape %9 : tensor<2x8x4x16xf32> -> tensor<2x8x64xf32>
  %11 = nn.contract "bsh,hf->bsf" %10, %wo : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %stream = arith.addf %11, %x : tensor<2x8x64xf32>
  // wish: %stream : tensor<2x8x64xf32>
  %12 = nn.rms_norm %stream, %g2 epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %13 = nn.contract "bsh,hf->bsf" %12, %wgate : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  %14 = nn.contract "bsh,hf->bsf" %12, %wup : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  %15 = nn.map %13 : (tensor<2x8x256xf32>) -> tensor<2x8x256xf32> {
  ^bb0(%e: f32):
    %one = arith.constant 1.0 : f32
    %a = arith.negf %e : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %g = arith.divf %e, %c : f32
    nn.yield %g : f32
  }
  %h = arith.mulf %15, %14 : tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %16 = nn.contract "bsh,hf->bsf" %h, %wdown : tensor<2x8x256xf32>, tensor<256x64xf32> -> tensor<2x8x64xf32>
  %y = arith.addf %16, %stream : tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
