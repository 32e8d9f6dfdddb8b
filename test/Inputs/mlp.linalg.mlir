// An MLP with biases and a residual connection, as other front ends write it: rows and heads flattened, norms and softmax in pieces.
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
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %half = arith.constant 0.5 : f32
  %root_half = arith.constant 0.70710678 : f32
  %0 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %1 = tensor.empty() : tensor<16x256xf32>
  %2 = linalg.fill ins(%zero : f32) outs(%1 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %3 = linalg.matmul ins(%0, %w1 : tensor<16x64xf32>, tensor<64x256xf32>) outs(%2 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %4 = tensor.expand_shape %3 [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  %5 = tensor.empty() : tensor<2x8x256xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%4, %b1 : tensor<2x8x256xf32>, tensor<256xf32>) outs(%5 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %6 = tensor.empty() : tensor<2x8x256xf32>
  %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%h : tensor<2x8x256xf32>) outs(%6 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %a = arith.mulf %e0, %root_half : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %c, %half : f32
    %r = arith.mulf %d, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  %8 = tensor.collapse_shape %7 [[0, 1], [2]] : tensor<2x8x256xf32> into tensor<16x256xf32>
  %9 = tensor.empty() : tensor<16x64xf32>
  %10 = linalg.fill ins(%zero : f32) outs(%9 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %11 = linalg.matmul ins(%8, %w2 : tensor<16x256xf32>, tensor<256x64xf32>) outs(%10 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %12 = tensor.expand_shape %11 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %13 = tensor.empty() : tensor<2x8x64xf32>
  %14 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%12, %b2 : tensor<2x8x64xf32>, tensor<64xf32>) outs(%13 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %15 = tensor.empty() : tensor<2x8x64xf32>
  %y = linalg.add ins(%14, %x : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%15 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
