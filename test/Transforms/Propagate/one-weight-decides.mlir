// A wish on any one weight of an MLP, or on its hidden activation, splits both weights along the hidden dimension: one reduction.
// RUN: split-file %s %t
// RUN: tp-opt %t/first.mlir --tp-propagate | FileCheck %s
// RUN: tp-opt %t/second.mlir --tp-propagate | FileCheck %s
// RUN: tp-opt %t/hidden.mlir --tp-propagate | FileCheck %s
// An axis of size 1 splits nothing and leaves nothing partial.
// RUN: sed 's/tp = 4/tp = 1/' %t/first.mlir | tp-opt --tp-propagate | FileCheck %s --check-prefix=ONE
// ONE-NOT: partial
// ONE-NOT: tp.reshard

// CHECK: func.func @main(%arg0: tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>,
// CHECK-SAME: %arg1: tensor<64x256xf32, #tp.layout<@mesh, [{}, {tp}]>>,
// CHECK-SAME: %arg2: tensor<256x64xf32, #tp.layout<@mesh, [{tp}, {}]>>)
// CHECK: nn.contract "bi,if->bf" {{.*}} -> tensor<8x256xf32, #tp.layout<@mesh, [{}, {tp}]>>
// CHECK-NOT: tp.reshard
// CHECK: %[[P:.*]] = nn.contract "bf,fo->bo" {{.*}} -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
// CHECK: %[[R:.*]] = tp.reshard %[[P]] {tp.why = "{{.*}}reduces a dimension split over {tp} by the wish
// CHECK-NOT: tp.reshard
// CHECK: return %[[R]]

//--- first.mlir
tp.mesh @mesh [tp = 4]
func.func @main(%x: tensor<8x64xf32>, %a: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %b: tensor<256x64xf32>) -> tensor<8x64xf32> {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x256xf32> -> tensor<8x256xf32>
  %y = nn.contract "bf,fo->bo" %h, %b : tensor<8x256xf32>, tensor<256x64xf32> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
//--- second.mlir
tp.mesh @mesh [tp = 4]
func.func @main(%x: tensor<8x64xf32>, %a: tensor<64x256xf32>,
                %b: tensor<256x64xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}) -> tensor<8x64xf32> {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x256xf32> -> tensor<8x256xf32>
  %y = nn.contract "bf,fo->bo" %h, %b : tensor<8x256xf32>, tensor<256x64xf32> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
//--- hidden.mlir
tp.mesh @mesh [tp = 4]
func.func @main(%x: tensor<8x64xf32>, %a: tensor<64x256xf32>, %b: tensor<256x64xf32>) -> tensor<8x64xf32> {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x256xf32> -> tensor<8x256xf32>
  %h1 = tp.constrain %h to <@mesh, [{}, {tp}]> : tensor<8x256xf32>
  %y = nn.contract "bf,fo->bo" %h1, %b : tensor<8x256xf32>, tensor<256x64xf32> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
