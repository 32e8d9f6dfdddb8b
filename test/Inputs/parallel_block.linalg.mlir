// Attention and MLP side by side, both added to the residual stream, as other front ends write it: rows and heads flattened, norms and softmax in pieces.
// Wishes are put in by sed: on an argument or result after its name, `s/nn.name = "w1"/&, tp.layout = .../`, on a value in the place
// of its line `wish`, which then is a tp.constrain that nothing uses. `s/256/96/g` gives an FFN
// narrower than twice the hidden width.
tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<2x8x64xf32> {nn.name = "x"},
                %g1: tensor<64xf32> {nn.name = "g1"},
                %c1: tensor<64xf32> {nn.name = "c1"},
                %wq: tensor<64x64xf32> {nn.name = "wq"},
                %wk: tensor<64x64xf32> {nn.name = "wk"},
                %wv: tensor<64x64xf32> {nn.name = "wv"},
                %wo: tensor<64x64xf32> {nn.name = "wo"},
                %w1: tensor<64x256xf32> {nn.name = "w1"},
                %w2: tensor<256x64xf32> {nn.name = "w2"})
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
  %23 = tensor.expand_shape %22 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %24 = tensor.collapse_shape %17 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %25 = tensor.empty() : tensor<16x64xf32>
  %26 = linalg.fill ins(%zero : f32) outs(%25 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %27 = linalg.matmul ins(%24, %wk : tensor<16x64xf32>, tensor<64x64xf32>) outs(%26 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %28 = tensor.expand_shape %27 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %29 = tensor.expand_shape %28 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %30 = tensor.collapse_shape %17 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %31 = tensor.empty() : tensor<16x64xf32>
  %32 = linalg.fill ins(%zero : f32) outs(%31 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %33 = linalg.matmul ins(%30, %wv : tensor<16x64xf32>, tensor<64x64xf32>) outs(%32 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %34 = tensor.expand_shape %33 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %35 = tensor.expand_shape %34 [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %36 = tensor.empty() : tensor<2x4x8x16xf32>
  %37 = linalg.transpose ins(%23 : tensor<2x8x4x16xf32>) outs(%36 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %38 = tensor.collapse_shape %37 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %39 = tensor.empty() : tensor<2x4x16x8xf32>
  %40 = linalg.transpose ins(%29 : tensor<2x8x4x16xf32>) outs(%39 : tensor<2x4x16x8xf32>) permutation = [0, 2, 3, 1]
  %41 = tensor.collapse_shape %40 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
  %42 = tensor.empty() : tensor<2x4x8x16xf32>
  %43 = linalg.transpose ins(%35 : tensor<2x8x4x16xf32>) outs(%42 : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %44 = tensor.collapse_shape %43 [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %45 = tensor.empty() : tensor<8x8x8xf32>
  %46 = linalg.fill ins(%zero : f32) outs(%45 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %47 = linalg.batch_matmul ins(%38, %41 : tensor<8x8x16xf32>, tensor<8x16x8xf32>) outs(%46 : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %48 = tensor.expand_shape %47 [[0, 1], [2], [3]] output_shape [2, 4, 8, 8] : tensor<8x8x8xf32> into tensor<2x4x8x8xf32>
  %49 = tensor.empty() : tensor<2x4x8x8xf32>
  %50 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%48 : tensor<2x4x8x8xf32>) outs(%49 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %s = arith.mulf %e0, %scale : f32
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %seen = arith.cmpi sge, %i, %j : index
    %r = arith.select %seen, %s, %masked : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %51 = tensor.empty() : tensor<2x4x8x1xf32>
  %52 = linalg.fill ins(%lowest : f32) outs(%51 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %53 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%50 : tensor<2x4x8x8xf32>) outs(%52 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.maximumf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %54 = tensor.empty() : tensor<2x4x8x8xf32>
  %55 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%50, %53 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%54 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %d = arith.subf %e0, %e1 : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %56 = tensor.empty() : tensor<2x4x8x1xf32>
  %57 = linalg.fill ins(%zero : f32) outs(%56 : tensor<2x4x8x1xf32>) -> tensor<2x4x8x1xf32>
  %58 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%55 : tensor<2x4x8x8xf32>) outs(%57 : tensor<2x4x8x1xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %r = arith.addf %e0, %o : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x1xf32>
  %59 = tensor.empty() : tensor<2x4x8x8xf32>
  %60 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%55, %58 : tensor<2x4x8x8xf32>, tensor<2x4x8x1xf32>) outs(%59 : tensor<2x4x8x8xf32>) {
  ^bb0(%e0: f32, %e1: f32, %o: f32):
    %r = arith.divf %e0, %e1 : f32
    linalg.yield %r : f32
  } -> tensor<2x4x8x8xf32>
  %61 = tensor.collapse_shape %60 [[0, 1], [2], [3]] : tensor<2x4x8x8xf32> into tensor<8x8x8xf32>
  %62 = tensor.empty() : tensor<8x8x16xf32>
  %63 = linalg.fill ins(%zero : f32) outs(%62 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %64 = linalg.batch_matmul ins(%61, %44 : tensor<8x8x8xf32>, tensor<8x8x16xf32>) outs(%63 : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %65 = tensor.expand_shape %64 [[0, 1], [2], [3]] output_shape [2, 4, 8, 16] : tensor<8x8x16xf32> into tensor<2x4x8x16xf32>
  %66 = tensor.empty() : tensor<2x8x4x16xf32>
  %67 = linalg.transpose ins(%65 : tensor<2x4x8x16xf32>) outs(%66 : tensor<2x8x4x16xf32>) permutation = [0, 2, 1, 3]
  %68 = tensor.collapse_shape %67 [[0], [1], [2, 3]] : tensor<2x8x4x16xf32> into tensor<2x8x64xf32>
  %69 = tensor.collapse_shape %68 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %70 = tensor.empty() : tensor<16x64xf32>
  %71 = linalg.fill ins(%zero : f32) outs(%70 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %72 = linalg.matmul ins(%69, %wo : tensor<16x64xf32>, tensor<64x64xf32>) outs(%71 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %73 = tensor.expand_shape %72 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %74 = tensor.collapse_shape %17 [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %75 = tensor.empty() : tensor<16x256xf32>
  %76 = linalg.fill ins(%zero : f32) outs(%75 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %77 = linalg.matmul ins(%74, %w1 : tensor<16x64xf32>, tensor<64x256xf32>) outs(%76 : tensor<16x256xf32>) -> tensor<16x256xf32>
  %h = tensor.expand_shape %77 [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  // wish: %h : tensor<2x8x256xf32>
  %78 = tensor.empty() : tensor<2x8x256xf32>
  %79 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%h : tensor<2x8x256xf32>) outs(%78 : tensor<2x8x256xf32>) {
  ^bb0(%e0: f32, %o: f32):
    %a = arith.mulf %e0, %root_half : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %c, %half : f32
    %r = arith.mulf %d, %e0 : f32
    linalg.yield %r : f32
  } -> tensor<2x8x256xf32>
  %80 = tensor.collapse_shape %79 [[0, 1], [2]] : tensor<2x8x256xf32> into tensor<16x256xf32>
  %81 = tensor.empty() : tensor<16x64xf32>
  %82 = linalg.fill ins(%zero : f32) outs(%81 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %83 = linalg.matmul ins(%80, %w2 : tensor<16x256xf32>, tensor<256x64xf32>) outs(%82 : tensor<16x64xf32>) -> tensor<16x64xf32>
  %84 = tensor.expand_shape %83 [[0, 1], [2]] output_shape [2, 8, 64] : tensor<16x64xf32> into tensor<2x8x64xf32>
  %85 = tensor.empty() : tensor<2x8x64xf32>
  %86 = linalg.add ins(%73, %84 : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%85 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  %87 = tensor.empty() : tensor<2x8x64xf32>
  %y = linalg.add ins(%86, %x : tensor<2x8x64xf32>, tensor<2x8x64xf32>) outs(%87 : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
