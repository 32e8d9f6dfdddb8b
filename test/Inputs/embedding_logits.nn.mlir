// Embedding, norm and output projection.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses.
tp.mesh @mesh [tp = 2]

func.func @main(%ids: tensor<2x8xi64> {nn.name = "ids"},
                %table: tensor<128x64xf32> {nn.name = "table"},
                %g: tensor<64xf32> {nn.name = "g"},
                %head: tensor<64x128xf32> {nn.name = "head"})
    -> (tensor<2x8x128xf32> {nn.name = "y"}) {
  %x = nn.embedding %ids, %table : tensor<2x8xi64>, tensor<128x64xf32> -> tensor<2x8x64xf32>
  // wish: %x : tensor<2x8x64xf32>
  %0 = nn.rms_norm %x, %g epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %y = nn.contract "bsh,hf->bsf" %0, %head : tensor<2x8x64xf32>, tensor<64x128xf32> -> tensor<2x8x128xf32>
  return %y : tensor<2x8x128xf32>
}
