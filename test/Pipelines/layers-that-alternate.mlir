// Layers that are equal in the program but not in its local form are worked out one by one: here each transposes, so that the split
// dimension is another one in every second layer.
// RUN: tp-opt %s --tp-shard=fold=false -o %t.each
// RUN: tp-opt %s --tp-shard --remarks-filter=tp-shard -o %t.once 2>&1 | FileCheck %s
// RUN: cmp %t.each %t.once
// CHECK: remark: {{.*}}3 of 8 equal layers of 2 ops
// CHECK: remark: {{.*}}equal layers are not partitioned alike: each is worked out by itself
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<16x16xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>},
                %w0: tensor<16x16xf32>, %w1: tensor<16x16xf32>, %w2: tensor<16x16xf32>, %w3: tensor<16x16xf32>, %w4: tensor<16x16xf32>,
                %w5: tensor<16x16xf32>, %w6: tensor<16x16xf32>, %w7: tensor<16x16xf32>, %w8: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %a0 = arith.addf %x, %w0 : tensor<16x16xf32>
  %t0 = nn.transpose %a0 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a1 = arith.addf %t0, %w1 : tensor<16x16xf32>
  %t1 = nn.transpose %a1 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a2 = arith.addf %t1, %w2 : tensor<16x16xf32>
  %t2 = nn.transpose %a2 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a3 = arith.addf %t2, %w3 : tensor<16x16xf32>
  %t3 = nn.transpose %a3 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a4 = arith.addf %t3, %w4 : tensor<16x16xf32>
  %t4 = nn.transpose %a4 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a5 = arith.addf %t4, %w5 : tensor<16x16xf32>
  %t5 = nn.transpose %a5 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a6 = arith.addf %t5, %w6 : tensor<16x16xf32>
  %t6 = nn.transpose %a6 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a7 = arith.addf %t6, %w7 : tensor<16x16xf32>
  %t7 = nn.transpose %a7 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %a8 = arith.addf %t7, %w8 : tensor<16x16xf32>
  %t8 = nn.transpose %a8 perm [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  return %t8 : tensor<16x16xf32>
}
