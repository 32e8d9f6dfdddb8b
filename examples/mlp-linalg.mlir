// The MLP of mlp.mlir as another front end would write it: upstream ops on tensors.
tp.mesh @mesh [tp = 4]

func.func @main(%x: tensor<8x64xf32>,
                %a: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %b: tensor<256x64xf32>) -> tensor<8x64xf32> {
  %zero = arith.constant 0.0 : f32
  %wide = tensor.empty() : tensor<8x256xf32>
  %wide_zeros = linalg.fill ins(%zero : f32) outs(%wide : tensor<8x256xf32>) -> tensor<8x256xf32>
  %h = linalg.matmul ins(%x, %a : tensor<8x64xf32>, tensor<64x256xf32>) outs(%wide_zeros : tensor<8x256xf32>) -> tensor<8x256xf32>
  %g = math.tanh %h : tensor<8x256xf32>
  %narrow = tensor.empty() : tensor<8x64xf32>
  %narrow_zeros = linalg.fill ins(%zero : f32) outs(%narrow : tensor<8x64xf32>) -> tensor<8x64xf32>
  %y = linalg.matmul ins(%g, %b : tensor<8x256xf32>, tensor<256x64xf32>) outs(%narrow_zeros : tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
