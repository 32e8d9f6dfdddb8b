// A decoder layer with grouped key heads, rotary embedding, RMS norms and SwiGLU, as other front ends write it: rows and heads flattened, norms and softmax in pieces.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses. `s/256/96/g` gives an FFN
// narrower than twice the hidden width.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %cosine: tensor<2x8x16xf32> {nn.name = "cosine"},
                %sine: tensor<2x8x16xf32> {nn.name = "sine"},
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
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %masked = arith.constant -1.0e9 : f32
  %scale = arith.constant 0.25 : f32
  %width = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-5 : f32
  %0 = tensor.empty() : tensor<2x8x64xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%x : tensor<2x8x64xf32>) outs(%0 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.mulf %e0, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %2 = tensor.empty() : tensor<2x8x1xf32>
  %3 = linalg.fill ins(%zero : f32) outs(%2 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%1 : tensor<2x8x64xf32>) outs(%3 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %5 = tensor.empty() : tensor<2x8x1xf32>
  %6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%4 : tensor<2x8x1xf32>) outs(%5 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %v = arith.divf %e0, %width : f32
    %w = arith.addf %v, %epsilon : f32
    %r = math.rsqrt %w : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %7 = tensor.empty() : tensor<2x8x64xf32>
  %8 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %6 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%7 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %9 = tensor.empty() : tensor<2x8x64xf32>
  %10 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%8, %g1 : tensor<2x8x64xf32>, tensor<64xf32>) outs(%9 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %11 = tensor.collapse_shape %10 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %12 = tensor.empty() : tensor<16x64xf32>
  %13 = linalg.fill ins(%zero : f32) outs(%12 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %14 = linalg.matmul ins(%11, %wq : tensor<16x64xf32>, tensor<64x64xf32>) outs(%13 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %15 = tensor.expand_shape %14 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %16 = tensor.collapse_shape %10 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %17 = tensor.empty() : tensor<16x32xf32>
  %18 = linalg.fill ins(%zero : f32) outs(%17 : tensor<16x32xf32>) -> tensor<16x32xf32>
  %19 = linalg.matmul ins(%16, %wk : tensor<16x64xf32>, tensor<64x32xf32>) outs(%18 : tensor<16x32xf32>) -> tensor<16x32xf32>
  %20 = tensor.expand_shape %19 [[0, 1], [2]] output_shape [2, 8, 32] : tensor<16x32xf32> into tensor<2x8x32xf32>
  %21 = tensor.collapse_shape %10 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %22 = tensor.empty() : tensor<16x32xf32>
  %23 = linalg.fill ins(%zero : f32) outs(%22 : tensor<16x32xf32>) -> tensor<16x32xf32>
  %24 = linalg.matmul ins(%21, %wv : tensor<16x64xf32>, tensor<64x32xf32>) outs(%23 : tensor<16x32xf32>) -> tensor<16x32xf32>
  %25 = tensor.expand_shape %24 [[0, 1], [2]] output_shape [2, 8, 32] : tensor<16x32xf32> into tensor<2x8x32xf32>
  %26 = tensor.expand_shape %15 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %27 = tensor.extract_slice %26[0, 0, 0, 0] [2, 8, 4, 8] [1, 1, 1, 1] : tensor<2x8x4x16xf32> to tensor<2x8x4x8xf32>
  %28 = tensor.extract_slice %26[0, 0, 0, 8] [2, 8, 4, 8] [1, 1, 1, 1] : tensor<2x8x4x16xf32> to tensor<2x8x4x8xf32>
  %29 = tensor.empty() : tensor<2x8x4x8xf32>
  %30 = linalg.negf ins(%28 : tensor<2x8x4x8xf32>) outs(%29 : tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  %31 = tensor.concat dim(3) %30, %27 : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x16xf32>
  %32 = tensor.empty() : tensor<2x8x4x16xf32>
  %33 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26, %31, %cosine, %sine : tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) outs(%32 : tensor<2x8x4x16xf32>) {
  ^bb0(%e0: f32, %e1: f32, %e2: f32, %e3: f32, %o: f32):
    %a = arith.mulf %e0, %e2 : f32
    %b = arith.mulf %e1, %e3 : f32
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x8x4x16xf32>
  %34 = tensor.expand_shape %20 [[0], [1], [2, 3]] output_shape [2, 8, 2, 16] : tensor<2x8x32xf32> into tensor<2x8x2x16xf32>
  %35 = tensor.extract_slice %34[0, 0, 0, 0] [2, 8, 2, 8] [1, 1, 1, 1] : tensor<2x8x2x16xf32> to tensor<2x8x2x8xf32>
  %36 = tensor.extract_slice %34[0, 0, 0, 8] [2, 8, 2, 8] [1, 1, 1, 1] : tensor<2x8x2x16xf32> to tensor<2x8x2x8xf32>
  %37 = tensor.empty() : tensor<2x8x2x8xf32>
  %38 = linalg.negf ins(%36 : tensor<2x8x2x8xf32>) outs(%37 : tensor<2x8x2x8xf32>) -> tensor<2x8x2x8xf32>
  %39 = tensor.concat dim(3) %38, %35 : (tensor<2x8x2x8xf32>, tensor<2x8x2x8xf32>) -> tensor<2x8x2x16xf32>
  %40 = tensor.empty() : tensor<2x8x2x16xf32>
  %41 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34, %39, %cosine, %sine : tensor<2x8x2x16xf32>, tensor<2x8x2x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) outs(%40 : tensor<2x8x2x16xf32>) {
  ^bb0(%e0: f32, %e1: f32, %e2: f32, %e3: f32, %o: f32):
    %a = arith.mulf %e0, %e2 : f32
    %b = arith.mulf %e1, %e3 : f32
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x8x2x16xf32>
  %42 = tensor.expand_shape %25 [[0], [1], [2, 3]] output_shape [2, 8, 2, 16] : tensor<2x8x32xf32> into tensor<2x8x2x16xf32>
  %43 = tensor.empty() : tensor<2x8x2x2x16xf32>
  %44 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%41 : tensor<2x8x2x16xf32>) outs(%43 : tensor<2x8x2x2x16xf32>) {
  ^bb0(%e0: f32, %o: f32):
    linalg.yield %e0 : f32
  } -> tensor<2x8x2x2x16xf32>
  %45 = tensor.collapse_shape %44 [[0], [1], [2, 3], [4]] : tensor<2x8x2x2x16xf32> into tensor<2x8x4x16xf32>
  %46 = tensor.empty() : tensor<2x8x2x2x16xf32>
  %47 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%42 : tensor<2x8x2x16xf32>) outs(%46 : tensor<2x8x2x2x16xf32>) {
  ^bb0(%e0: f32, %o: f32):
    linalg.yield %e0 : f32
  } -> tensor<2x8x2x2x16xf32>
  %48 = tensor.collapse_shape %47 [[0], [1], [2, 3], [4]] : tensor<2x8x2x2x16xf32> into tensor<2x8x4x16xf32>
  %49 = tensor.empty() : tensor<2x4x8x16xf32>
  %50 = linalg.transpose ins(%33 : tensor<2x8x4x16xf32>) outs(%49 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %51 = tensor.collapse_shape %50 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %52 = tensor.empty() : tensor<2x4x16x8xf32>
  %53 = linalg.transpose ins(%45 : tensor<2x8x4x16xf32>) outs(%52 : tensor<2x4x16x8xf32>) permutation = [0, 2, 3, 1]
  %54 = tensor.collapse_shape %53 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
  %55 = tensor.empty() : tensor<2x4x8x16xf32>
  %56 = linalg.transpose ins(%48 : tensor<2x8x4x16xf32>) outs(%55 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %57 = tensor.collapse_shape %56 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %58 = tensor.empty() : tensor<8x8x8xf32>
  %59 = linalg.fill ins(%zero : f32) outs(%58 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %60 = linalg.batch_matmul ins(%51, %54 : tensor<8x8x16xf32>, tensor<8x16x8xf32>) outs(%59 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %61 = tensor.expand_shape %60 [[0, 1], [2], [3]] output_shape [2, 4, 8, 8] : tensor<8x8x8xf32> into tensor<2x4x8x8xf32>
  %62 = tensor.empty() : tensor<2x4x8x8xf32>
  %63 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%61 : tensor<2x4x8x8xf32>) outs(%62 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %s = arith.mulf %e0, %scale : f32
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %seen = arith.cmpi sge, %i, %j : index
    %r = arith.select %seen, %s, %masked : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %64 = tensor.empty() : tensor<2x4x8x1xf32>
  %65 = linalg.fill ins(%lowest : f32) outs(%64 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %66 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%63 : tensor<2x4x8x8xf32>) outs(%65 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.maximumf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %67 = tensor.empty() : tensor<2x4x8x8xf32>
  %68 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%63, %66 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%67 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %d = arith.subf %e0, %e1 : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %69 = tensor.empty() : tensor<2x4x8x1xf32>
  %70 = linalg.fill ins(%zero : f32) outs(%69 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %71 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%68 : tensor<2x4x8x8xf32>) outs(%70 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %72 = tensor.empty() : tensor<2x4x8x8xf32>
  %73 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%68, %71 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%72 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.divf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %74 = tensor.collapse_shape %73 [[0, 1], [2], [3]] : tensor<2x4x8x8xf32> into tensor<8x8x8xf32>
  %75 = tensor.empty() : tensor<8x8x16xf32>
  %76 = linalg.fill ins(%zero : f32) outs(%75 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %77 = linalg.batch_matmul ins(%74, %57 : tensor<8x8x8xf32>, tensor<8x8x16xf32>) outs(%76 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %78 = tensor.expand_shape %77 [[0, 1], [2], [3]] output_shape [2, 4, 8, 16] : tensor<8x8x16xf32> into tensor<2x4x8x16xf32>
  %79 = tensor.empty() : tensor<2x8x4x16xf32>
  %80 = linalg.transpose ins(%78 : tensor<2x4x8x16xf32>) outs(%79 : tensor<2x8x4x16xf32>) permutation = [0, 2, 1, 3]
  %81 = tensor.collapse_shape %80 [[0], [1], [2, 3]] : tensor<2x8x4x16xf32> into tensor<2x8x64xf32>
  %82 = tensor.collapse_shape %81 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %83 = tensor.empty() : tensor<16x64xf32>
  %84 = linalg.fill ins(%zero : f32) outs(%83 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %85 = linalg.matmul ins(%82, %wo : tensor<16x64xf32>, tensor<64x64xf32>) outs(%84 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %86 = tensor.expand_shape %85 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %87 = tensor.empty() : tensor<2x8x64xf32>
  %stream = linalg.add ins(%86, %x : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%87 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // wish: %stream : tensor<2x8x64xf32>
  %88 = tensor.empty() : tensor<2x8x64xf32>
  %89 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%stream : tensor<2x8x64xf32>) outs(%88 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.mulf %e0, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %90 = tensor.empty() : tensor<2x8x1xf32>
  %91 = linalg.fill ins(%zero : f32) outs(%90 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %92 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%89 : tensor<2x8x64xf32>) outs(%91 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %93 = tensor.empty() : tensor<2x8x1xf32>
  %94 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%92 : tensor<2x8x1xf32>) outs(%93 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %v = arith.divf %e0, %width : f32
    %w = arith.addf %v, %epsilon : f32
    %r = math.rsqrt %w : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %95 = tensor.empty() : tensor<2x8x64xf32>
  %96 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%stream, %94 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%95 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %97 = tensor.empty() : tensor<2x8x64xf32>
  %98 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%96, %g2 : tensor<2x8x64xf32>, tensor<64xf32>) outs(%97 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %99 = tensor.collapse_shape %98 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %100 = tensor.empty() : tensor<16x256xf32>
  %101 = linalg.fill ins(%zero : f32) outs(%100 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %102 = linalg.matmul ins(%99, %wgate : tensor<16x64xf32>, tensor<64x256xf32>) outs(%101 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %103 = tensor.expand_shape %102 [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  %104 = tensor.collapse_shape %98 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %105 = tensor.empty() : tensor<16x256xf32>
  %106 = linalg.fill ins(%zero : f32) outs(%105 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %107 = linalg.matmul ins(%104, %wup : tensor<16x64xf32>, tensor<64x256xf32>) outs(%106 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %108 = tensor.expand_shape %107 [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  %109 = tensor.empty() : tensor<2x8x256xf32>
  %110 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%103 : tensor<2x8x256xf32>) outs(%109 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %a = arith.negf %e0 : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %r = arith.divf %e0, %c : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  %111 = tensor.empty() : tensor<2x8x256xf32>
  %h = linalg.mul ins(%110, %108 : tensor<2x8x256xf32>, tensor<2x8x256xf32>) outs(%111 : tensor<2x8x256xf32>) -> tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %112 = tensor.collapse_shape %h [[0, 1], [2]] : tensor<2x8x256xf32> into tensor<16x256xf32>
  %113 = tensor.empty() : tensor<16x64xf32>
  %114 = linalg.fill ins(%zero : f32) outs(%113 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %115 = linalg.matmul ins(%112, %wdown : tensor<16x256xf32>, tensor<256x64xf32>) outs(%114 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %116 = tensor.expand_shape %115 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %117 = tensor.empty() : tensor<2x8x64xf32>
  %y = linalg.add ins(%116, %stream : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%117 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
