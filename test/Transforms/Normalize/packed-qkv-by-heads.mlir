// Packed q|k|v, taken apart as [batch, sequence, 3, heads, width]: weight and bias become three of each, and nothing is sliced.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [tp = 2]

// CHECK: func.func @main
// CHECK-SAME: %arg1: tensor<64x64xf32> {nn.name = "arg1.0", tp.layout = #tp.layout<@mesh, [{}, {tp}]>, tp.parameter, tp.slice_of = {arg = 1 : i64, name = "arg1", offsets = array<i64: 0, 0>, shape = array<i64: 64, 192>, sizes = array<i64: 64, 64>}}
// CHECK-SAME: %arg2: tensor<64x64xf32> {nn.name = "arg1.1", tp.layout = #tp.layout<@mesh, [{}, {tp}]>, tp.parameter, tp.slice_of = {arg = 1 : i64, name = "arg1", offsets = array<i64: 0, 64>, shape = array<i64: 64, 192>, sizes = array<i64: 64, 64>}}
// CHECK-SAME: %arg3: tensor<64x64xf32> {nn.name = "arg1.2", {{.*}}offsets = array<i64: 0, 128>
// CHECK-SAME: %arg4: tensor<64xf32> {nn.name = "arg2.0", tp.parameter, tp.slice_of = {arg = 2 : i64, name = "arg2", offsets = array<i64: 0>, shape = array<i64: 192>, sizes = array<i64: 64>}}
// CHECK-SAME: %arg7: tensor<64x64xf32> {nn.name = "arg3", tp.parameter}
// CHECK-NOT: nn.slice
// CHECK: %[[Q:.*]] = nn.reshape %{{.*}} : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
// CHECK: nn.attention %[[Q]]
func.func @main(%x: tensor<2x8x64xf32>, %w: tensor<64x192xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}, %b: tensor<192xf32>,
                %wo: tensor<64x64xf32>) -> tensor<2x8x64xf32> {
  %p = nn.contract "bsh,hf->bsf" %x, %w : tensor<2x8x64xf32>, tensor<64x192xf32> -> tensor<2x8x192xf32>
  %bias = nn.broadcast %b dims [2] : tensor<192xf32> -> tensor<2x8x192xf32>
  %pb = arith.addf %p, %bias : tensor<2x8x192xf32>
  %r = tensor.expand_shape %pb [[0], [1], [2, 3, 4]] output_shape [2, 8, 3, 4, 16] : tensor<2x8x192xf32> into tensor<2x8x3x4x16xf32>
  %q = tensor.extract_slice %r[0, 0, 0, 0, 0] [2, 8, 1, 4, 16] [1, 1, 1, 1, 1] : tensor<2x8x3x4x16xf32> to tensor<2x8x4x16xf32>
  %k = tensor.extract_slice %r[0, 0, 1, 0, 0] [2, 8, 1, 4, 16] [1, 1, 1, 1, 1] : tensor<2x8x3x4x16xf32> to tensor<2x8x4x16xf32>
  %v = tensor.extract_slice %r[0, 0, 2, 0, 0] [2, 8, 1, 4, 16] [1, 1, 1, 1, 1] : tensor<2x8x3x4x16xf32> to tensor<2x8x4x16xf32>
  %o = nn.attention %q, %k, %v scale 2.5e-1 causal : tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32>, tensor<2x8x4x16xf32> -> tensor<2x8x4x16xf32>
  %of = nn.reshape %o : tensor<2x8x4x16xf32> -> tensor<2x8x64xf32>
  %y = nn.contract "bsh,hf->bsf" %of, %wo : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
