// A two-layer MLP for four devices. One wish is enough: everything else follows from it.
tp.mesh @mesh [tp = 4]

func.func @main(%x: tensor<8x64xf32>,
                %a: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %b: tensor<256x64xf32>) -> tensor<8x64xf32> {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x256xf32> -> tensor<8x256xf32>
  %g = nn.map %h : (tensor<8x256xf32>) -> tensor<8x256xf32> {
  ^bb0(%e: f32):
    %t = math.tanh %e : f32
    nn.yield %t : f32
  }
  %y = nn.contract "bf,fo->bo" %g, %b : tensor<8x256xf32>, tensor<256x64xf32> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
