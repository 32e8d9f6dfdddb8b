// Embedding, norm and output projection, as other front ends write it: rows and heads flattened, norms and softmax in pieces.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses.
tp.mesh @mesh [tp = 2]

func.func @main(%ids: tensor<2x8xi64> {nn.name = "ids"},
                %table: tensor<128x64xf32> {nn.name = "table"},
                %g: tensor<64xf32> {nn.name = "g"},
                %head: tensor<64x128xf32> {nn.name = "head"})
    -> (tensor<2x8x128xf32> {nn.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %width = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-5 : f32
  %0 = tensor.empty() : tensor<2x8x64xf32>
  %x = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%ids : tensor<2x8xi64>) outs(%0 : tensor<2x8x64xf32>) {
  ^bb0(%id: i64, %o: f32):
    %row = arith.index_cast %id : i64 to index
    %column = linalg.index 2 : index
    %r = tensor.extract %table[%row, %column] : tensor<128x64xf32>
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  // wish: %x : tensor<2x8x64xf32>
  %1 = tensor.empty() : tensor<2x8x64xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%x : tensor<2x8x64xf32>) outs(%1 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.mulf %e0, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %3 = tensor.empty() : tensor<2x8x1xf32>
  %4 = linalg.fill ins(%zero : f32) outs(%3 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %5 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%2 : tensor<2x8x64xf32>) outs(%4 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %6 = tensor.empty() : tensor<2x8x1xf32>
  %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%5 : tensor<2x8x1xf32>) outs(%6 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %v = arith.divf %e0, %width : f32
    %w = arith.addf %v, %epsilon : f32
    %r = math.rsqrt %w : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %8 = tensor.empty() : tensor<2x8x64xf32>
  %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %7 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%8 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %10 = tensor.empty() : tensor<2x8x64xf32>
  %11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%9, %g : tensor<2x8x64xf32>, tensor<64xf32>) outs(%10 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %12 = tensor.collapse_shape %11 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %13 = tensor.empty() : tensor<16x128xf32>
  %14 = linalg.fill ins(%zero : f32) outs(%13 : tensor<16x128xf32>) -> tensor<16x128xf32>
  %15 = linalg.matmul ins(%12, %head : tensor<16x64xf32>, tensor<64x128xf32>) outs(%14 : tensor<16x128xf32>) -> tensor<16x128xf32>
  %y = tensor.expand_shape %15 [[0, 1], [2]] output_shape [2, 8, 128] : tensor<16x128xf32> into tensor<2x8x128xf32>
  return %y : tensor<2x8x128xf32>
}
