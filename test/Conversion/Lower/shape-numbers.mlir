// Gather, slice, pad, concat, transpose and iota give the interpreter's numbers exactly.
// RUN: tp-check %s | FileCheck %s

// CHECK: shapes.result0: the compiled module differs by 0.00e+00
// CHECK-NEXT: shapes.result1: the compiled module differs by 0.00e+00
// CHECK-NEXT: shapes.result2: the compiled module differs by 0.00e+00
// CHECK-NEXT: shapes.result3: the compiled module differs by 0.00e+00
// CHECK-NEXT: shapes.result4: the compiled module differs by 0.00e+00
tp.mesh @mesh [tp = 2]
func.func @shapes(%x: tensor<4x6x8xf32>, %i: tensor<4x3xi32>) -> (tensor<4x3x8xf32>, tensor<8x10xf32>, tensor<4x12x8xf32>, tensor<4x8xf32>, tensor<4x6x8xi1>) {
  %g = nn.gather %x, %i axis 1 batch 1 : tensor<4x6x8xf32>, tensor<4x3xi32> -> tensor<4x3x8xf32>
  %s = nn.slice %x offsets [1, 1, 0] sizes [1, 4, 8] strides [1, 1, 1] : tensor<4x6x8xf32> -> tensor<1x4x8xf32>
  %sr = nn.reshape %s : tensor<1x4x8xf32> -> tensor<4x8xf32>
  %st = nn.transpose %sr perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %p = nn.pad %st low [0, 2] high [0, 4] value 1.5 : tensor<8x4xf32> -> tensor<8x10xf32>
  %c = nn.concat %x, %x dim 1 : (tensor<4x6x8xf32>, tensor<4x6x8xf32>) -> tensor<4x12x8xf32>
  %r = nn.reduce max %x dims [1] : tensor<4x6x8xf32> -> tensor<4x8xf32>
  %io = nn.iota dim 1 : tensor<4x6x8xi32>
  %q = nn.map %x, %io : (tensor<4x6x8xf32>, tensor<4x6x8xi32>) -> tensor<4x6x8xi1> {
  ^bb0(%a: f32, %b: i32):
    %two = arith.constant 2 : i32
    %zero = arith.constant 0.0 : f32
    %k = arith.cmpi slt, %b, %two : i32
    %l = arith.cmpf olt, %a, %zero : f32
    %m = arith.andi %k, %l : i1
    nn.yield %m : i1
  }
  return %g, %p, %c, %r, %q : tensor<4x3x8xf32>, tensor<8x10xf32>, tensor<4x12x8xf32>, tensor<4x8xf32>, tensor<4x6x8xi1>
}
