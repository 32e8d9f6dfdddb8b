// RMS norm and layer norm in pieces become one op; where the mean is over something else they stay in pieces.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-LABEL: @rms_norm
// CHECK: %[[Y:.*]] = nn.rms_norm %arg0, %arg1 epsilon 9.99{{.*}}E-6 : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
// CHECK-NEXT: return %[[Y]]
func.func @rms_norm(%x: tensor<4x8xf32>, %w: tensor<8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4x1xf32>
  %epsilon = arith.constant dense<1.0e-5> : tensor<4x1xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = nn.reduce sum %q dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %s1 = nn.reshape %s : tensor<4xf32> -> tensor<4x1xf32>
  %m = arith.divf %s1, %n : tensor<4x1xf32>
  %me = arith.addf %m, %epsilon : tensor<4x1xf32>
  %r = math.rsqrt %me : tensor<4x1xf32>
  %r1 = nn.reshape %r : tensor<4x1xf32> -> tensor<4xf32>
  %rb = nn.broadcast %r1 dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %z = arith.mulf %x, %rb : tensor<4x8xf32>
  %wb = nn.broadcast %w dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %y = arith.mulf %wb, %z : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: @layer_norm
// CHECK: nn.layer_norm %arg0, %arg1, %arg2 epsilon
// CHECK-NOT: nn.map
// CHECK: return
func.func @layer_norm(%x: tensor<4x8xf32>, %w: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<0.125> : tensor<4xf32>
  %epsilon = arith.constant dense<1.0e-5> : tensor<4xf32>
  %s = nn.reduce sum %x dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %m = arith.mulf %s, %n : tensor<4xf32>
  %mb = nn.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %q = arith.mulf %d, %d : tensor<4x8xf32>
  %t = nn.reduce sum %q dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.mulf %t, %n : tensor<4xf32>
  %ve = arith.addf %v, %epsilon : tensor<4xf32>
  %r = math.sqrt %ve : tensor<4xf32>
  %rb = nn.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %z = arith.divf %d, %rb : tensor<4x8xf32>
  %wb = nn.broadcast %w dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %bb = nn.broadcast %b dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %zw = arith.mulf %z, %wb : tensor<4x8xf32>
  %y = arith.addf %zw, %bb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Divided by 7, not by 8.
// CHECK-LABEL: @not_the_mean
// CHECK-NOT: nn.rms_norm
// CHECK: return
func.func @not_the_mean(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<7.0> : tensor<4xf32>
  %epsilon = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = nn.reduce sum %q dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %m = arith.divf %s, %n : tensor<4xf32>
  %me = arith.addf %m, %epsilon : tensor<4xf32>
  %r = math.rsqrt %me : tensor<4xf32>
  %rb = nn.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %z = arith.mulf %x, %rb : tensor<4x8xf32>
  return %z : tensor<4x8xf32>
}
