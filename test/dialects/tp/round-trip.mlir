// Meshes, wishes and layouts in types print as they were written.
// RUN: tp-opt %s | tp-opt | FileCheck %s

// CHECK: tp.mesh @mesh [dp = 2, tp = 4]
tp.mesh @mesh [dp = 2, tp = 4]

// CHECK: func.func @wishes(%[[X:.*]]: tensor<8x64xf32>
// CHECK-SAME: %{{.*}}: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp, ?}]>}
func.func @wishes(%x: tensor<8x64xf32>, %w: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp, ?}]>}) -> tensor<8x64xf32> {
  // CHECK: tp.constrain %[[X]] to <@mesh, [{dp}, {}]> : tensor<8x64xf32>
  %y = tp.constrain %x to <@mesh, [{dp}, {}]> : tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// CHECK: func.func @laid_out
// CHECK-SAME: tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp(1)2>>>
func.func @laid_out(%x: tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp(1)2>>>) {
  return
}
