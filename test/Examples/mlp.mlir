// The MLP of the README and of docs/how-data-flows.md goes through the phases to one f and one all-reduce, in nn and in linalg.
// RUN: tp-opt %S/../../examples/mlp.mlir --tp-normalize --tp-propagate --tp-partition | FileCheck %s
// RUN: tp-opt %S/../../examples/mlp-linalg.mlir --tp-normalize --tp-propagate --tp-partition | FileCheck %s

// CHECK: func.func @main(%[[X:.*]]: tensor<8x64xf32> {{.*}}, %[[A:.*]]: tensor<64x64xf32> {{.*}}, %[[B:.*]]: tensor<64x64xf32> {{.*}})
// CHECK-NEXT: %[[F:.*]] = tp.copy %[[X]] over @mesh[tp]
// CHECK-NEXT: %[[H:.*]] = nn.contract {{.*}} %[[F]], %[[A]] {{.*}} -> tensor<8x64xf32>
// CHECK-NEXT: %[[G:.*]] = nn.map %[[H]]
// CHECK: %[[P:.*]] = nn.contract {{.*}} %[[G]], %[[B]] {{.*}} -> tensor<8x64xf32>
// CHECK-NEXT: %[[Y:.*]] = tp.all_reduce sum %[[P]] over @mesh[tp]
// CHECK-NEXT: return %[[Y]] : tensor<8x64xf32>
