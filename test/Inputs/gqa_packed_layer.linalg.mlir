// A decoder layer with grouped key heads whose q|k|v are packed, as are gate|up, as other front ends write it: rows and heads flattened, norms and softmax in pieces.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %cosine: tensor<2x8x16xf32> {nn.name = "cosine"},
                %sine: tensor<2x8x16xf32> {nn.name = "sine"},
                %g1: tensor<64xf32> {nn.name = "g1"},
                %wqkv: tensor<64x128xf32> {nn.name = "wqkv"},
                %wo: tensor<64x64xf32> {nn.name = "wo"},
                %g2: tensor<64xf32> {nn.name = "g2"},
                %wgateup: tensor<64x512xf32> {nn.name = "wgateup"},
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
  %12 = tensor.empty() : tensor<16x128xf32>
  %13 = linalg.fill ins(%zero : f32) outs(%12 : tensor<16x128xf32>) -> tensor<16x128xf32>
  %14 = linalg.matmul ins(%11, %wqkv : tensor<16x64xf32>, tensor<64x128xf32>) outs(%13 : tensor<16x128xf32>) -> tensor<16x128xf32>
  %15 = tensor.expand_shape %14 [[0, 1], [2]] output_shape [2, 8, 128] : tensor<16x128xf32> into tensor<2x8x128xf32>
  %16 = tensor.extract_slice %15[0, 0, 0] [2, 8, 64] [1, 1, 1] : tensor<2x8x128xf32> to tensor<2x8x64xf32>
  %17 = tensor.extract_slice %15[0, 0, 64] [2, 8, 32] [1, 1, 1] : tensor<2x8x128xf32> to tensor<2x8x32xf32>
  %18 = tensor.extract_slice %15[0, 0, 96] [2, 8, 32] [1, 1, 1] : tensor<2x8x128xf32> to tensor<2x8x32xf32>
  %19 = tensor.expand_shape %16 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %20 = tensor.extract_slice %19[0, 0, 0, 0] [2, 8, 4, 8] [1, 1, 1, 1] : tensor<2x8x4x16xf32> to tensor<2x8x4x8xf32>
  %21 = tensor.extract_slice %19[0, 0, 0, 8] [2, 8, 4, 8] [1, 1, 1, 1] : tensor<2x8x4x16xf32> to tensor<2x8x4x8xf32>
  %22 = tensor.empty() : tensor<2x8x4x8xf32>
  %23 = linalg.negf ins(%21 : tensor<2x8x4x8xf32>) outs(%22 : tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  %24 = tensor.concat dim(3) %23, %20 : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x16xf32>
  %25 = tensor.empty() : tensor<2x8x4x16xf32>
  %26 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19, %24, %cosine, %sine : tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) outs(%25 : tensor<2x8x4x16xf32>) {
  ^bb0(%e0: f32, %e1: f32, %e2: f32, %e3: f32, %o: f32):
    %a = arith.mulf %e0, %e2 : f32
    %b = arith.mulf %e1, %e3 : f32
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x8x4x16xf32>
  %27 = tensor.expand_shape %17 [[0], [1], [2, 3]] output_shape [2, 8, 2, 16] : tensor<2x8x32xf32> into tensor<2x8x2x16xf32>
  %28 = tensor.extract_slice %27[0, 0, 0, 0] [2, 8, 2, 8] [1, 1, 1, 1] : tensor<2x8x2x16xf32> to tensor<2x8x2x8xf32>
  %29 = tensor.extract_slice %27[0, 0, 0, 8] [2, 8, 2, 8] [1, 1, 1, 1] : tensor<2x8x2x16xf32> to tensor<2x8x2x8xf32>
  %30 = tensor.empty() : tensor<2x8x2x8xf32>
  %31 = linalg.negf ins(%29 : tensor<2x8x2x8xf32>) outs(%30 : tensor<2x8x2x8xf32>) -> tensor<2x8x2x8xf32>
  %32 = tensor.concat dim(3) %31, %28 : (tensor<2x8x2x8xf32>, tensor<2x8x2x8xf32>) -> tensor<2x8x2x16xf32>
  %33 = tensor.empty() : tensor<2x8x2x16xf32>
  %34 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27, %32, %cosine, %sine : tensor<2x8x2x16xf32>, tensor<2x8x2x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) outs(%33 : tensor<2x8x2x16xf32>) {
  ^bb0(%e0: f32, %e1: f32, %e2: f32, %e3: f32, %o: f32):
    %a = arith.mulf %e0, %e2 : f32
    %b = arith.mulf %e1, %e3 : f32
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x8x2x16xf32>
  %35 = tensor.expand_shape %18 [[0], [1], [2, 3]] output_shape [2, 8, 2, 16] : tensor<2x8x32xf32> into tensor<2x8x2x16xf32>
  %36 = tensor.empty() : tensor<2x8x2x2x16xf32>
  %37 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%34 : tensor<2x8x2x16xf32>) outs(%36 : tensor<2x8x2x2x16xf32>) {
  ^bb0(%e0: f32, %o: f32):
    linalg.yield %e0 : f32
  } -> tensor<2x8x2x2x16xf32>
  %38 = tensor.collapse_shape %37 [[0], [1], [2, 3], [4]] : tensor<2x8x2x2x16xf32> into tensor<2x8x4x16xf32>
  %39 = tensor.empty() : tensor<2x8x2x2x16xf32>
  %40 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%35 : tensor<2x8x2x16xf32>) outs(%39 : tensor<2x8x2x2x16xf32>) {
  ^bb0(%e0: f32, %o: f32):
    linalg.yield %e0 : f32
  } -> tensor<2x8x2x2x16xf32>
  %41 = tensor.collapse_shape %40 [[0], [1], [2, 3], [4]] : tensor<2x8x2x2x16xf32> into tensor<2x8x4x16xf32>
  %42 = tensor.empty() : tensor<2x4x8x16xf32>
  %43 = linalg.transpose ins(%26 : tensor<2x8x4x16xf32>) outs(%42 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %44 = tensor.collapse_shape %43 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %45 = tensor.empty() : tensor<2x4x16x8xf32>
  %46 = linalg.transpose ins(%38 : tensor<2x8x4x16xf32>) outs(%45 : tensor<2x4x16x8xf32>) permutation = [0, 2, 3, 1]
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
  %stream = linalg.add ins(%79, %x : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%80 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // wish: %stream : tensor<2x8x64xf32>
  %81 = tensor.empty() : tensor<2x8x64xf32>
  %82 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%stream : tensor<2x8x64xf32>) outs(%81 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.mulf %e0, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %83 = tensor.empty() : tensor<2x8x1xf32>
  %84 = linalg.fill ins(%zero : f32) outs(%83 : tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %85 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%82 : tensor<2x8x64xf32>) outs(%84 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %86 = tensor.empty() : tensor<2x8x1xf32>
  %87 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%85 : tensor<2x8x1xf32>) outs(%86 : tensor<2x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %v = arith.divf %e0, %width : f32
    %w = arith.addf %v, %epsilon : f32
    %r = math.rsqrt %w : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  %88 = tensor.empty() : tensor<2x8x64xf32>
  %89 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%stream, %87 : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%88 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %90 = tensor.empty() : tensor<2x8x64xf32>
  %91 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%89, %g2 : tensor<2x8x64xf32>, tensor<64xf32>) outs(%90 : tensor<2x8x64xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.mulf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x64xf32>
  %92 = tensor.collapse_shape %91 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %93 = tensor.empty() : tensor<16x512xf32>
  %94 = linalg.fill ins(%zero : f32) outs(%93 : tensor<16x512xf32>) -> tensor<16x512xf32>
  %95 = linalg.matmul ins(%92, %wgateup : tensor<16x64xf32>, tensor<64x512xf32>) outs(%94 : tensor<16x512xf32>) -> tensor<16x512xf32>
  %gateup = tensor.expand_shape %95 [[0, 1], [2]] output_shape [2, 8, 512] : tensor<16x512xf32> into tensor<2x8x512xf32>
  // wish: %gateup : tensor<2x8x512xf32>
  %96 = tensor.extract_slice %gateup[0, 0, 0] [2, 8, 256] [1, 1, 1] : tensor<2x8x512xf32> to tensor<2x8x256xf32>
  %97 = tensor.extract_slice %gateup[0, 0, 256] [2, 8, 256] [1, 1, 1] : tensor<2x8x512xf32> to tensor<2x8x256xf32>
  %98 = tensor.empty() : tensor<2x8x256xf32>
  %99 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%96 : tensor<2x8x256xf32>) outs(%98 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %a = arith.negf %e0 : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %r = arith.divf %e0, %c : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  %100 = tensor.empty() : tensor<2x8x256xf32>
  %h = linalg.mul ins(%99, %97 : tensor<2x8x256xf32>, tensor<2x8x256xf32>) outs(%100 : tensor<2x8x256xf32>) -> tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %101 = tensor.collapse_shape %h [[0, 1], [2]] : tensor<2x8x256xf32> into tensor<16x256xf32>
  %102 = tensor.empty() : tensor<16x64xf32>
  %103 = linalg.fill ins(%zero : f32) outs(%102 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %104 = linalg.matmul ins(%101, %wdown : tensor<16x256xf32>, tensor<256x64xf32>) outs(%103 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %105 = tensor.expand_shape %104 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %106 = tensor.empty() : tensor<2x8x64xf32>
  %y = linalg.add ins(%105, %stream : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%106 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
