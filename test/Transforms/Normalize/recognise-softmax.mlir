// Softmax in pieces becomes one op, wherever the pieces are cut; without the maximum it stays in pieces.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-LABEL: @pieces
// CHECK: %[[P:.*]] = nn.softmax %arg0 dim 1 : tensor<4x8xf32> -> tensor<4x8xf32>
// CHECK-NEXT: return %[[P]]
func.func @pieces(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = nn.reduce max %x dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %mb = nn.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  %s = nn.reduce sum %e dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = nn.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %p = arith.divf %e, %sb : tensor<4x8xf32>
  return %p : tensor<4x8xf32>
}

// Along the first dimension, of a scaled value, exp computed twice.
// CHECK-LABEL: @fused
// CHECK: %[[X:.*]] = nn.map %arg0
// CHECK: nn.softmax %[[X]] dim 0
func.func @fused(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %scale = arith.constant dense<0.25> : tensor<4x8xf32>
  %y = arith.mulf %x, %scale : tensor<4x8xf32>
  %m = nn.reduce max %y dims [0] : tensor<4x8xf32> -> tensor<8xf32>
  %mb = nn.broadcast %m dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %e = nn.map %y, %mb : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %d = arith.subf %a, %b : f32
    %r = math.exp %d : f32
    nn.yield %r : f32
  }
  %s = nn.reduce sum %e dims [0] : tensor<4x8xf32> -> tensor<8xf32>
  %sb = nn.broadcast %s dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %p = nn.map %x, %mb, %sb : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %quarter = arith.constant 0.25 : f32
    %t = arith.mulf %a, %quarter : f32
    %d = arith.subf %t, %b : f32
    %r = math.exp %d : f32
    %q = arith.divf %r, %c : f32
    nn.yield %q : f32
  }
  return %p : tensor<4x8xf32>
}

// CHECK-LABEL: @without_maximum
// CHECK-NOT: nn.softmax
// CHECK: return
func.func @without_maximum(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = math.exp %x : tensor<4x8xf32>
  %s = nn.reduce sum %e dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = nn.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %p = arith.divf %e, %sb : tensor<4x8xf32>
  return %p : tensor<4x8xf32>
}
