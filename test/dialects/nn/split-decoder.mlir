// A decoder layer's ops split by heads give the numbers of the whole ones, with a cache, fewer key heads than ranks, and a
// dynamic length.
// RUN: tp-opt %s --tp-propagate --tp-partition -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: tp-check %s --against %t.mlir --tokens 5

tp.mesh @mesh [tp = 4]

nn.parameter @norm : tensor<32xf32>
nn.parameter @q : tensor<64x32xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
nn.parameter @k : tensor<16x32xf32>
nn.parameter @o : tensor<32x64xf32>
nn.state @cache : tensor<2x16x2x8xf32>

// CHECK-LABEL: @prefill
// CHECK: nn.attention {{.*}} : tensor<2x?x2x8xf32>, tensor<2x16x1x8xf32>, tensor<2x16x1x8xf32>, tensor<2x?xi32> -> tensor<2x?x2x8xf32>
func.func @prefill(%x: tensor<2x?x32xf32>, %positions: tensor<2x?xi32>) -> tensor<2x?x32xf32>
    attributes {nn.max_dynamic = 16 : i64} {
  %nw = nn.get @norm : tensor<32xf32>
  %qw = nn.get @q : tensor<64x32xf32>
  %kw = nn.get @k : tensor<16x32xf32>
  %ow = nn.get @o : tensor<32x64xf32>
  %n = nn.rms_norm %x, %nw epsilon 1.0e-5 : tensor<2x?x32xf32>, tensor<32xf32> -> tensor<2x?x32xf32>
  %q0 = nn.contract "bsh,fh->bsf" %n, %qw : tensor<2x?x32xf32>, tensor<64x32xf32> -> tensor<2x?x64xf32>
  %k0 = nn.contract "bsh,fh->bsf" %n, %kw : tensor<2x?x32xf32>, tensor<16x32xf32> -> tensor<2x?x16xf32>
  %q1 = nn.reshape %q0 : tensor<2x?x64xf32> -> tensor<2x?x8x8xf32>
  %k1 = nn.reshape %k0 : tensor<2x?x16xf32> -> tensor<2x?x2x8xf32>
  %q2 = nn.rope %q1, %positions frequencies [1.0, 0.5, 0.25, 0.125] attention_factor 1.0
      : tensor<2x?x8x8xf32>, tensor<2x?xi32> -> tensor<2x?x8x8xf32>
  %k2 = nn.rope %k1, %positions frequencies [1.0, 0.5, 0.25, 0.125] attention_factor 1.0
      : tensor<2x?x2x8xf32>, tensor<2x?xi32> -> tensor<2x?x2x8xf32>
  %c0 = nn.get @cache : tensor<2x16x2x8xf32>
  %c = nn.cache_update %c0, %k2, %positions : tensor<2x16x2x8xf32>, tensor<2x?x2x8xf32>, tensor<2x?xi32> -> tensor<2x16x2x8xf32>
  nn.set @cache, %c : tensor<2x16x2x8xf32>
  %a = nn.attention %q2, %c, %c positions %positions scale 0.35
      : tensor<2x?x8x8xf32>, tensor<2x16x2x8xf32>, tensor<2x16x2x8xf32>, tensor<2x?xi32> -> tensor<2x?x8x8xf32>
  %m = nn.reshape %a : tensor<2x?x8x8xf32> -> tensor<2x?x64xf32>
  %y = nn.contract "bsf,hf->bsh" %m, %ow : tensor<2x?x64xf32>, tensor<32x64xf32> -> tensor<2x?x32xf32>
  return %y : tensor<2x?x32xf32>
}
