// A transformer layer with separate q, k, v, biases, layer norms and residual connections, as other front ends write it: rows and heads flattened, norms and softmax in pieces.
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
  %19 = tensor.empty() : tensor<16x64xf32>
  %20 = linalg.fill ins(%zero : f32) outs(%19 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %21 = linalg.matmul ins(%18, %wq : tensor<16x64xf32>, tensor<64x64xf32>) outs(%20 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %22 = tensor.expand_shape %21 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %23 = tensor.empty() : tensor<2x8x64xf32>
  %24 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%22, %bq : tensor<2x8x64xf32>, tensor<64xf32>) outs(%23 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %25 = tensor.expand_shape %24 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %26 = tensor.collapse_shape %17 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %27 = tensor.empty() : tensor<16x64xf32>
  %28 = linalg.fill ins(%zero : f32) outs(%27 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %29 = linalg.matmul ins(%26, %wk : tensor<16x64xf32>, tensor<64x64xf32>) outs(%28 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %30 = tensor.expand_shape %29 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %31 = tensor.empty() : tensor<2x8x64xf32>
  %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%30, %bk : tensor<2x8x64xf32>, tensor<64xf32>) outs(%31 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %33 = tensor.expand_shape %32 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %34 = tensor.collapse_shape %17 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %35 = tensor.empty() : tensor<16x64xf32>
  %36 = linalg.fill ins(%zero : f32) outs(%35 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %37 = linalg.matmul ins(%34, %wv : tensor<16x64xf32>, tensor<64x64xf32>) outs(%36 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %38 = tensor.expand_shape %37 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %39 = tensor.empty() : tensor<2x8x64xf32>
  %40 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%38, %bv : tensor<2x8x64xf32>, tensor<64xf32>) outs(%39 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %41 = tensor.expand_shape %40 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %42 = tensor.empty() : tensor<2x4x8x16xf32>
  %43 = linalg.transpose ins(%25 : tensor<2x8x4x16xf32>) outs(%42 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %44 = tensor.collapse_shape %43 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %45 = tensor.empty() : tensor<2x4x16x8xf32>
  %46 = linalg.transpose ins(%33 : tensor<2x8x4x16xf32>) outs(%45 : tensor<2x4x16x8xf32>) permutation = [0, 2, 3, 1]
  %47 = tensor.collapse_shape %46 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
  %48 = tensor.empty() : tensor<2x4x8x16xf32>
  %49 = linalg.transpose ins(%41 : tensor<2x8x4x16xf32>) outs(%48 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %50 = tensor.collapse_shape %49 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %51 = tensor.empty() : tensor<8x8x8xf32>
  %52 = linalg.fill ins(%zero : f32) outs(%51 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %53 = linalg.batch_matmul ins(%44, %47 : tensor<8x8x16xf32>, tensor<8x16x8xf32>) outs(%52 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %54 = tensor.expand_shape %53 [[0, 1], [2], [3]] output_shape [2, 4, 8, 8] : tensor<8x8x8xf32> into tensor<2x4x8x8xf32>
  %55 = tensor.empty() : tensor<2x4x8x8xf32>
  %56 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%54 : tensor<2x4x8x8xf32>) outs(%55 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %s = arith.mulf %e0, %scale : f32
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %seen = arith.cmpi sge, %i, %j : index
    %r = arith.select %seen, %s, %masked : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %57 = tensor.empty() : tensor<2x4x8x1xf32>
  %58 = linalg.fill ins(%lowest : f32) outs(%57 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %59 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%56 : tensor<2x4x8x8xf32>) outs(%58 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.maximumf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %60 = tensor.empty() : tensor<2x4x8x8xf32>
  %61 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%56, %59 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%60 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %d = arith.subf %e0, %e1 : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %62 = tensor.empty() : tensor<2x4x8x1xf32>
  %63 = linalg.fill ins(%zero : f32) outs(%62 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %64 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%61 : tensor<2x4x8x8xf32>) outs(%63 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %65 = tensor.empty() : tensor<2x4x8x8xf32>
  %66 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%61, %64 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%65 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.divf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %67 = tensor.collapse_shape %66 [[0, 1], [2], [3]] : tensor<2x4x8x8xf32> into tensor<8x8x8xf32>
  %68 = tensor.empty() : tensor<8x8x16xf32>
  %69 = linalg.fill ins(%zero : f32) outs(%68 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %70 = linalg.batch_matmul ins(%67, %50 : tensor<8x8x8xf32>, tensor<8x8x16xf32>) outs(%69 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %71 = tensor.expand_shape %70 [[0, 1], [2], [3]] output_shape [2, 4, 8, 16] : tensor<8x8x16xf32> into tensor<2x4x8x16xf32>
  %72 = tensor.empty() : tensor<2x8x4x16xf32>
  %73 = linalg.transpose ins(%71 : tensor<2x4x8x16xf32>) outs(%72 : tensor<2x8x4x16xf32>) permutation = [0, 2, 1, 3]
  %74 = tensor.collapse_shape %73 [[0], [1], [2, 3]] : tensor<2x8x4x16xf32> into tensor<2x8x64xf32>
  %75 = tensor.collapse_shape %74 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %76 = tensor.empty() : tensor<16x64xf32>
  %77 = linalg.fill ins(%zero : f32) outs(%76 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %78 = linalg.matmul ins(%75, %wo : tensor<16x64xf32>, tensor<64x64xf32>) outs(%77 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %79 = tensor.expand_shape %78 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %80 = tensor.empty() : tensor<2x8x64xf32>
  %81 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%79, %bo : tensor<2x8x64xf32>, tensor<64xf32>) outs(%80 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %82 = tensor.empty() : tensor<2x8x64xf32>
  %stream = linalg.add ins(%81, %x : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%82 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // wish: %stream : tensor<2x8x64xf32>
  %83 = tensor.empty() : tensor<2x8x1xf32>
  %84 = linalg.fill ins(%zero : f32) outs(%83 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %85 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%stream : tensor<2x8x64xf32>) outs(%84 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %86 = tensor.empty() : tensor<2x8x1xf32>
  %87 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%85 : tensor<2x8x1xf32>) outs(%86 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.divf %e0, %width : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %88 = tensor.empty() : tensor<2x8x64xf32>
  %89 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%stream, %87 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%88 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.subf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %90 = tensor.empty() : tensor<2x8x64xf32>
  %91 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%89 : tensor<2x8x64xf32>) outs(%90 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.mulf %e0, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %92 = tensor.empty() : tensor<2x8x1xf32>
  %93 = linalg.fill ins(%zero : f32) outs(%92 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %94 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%91 : tensor<2x8x64xf32>) outs(%93 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %95 = tensor.empty() : tensor<2x8x1xf32>
  %96 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%94 : tensor<2x8x1xf32>) outs(%95 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %v = arith.divf %e0, %width : f32
    %w = arith.addf %v, %epsilon : f32
    %r = math.rsqrt %w : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %97 = tensor.empty() : tensor<2x8x64xf32>
  %98 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%89, %96 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%97 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %99 = tensor.empty() : tensor<2x8x64xf32>
  %100 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%98, %g2, %c2 : tensor<2x8x64xf32>, tensor<64xf32>, tensor<64xf32>) outs(%99 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %e2: f32, %o: f32):
    %p = arith.mulf %e0, %e1 : f32
    %r = arith.addf %p, %e2 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %101 = tensor.collapse_shape %100 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %102 = tensor.empty() : tensor<16x256xf32>
  %103 = linalg.fill ins(%zero : f32) outs(%102 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %104 = linalg.matmul ins(%101, %w1 : tensor<16x64xf32>, tensor<64x256xf32>) outs(%103 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %105 = tensor.expand_shape %104 [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  %106 = tensor.empty() : tensor<2x8x256xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%105, %b1 : tensor<2x8x256xf32>, tensor<256xf32>) outs(%106 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %107 = tensor.empty() : tensor<2x8x256xf32>
  %108 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%h : tensor<2x8x256xf32>) outs(%107 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %a = arith.mulf %e0, %root_half : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %c, %half : f32
    %r = arith.mulf %d, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  %109 = tensor.collapse_shape %108 [[0, 1], [2]] : tensor<2x8x256xf32> into tensor<16x256xf32>
  %110 = tensor.empty() : tensor<16x64xf32>
  %111 = linalg.fill ins(%zero : f32) outs(%110 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %112 = linalg.matmul ins(%109, %w2 : tensor<16x256xf32>, tensor<256x64xf32>) outs(%111 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %113 = tensor.expand_shape %112 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %114 = tensor.empty() : tensor<2x8x64xf32>
  %115 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%113, %b2 : tensor<2x8x64xf32>, tensor<64xf32>) outs(%114 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.addf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %116 = tensor.empty() : tensor<2x8x64xf32>
  %y = linalg.add ins(%115, %stream : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%116 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
