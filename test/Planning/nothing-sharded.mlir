// Without a wish nothing is sharded, and the plan says so.
// RUN: tp-plan %s --format json | FileCheck %s
// RUN: tp-plan %s | FileCheck %s --check-prefix=TABLE

// CHECK: "notes": [
// CHECK-NEXT: "no wish: nothing is sharded"
// TABLE: no wish: nothing is sharded
// TABLE: no collectives
tp.mesh @mesh [tp = 4]
func.func @main(%x: tensor<8x64xf32>, %w: tensor<64x64xf32>) -> tensor<8x64xf32> {
  %y = nn.contract "sh,hf->sf" %x, %w : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
