// linalg.generic that has no name, with one result and with a reduction by maximum, gives the interpreter's numbers.
// RUN: tp-check %s | FileCheck %s

// CHECK: generic.result0: the compiled module differs by {{0.00e\+00|[0-9.]+e-0[7-9]}}
// CHECK-NEXT: generic.result1: the compiled module differs by {{0.00e\+00|[0-9.]+e-0[7-9]}}
tp.mesh @mesh [tp = 2]
func.func @generic(%x: tensor<4x6xf32>, %w: tensor<6x8xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.generic {indexing_maps = [affine_map<(i,j,k)->(i,k)>, affine_map<(i,j,k)->(k,j)>, affine_map<(i,j,k)->(i,j)>], iterator_types = ["parallel","parallel","reduction"]} ins(%x, %w : tensor<4x6xf32>, tensor<6x8xf32>) outs(%f : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %q = math.tanh %p : f32
    %s = arith.addf %c, %q : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  %e1 = tensor.empty() : tensor<4xf32>
  %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<4xf32>) -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i,k)->(i,k)>, affine_map<(i,k)->(i)>], iterator_types = ["parallel","reduction"]} ins(%m : tensor<4x8xf32>) outs(%f1 : tensor<4xf32>) {
  ^bb0(%a: f32, %c: f32):
    %p = math.absf %a : f32
    %s = arith.maximumf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %m, %r : tensor<4x8xf32>, tensor<4xf32>
}
