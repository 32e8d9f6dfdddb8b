// Elementwise ops become maps; broadcast operands are broadcast explicitly, constants move into the body.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-LABEL: @bias_and_scale
// CHECK: %[[B:.*]] = nn.broadcast %arg1 dims [1] : tensor<64xf32> -> tensor<8x64xf32>
// CHECK: nn.map %arg0, %[[B]]
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %[[Y:.*]]: f32)
// CHECK-NEXT: %[[HALF:.*]] = arith.constant 5.0{{.*}} : f32
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[X]], %[[Y]]
// CHECK-NEXT: %[[R:.*]] = arith.mulf %[[S]], %[[HALF]]
// CHECK-NEXT: nn.yield %[[R]]
func.func @bias_and_scale(%x: tensor<8x64xf32>, %b: tensor<64xf32>) -> tensor<8x64xf32> {
  %half = arith.constant 0.5 : f32
  %empty = tensor.empty() : tensor<8x64xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<8x64xf32>, tensor<64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    %r = arith.mulf %s, %half : f32
    linalg.yield %r : f32
  } -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// A dimension of size 1 read at a constant index is a broadcast.
// CHECK-LABEL: @unit_dimension
// CHECK: %[[R:.*]] = nn.reshape %arg1 : tensor<2x8x1xf32> -> tensor<2x8xf32>
// CHECK: nn.broadcast %[[R]] dims [0, 1] : tensor<2x8xf32> -> tensor<2x8x64xf32>
func.func @unit_dimension(%x: tensor<2x8x64xf32>, %m: tensor<2x8x1xf32>) -> tensor<2x8x64xf32> {
  %empty = tensor.empty() : tensor<2x8x64xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %m : tensor<2x8x64xf32>, tensor<2x8x1xf32>) outs(%empty : tensor<2x8x64xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.subf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}

// CHECK-LABEL: @named
// CHECK: nn.map %arg0, %arg1
// CHECK: arith.mulf
// CHECK: math.exp
// CHECK: arith.maximumf
func.func @named(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %empty = tensor.empty() : tensor<8x64xf32>
  %a = linalg.mul ins(%x, %y : tensor<8x64xf32>, tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) -> tensor<8x64xf32>
  %b = linalg.exp ins(%a : tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) -> tensor<8x64xf32>
  %c = linalg.elementwise kind=#linalg.elementwise_kind<max_signed> ins(%b, %x : tensor<8x64xf32>, tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) -> tensor<8x64xf32>
  return %c : tensor<8x64xf32>
}

// CHECK-LABEL: @tensor_arith
// CHECK: arith.cmpf ogt
// CHECK: nn.map %{{.*}}, %arg0 : (tensor<8x64xi1>, tensor<8x64xf32>)
// CHECK: arith.select
func.func @tensor_arith(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %zero = arith.constant dense<0.0> : tensor<8x64xf32>
  %p = arith.cmpf ogt, %x, %zero : tensor<8x64xf32>
  %y = arith.select %p, %x, %zero : tensor<8x64xi1>, tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// CHECK-LABEL: @mapped
// CHECK: nn.map %arg0, %arg1
// CHECK: math.tanh
func.func @mapped(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %empty = tensor.empty() : tensor<8x64xf32>
  %z = linalg.map ins(%x, %y : tensor<8x64xf32>, tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>)
    (%a: f32, %b: f32, %o: f32) {
      %s = arith.subf %a, %b : f32
      %t = math.tanh %s : f32
      linalg.yield %t : f32
    }
  return %z : tensor<8x64xf32>
}
