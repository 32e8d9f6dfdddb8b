// What a kernel computes, by polynomials or by libm, is accurate to a few units in the last place of f32.
// RUN: tp-check %s | FileCheck %s

// CHECK: mathops.result0: the compiled module differs by {{0.00e\+00|[0-9.]+e-0[7-9]}}
// CHECK-NEXT: mathops.result1: the compiled module differs by {{0.00e\+00|[0-9.]+e-0[7-9]}}
// CHECK-NEXT: mathops.result2: the compiled module differs by {{0.00e\+00|[0-9.]+e-0[7-9]}}
tp.mesh @mesh [tp = 2]
func.func @mathops(%x: tensor<100xf32>, %y: tensor<100xf32>) -> (tensor<100xf32>, tensor<100xf32>, tensor<100xf32>) {
  %a = nn.map %x : (tensor<100xf32>) -> tensor<100xf32> {
  ^bb0(%v: f32):
    %1 = math.erf %v : f32
    %2 = math.exp %1 : f32
    %3 = math.sin %2 : f32
    %4 = math.cos %3 : f32
    %5 = math.log1p %4 : f32
    %51 = math.absf %5 : f32
    %6 = math.rsqrt %51 : f32
    %7 = math.tanh %6 : f32
    nn.yield %7 : f32
  }
  %b = nn.map %x, %y : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32> {
  ^bb0(%v: f32, %w: f32):
    %0 = math.absf %v : f32
    %1 = math.powf %0, %w : f32
    %2 = math.sqrt %1 : f32
    %3 = math.floor %w : f32
    %4 = math.ceil %v : f32
    %5 = arith.addf %3, %4 : f32
    %6 = arith.maximumf %5, %2 : f32
    %7 = arith.minnumf %6, %w : f32
    %8 = math.exp2 %7 : f32
    %9 = math.expm1 %8 : f32
    %10 = math.atan %9 : f32
    nn.yield %10 : f32
  }
  %c = nn.map %x, %y : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32> {
  ^bb0(%v: f32, %w: f32):
    %0 = arith.extf %v : f32 to f64
    %1 = math.exp %0 : f64
    %2 = arith.truncf %1 : f64 to f32
    %3 = arith.fptosi %w : f32 to i32
    %4 = arith.sitofp %3 : i32 to f32
    %5 = arith.addf %2, %4 : f32
    nn.yield %5 : f32
  }
  return %a, %b, %c : tensor<100xf32>, tensor<100xf32>, tensor<100xf32>
}
