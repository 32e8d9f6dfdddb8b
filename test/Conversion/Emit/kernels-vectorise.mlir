// A kernel with exp in it, over one buffer read and written, is vector code without calls.
// RUN: tp-compile %s --target-cpu x86-64-v4 --emit llvm | FileCheck %s

// CHECK:       define internal {{.*}} @kernel_0_map
// CHECK:         load <16 x float>
// CHECK-NOT:     call {{.*}} @exp
// CHECK:         store <16 x float>
tp.mesh @mesh [tp = 1]
func.func @main(%x: tensor<4096xf32>) -> tensor<4096xf32> {
  %y = nn.map %x : (tensor<4096xf32>) -> tensor<4096xf32> {
  ^bb0(%a: f32):
    %r = math.exp %a : f32
    nn.yield %r : f32
  }
  return %y : tensor<4096xf32>
}
