// tp-check runs two forms of a program on the same inputs: a right partition agrees, a wrong one is an error.
// RUN: tp-opt %s --tp-propagate --tp-partition -o %t.local.mlir
// RUN: tp-check %s --against %t.local.mlir --seed 3 | FileCheck %s
// CHECK: main.result0: {{.*}}.local.mlir differs by {{[0-9.]+}}e-0{{[6-9]}}

// RUN: sed 's/all_reduce  *sum/all_reduce max/' %t.local.mlir > %t.wrong.mlir
// RUN: not tp-check %s --against %t.wrong.mlir 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: main.result0: {{.*}} differs by {{[0-9.]+}}e-0{{[0-2]}}
// WRONG: error: main.result0: over the tolerance of 0.0001

tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4x16xf32>, %a: tensor<32x16xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>},
                %b: tensor<16x32xf32>) -> tensor<4x16xf32> {
  %h = nn.contract "bh,fh->bf" %x, %a : tensor<4x16xf32>, tensor<32x16xf32> -> tensor<4x32xf32>
  %g = nn.map %h : (tensor<4x32xf32>) -> tensor<4x32xf32> {
  ^bb0(%e: f32):
    %t = math.tanh %e : f32
    nn.yield %t : f32
  }
  %y = nn.contract "bf,hf->bh" %g, %b : tensor<4x32xf32>, tensor<16x32xf32> -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}
