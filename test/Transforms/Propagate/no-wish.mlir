// Without a wish nothing is sharded, and a remark says so.
// RUN: tp-opt %s --tp-propagate --remarks-filter=tp-propagate 2>&1 | FileCheck %s

// CHECK: remark: {{.*}}no wish: nothing is sharded, every rank computes the whole program
// CHECK: nn.contract {{.*}} -> tensor<8x16xf32, #tp.layout<@mesh, [{}, {}]>>
// CHECK-NOT: tp.reshard
tp.mesh @mesh [tp = 4]
func.func @main(%x: tensor<8x64xf32>, %a: tensor<64x16xf32>) -> tensor<8x16xf32> {
  %y = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x16xf32> -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
