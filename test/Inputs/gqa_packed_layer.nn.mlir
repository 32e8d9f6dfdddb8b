// A decoder layer with grouped key heads whose q|k|v are packed, as are gate|up.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %positions: tensor<2x8xi32> {nn.name = "positions"},
                %g1: tensor<64xf32> {nn.name = "g1"},
                %wqkv: tensor<64x128xf32> {nn.name = "wqkv"},
                %wo: tensor<64x64xf32> {nn.name = "wo"},
                %g2: tensor<64xf32> {nn.name = "g2"},
                %wgateup: tensor<64x512xf32> {nn.name = "wgateup"},
                %wdown: tensor<256x64xf32> {nn.name = "wdown"})
    -> (tensor<2x8x64xf32> {nn.name = "y"}) {
  %0 = nn.rms_norm %x, %g1 epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %1 = nn.contract "bsh,hf->bsf" %0, %wqkv : tensor<2x8x64xf32>, tensor<64x128xf32> -> tensor<2x8x128xf32>
  %2 = nn.slice %1 offsets [0, 0, 0] sizes [2, 8, 64] strides [1, 1, 1] : tensor<2x8x128xf32> -> tensor<2x8x64xf32>
  %3 = nn.slice %1 offsets [0, 0, 64] sizes [2, 8, 32] strides [1, 1, 1] : tensor<2x8x128xf32> -> tensor<2x8x32xf32>
  %4 = nn.slice %1 offsets [0, 0, 96] sizes [2, 8, 32] strides [1, 1, 1] : tensor<2x8x128xf32> -> tensor<2x8x32xf32>
  %5 = nn.reshape %2 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
  %6 = nn.rope %5, %positions frequencies [1.0, 0.316, 0.1, 0.0316, 0.01, 0.00316, 0.001, 0.000316] attention_factor 1.0
      : tensor<2x8x4x16xf32>, tensor<2x8xi32> -> tensor<2x8x4x16xf32>
  %7 = nn.reshape %3 : tensor<2x8x32xf32> -> tensor<2x8x2x16xf32>
  %8 = nn.rope %7, %positions frequencies [1.0, 0.316, 0.1, 0.0316, 0.01, 0.00316, 0.001, 0.000316] attention_factor 1.0
      : tensor<2x8x2x16xf32>, tensor<2x8xi32> -> tensor<2x8x2x16xf32>
  %9 = nn.reshape %4 : tensor<2x8x32xf32> -> tensor<2x8x2x16xf32>
  %10 = nn.attention %6, %8, %9 scale 2.5e-1 causal
      : tensor<2x8x4x16xf32>, tensor<2x8x2x16xf32>, tensor<2x8x2x16xf32> -> tensor<2x8x4x16xf32>
  %11 = nn.reshape %10 : tensor<2x8x4x16xf32> -> tensor<2x8x64xf32>
  %12 = nn.contract "bsh,hf->bsf" %11, %wo : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %stream = arith.addf %12, %x : tensor<2x8x64xf32>
  // wish: %stream : tensor<2x8x64xf32>
  %13 = nn.rms_norm %stream, %g2 epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %gateup = nn.contract "bsh,hf->bsf" %13, %wgateup : tensor<2x8x64xf32>, tensor<64x512xf32> -> tensor<2x8x512xf32>
  // wish: %gateup : tensor<2x8x512xf32>
  %14 = nn.slice %gateup offsets [0, 0, 0] sizes [2, 8, 256] strides [1, 1, 1] : tensor<2x8x512xf32> -> tensor<2x8x256xf32>
  %15 = nn.slice %gateup offsets [0, 0, 256] sizes [2, 8, 256] strides [1, 1, 1] : tensor<2x8x512xf32> -> tensor<2x8x256xf32>
  %16 = nn.map %14 : (tensor<2x8x256xf32>) -> tensor<2x8x256xf32> {
  ^bb0(%e: f32):
    %one = arith.constant 1.0 : f32
    %a = arith.negf %e : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %g = arith.divf %e, %c : f32
    nn.yield %g : f32
  }
  %h = arith.mulf %16, %15 : tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %17 = nn.contract "bsh,hf->bsf" %h, %wdown : tensor<2x8x256xf32>, tensor<256x64xf32> -> tensor<2x8x64xf32>
  %y = arith.addf %17, %stream : tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
