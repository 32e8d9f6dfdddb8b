// A transformer layer with packed q|k|v, biases, layer norms and residual connections, as other front ends write it: rows and heads flattened, norms and softmax in pieces.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses. `s/256/96/g` gives an FFN
// narrower than twice the hidden width.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %g1: tensor<64xf32> {nn.name = "g1"},
                %c1: tensor<64xf32> {nn.name = "c1"},
                %wqkv: tensor<64x192xf32> {nn.name = "wqkv"},
                %bqkv: tensor<192xf32> {nn.name = "bqkv"},
                %wo: tensor<64x64xf32> {nn.name = "wo"},
                %bo: tensor<64xf32> {nn.name = "bo"},
                %g2: tensor<64xf32> {nn.name = "g2"},
                %c2: tensor<64xf32> {nn.name = "c2"},
                %w1: tensor<64x256xf32> {nn.name = "w1"},
                %b1: tensor<256xf32> {nn.name = "b1"},
                %w2: tensor<256x64xf32> {nn.name = "w2"},
                %b2: tensor<64xf32> {nn.name = "b2"})
    -> (tensor<2x8x64xf32> {nn.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %half = arith.constant 0.5 : f32
  %root_half = arith.constant 0.70710678 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %masked = arith.constant -1.0e9 : f32
  %scale = arith.constant 0.25 : f32
  %width = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-5 : f32
  // wish: %x : tensor<2x8x64xf32>
  %0 = tensor.empty() : tensor<2x8x1xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%x : tensor<2x8x64xf32>) outs(%1 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %3 = tensor.empty() : tensor<2x8x1xf32>
  %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%2 : tensor<2x8x1xf32>) outs(%3 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.divf %e0, %width : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %5 = tensor.empty() : tensor<2x8x64xf32>
  %6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %4 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%5 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.subf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %7 = tensor.empty() : tensor<2x8x64xf32>
  %8 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%6 : tensor<2x8x64xf32>) outs(%7 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.mulf %e0, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %9 = tensor.empty() : tensor<2x8x1xf32>
  %10 = linalg.fill ins(%zero : f32) outs(%9 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%8 : tensor<2x8x64xf32>) outs(%10 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %12 = tensor.empty() : tensor<2x8x1xf32>
  %13 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%11 : tensor<2x8x1xf32>) outs(%12 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %v = arith.divf %e0, %width : f32
    %w = arith.addf %v, %epsilon : f32
    %r = math.rsqrt %w : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %14 = tensor.empty() : tensor<2x8x64xf32>
  %15 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%6, %13 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%14 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %16 = tensor.empty() : tensor<2x8x64xf32>
  %17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%15, %g1, %c1 : tensor<2x8x64xf32>, tensor<64xf32>, tensor<64xf32>) outs(%16 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %e2: f32, %o: f32):
    %p = arith.mulf %e0, %e1 : f32
    %r = arith.addf %p, %e2 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %18 = tensor.collapse_shape %17 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %19 = tensor.empty() : tensor<16x192xf32>
  %20 = linalg.fill ins(%zero : f32) outs(%19 : tensor<16x192xf32>) -> tensor<16x192xf32>
  %21 = linalg.matmul ins(%18, %wqkv : tensor<16x64xf32>, tensor<64x192xf32>) outs(%20 : tensor<16x192xf32>) -> tensor<16x192xf32>
  %22 = tensor.expand_shape %21 [[0, 1], [2]] output_shape [2, 8, 192] : tensor<16x192xf32> into tensor<2x8x192xf32>
  %23 = tensor.empty() : tensor<2x8x192xf32>
  %24 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%22, %bqkv : tensor<2x8x192xf32>, tensor<192xf32>) outs(%23 : tensor<2x8x192xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x192xf32>
  %25 = tensor.expand_shape %24 [[0], [1], [2, 3, 4]] output_shape [2, 8, 3, 4, 16] : tensor<2x8x192xf32> into tensor<2x8x3x4x16xf32>
  %26 = tensor.extract_slice %25[0, 0, 0, 0, 0] [2, 8, 1, 4, 16] [1, 1, 1, 1, 1] : tensor<2x8x3x4x16xf32> to tensor<2x8x4x16xf32>
  %27 = tensor.extract_slice %25[0, 0, 1, 0, 0] [2, 8, 1, 4, 16] [1, 1, 1, 1, 1] : tensor<2x8x3x4x16xf32> to tensor<2x8x4x16xf32>
  %28 = tensor.extract_slice %25[0, 0, 2, 0, 0] [2, 8, 1, 4, 16] [1, 1, 1, 1, 1] : tensor<2x8x3x4x16xf32> to tensor<2x8x4x16xf32>
  %29 = tensor.empty() : tensor<2x4x8x16xf32>
  %30 = linalg.transpose ins(%26 : tensor<2x8x4x16xf32>) outs(%29 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %31 = tensor.collapse_shape %30 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %32 = tensor.empty() : tensor<2x4x16x8xf32>
  %33 = linalg.transpose ins(%27 : tensor<2x8x4x16xf32>) outs(%32 : tensor<2x4x16x8xf32>) permutation = [0, 2, 3, 1]
  %34 = tensor.collapse_shape %33 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
  %35 = tensor.empty() : tensor<2x4x8x16xf32>
  %36 = linalg.transpose ins(%28 : tensor<2x8x4x16xf32>) outs(%35 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %37 = tensor.collapse_shape %36 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %38 = tensor.empty() : tensor<8x8x8xf32>
  %39 = linalg.fill ins(%zero : f32) outs(%38 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %40 = linalg.batch_matmul ins(%31, %34 : tensor<8x8x16xf32>, tensor<8x16x8xf32>) outs(%39 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %41 = tensor.expand_shape %40 [[0, 1], [2], [3]] output_shape [2, 4, 8, 8] : tensor<8x8x8xf32> into tensor<2x4x8x8xf32>
  %42 = tensor.empty() : tensor<2x4x8x8xf32>
  %43 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%41 : tensor<2x4x8x8xf32>) outs(%42 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %s = arith.mulf %e0, %scale : f32
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %seen = arith.cmpi sge, %i, %j : index
    %r = arith.select %seen, %s, %masked : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %44 = tensor.empty() : tensor<2x4x8x1xf32>
  %45 = linalg.fill ins(%lowest : f32) outs(%44 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %46 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%43 : tensor<2x4x8x8xf32>) outs(%45 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.maximumf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %47 = tensor.empty() : tensor<2x4x8x8xf32>
  %48 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%43, %46 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%47 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %d = arith.subf %e0, %e1 : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %49 = tensor.empty() : tensor<2x4x8x1xf32>
  %50 = linalg.fill ins(%zero : f32) outs(%49 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %51 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%48 : tensor<2x4x8x8xf32>) outs(%50 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %52 = tensor.empty() : tensor<2x4x8x8xf32>
  %53 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%48, %51 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%52 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.divf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %54 = tensor.collapse_shape %53 [[0, 1], [2], [3]] : tensor<2x4x8x8xf32> into tensor<8x8x8xf32>
  %55 = tensor.empty() : tensor<8x8x16xf32>
  %56 = linalg.fill ins(%zero : f32) outs(%55 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %57 = linalg.batch_matmul ins(%54, %37 : tensor<8x8x8xf32>, tensor<8x8x16xf32>) outs(%56 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %58 = tensor.expand_shape %57 [[0, 1], [2], [3]] output_shape [2, 4, 8, 16] : tensor<8x8x16xf32> into tensor<2x4x8x16xf32>
  %59 = tensor.empty() : tensor<2x8x4x16xf32>
  %60 = linalg.transpose ins(%58 : tensor<2x4x8x16xf32>) outs(%59 : tensor<2x8x4x16xf32>) permutation = [0, 2, 1, 3]
  %61 = tensor.collapse_shape %60 [[0], [1], [2, 3]] : tensor<2x8x4x16xf32> into tensor<2x8x64xf32>
  %62 = tensor.collapse_shape %61 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %63 = tensor.empty() : tensor<16x64xf32>
  %64 = linalg.fill ins(%zero : f32) outs(%63 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %65 = linalg.matmul ins(%62, %wo : tensor<16x64xf32>, tensor<64x64xf32>) outs(%64 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %66 = tensor.expand_shape %65 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %67 = tensor.empty() : tensor<2x8x64xf32>
  %68 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%66, %bo : tensor<2x8x64xf32>, tensor<64xf32>) outs(%67 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %69 = tensor.empty() : tensor<2x8x64xf32>
  %stream = linalg.add ins(%68, %x : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%69 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // wish: %stream : tensor<2x8x64xf32>
  %70 = tensor.empty() : tensor<2x8x1xf32>
  %71 = linalg.fill ins(%zero : f32) outs(%70 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %72 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%stream : tensor<2x8x64xf32>) outs(%71 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %73 = tensor.empty() : tensor<2x8x1xf32>
  %74 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%72 : tensor<2x8x1xf32>) outs(%73 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.divf %e0, %width : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %75 = tensor.empty() : tensor<2x8x64xf32>
  %76 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%stream, %74 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%75 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.subf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %77 = tensor.empty() : tensor<2x8x64xf32>
  %78 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%76 : tensor<2x8x64xf32>) outs(%77 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.mulf %e0, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %79 = tensor.empty() : tensor<2x8x1xf32>
  %80 = linalg.fill ins(%zero : f32) outs(%79 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %81 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%78 : tensor<2x8x64xf32>) outs(%80 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %82 = tensor.empty() : tensor<2x8x1xf32>
  %83 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%81 : tensor<2x8x1xf32>) outs(%82 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %v = arith.divf %e0, %width : f32
    %w = arith.addf %v, %epsilon : f32
    %r = math.rsqrt %w : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %84 = tensor.empty() : tensor<2x8x64xf32>
  %85 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%76, %83 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%84 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %86 = tensor.empty() : tensor<2x8x64xf32>
  %87 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%85, %g2, %c2 : tensor<2x8x64xf32>, tensor<64xf32>, tensor<64xf32>) outs(%86 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %e2: f32, %o: f32):
    %p = arith.mulf %e0, %e1 : f32
    %r = arith.addf %p, %e2 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %88 = tensor.collapse_shape %87 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %89 = tensor.empty() : tensor<16x256xf32>
  %90 = linalg.fill ins(%zero : f32) outs(%89 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %91 = linalg.matmul ins(%88, %w1 : tensor<16x64xf32>, tensor<64x256xf32>) outs(%90 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %92 = tensor.expand_shape %91 [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  %93 = tensor.empty() : tensor<2x8x256xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%92, %b1 : tensor<2x8x256xf32>, tensor<256xf32>) outs(%93 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %94 = tensor.empty() : tensor<2x8x256xf32>
  %95 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%h : tensor<2x8x256xf32>) outs(%94 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %a = arith.mulf %e0, %root_half : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %c, %half : f32
    %r = arith.mulf %d, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  %96 = tensor.collapse_shape %95 [[0, 1], [2]] : tensor<2x8x256xf32> into tensor<16x256xf32>
  %97 = tensor.empty() : tensor<16x64xf32>
  %98 = linalg.fill ins(%zero : f32) outs(%97 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %99 = linalg.matmul ins(%96, %w2 : tensor<16x256xf32>, tensor<256x64xf32>) outs(%98 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %100 = tensor.expand_shape %99 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %101 = tensor.empty() : tensor<2x8x64xf32>
  %102 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%100, %b2 : tensor<2x8x64xf32>, tensor<64xf32>) outs(%101 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %103 = tensor.empty() : tensor<2x8x64xf32>
  %y = linalg.add ins(%102, %stream : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%103 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
