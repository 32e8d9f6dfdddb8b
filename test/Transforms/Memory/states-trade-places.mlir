// Two states that trade places are both kept before either is lost, with one buffer between.
// RUN: tp-opt %s --tp-lower --tp-memory | FileCheck %s

// CHECK-DAG:     [[A:%[0-9]+]] = tprt.state @a
// CHECK-DAG:     [[B:%[0-9]+]] = tprt.state @b
// CHECK:         tprt.copy [[A]][{{.*}}] -> [[OLD:%[0-9]+]][
// CHECK:         tprt.copy [[B]][{{.*}}] -> [[A]][
// CHECK:         tprt.copy [[OLD]][{{.*}}] -> [[B]][
// CHECK-NOT:     tprt.copy
nn.state @a : tensor<16xf32>
nn.state @b : tensor<16xf32>
func.func @swap() {
  %a = nn.get @a : tensor<16xf32>
  %b = nn.get @b : tensor<16xf32>
  nn.set @a, %b : tensor<16xf32>
  nn.set @b, %a : tensor<16xf32>
  return
}
