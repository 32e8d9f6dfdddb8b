// tensor.gather along one dimension becomes nn.gather; the dimension of size 1 that it leaves is put back.
// RUN: tp-opt %s --tp-normalize | FileCheck %s

// CHECK-LABEL: @tensor_gather
// CHECK: nn.gather %arg0, %{{.*}} axis 0 batch 0 : tensor<32x16xf32>, tensor<5xi32> -> tensor<5x16xf32>
func.func @tensor_gather(%table: tensor<32x16xf32>, %ids: tensor<5x1xi32>) -> tensor<5x1x16xf32> {
  %y = tensor.gather %table[%ids] gather_dims([0]) : (tensor<32x16xf32>, tensor<5x1xi32>) -> tensor<5x1x16xf32>
  return %y : tensor<5x1x16xf32>
}
