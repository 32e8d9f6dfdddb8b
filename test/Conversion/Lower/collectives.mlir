// Collectives carry their group and their site; f moves nothing, and equal layers share a site.
// RUN: tp-opt %s --tp-lower | FileCheck %s

// CHECK:         tprt.groups = [#tp.axes<tp>, #tp.axes<dp>]
// CHECK-LABEL: func.func @main
// CHECK-SAME:    tprt.collectives = [{count = 2 : i64, {{.*}}kind = "all_reduce"{{.*}}where = "layers.*.mlp"
// CHECK-SAME:    {count = 1 : i64, {{.*}}kind = "all_gather"
// CHECK:         tprt.all_reduce %arg0 -> %[[A:.*]] count %c32_i64 group 0 site 0 reduction 0
// CHECK:         tprt.all_reduce %[[A]] -> %[[B:.*]] count %c32_i64 group 0 site 0
// CHECK:         tprt.all_gather %[[B]] -> %{{.*}} sizes %c4_i64, %c8_i64, %c1_i64 group 1 site 1
// CHECK:         %[[I:.*]] = tprt.axis_index group 0
// CHECK:         %[[AT:.*]] = arith.muli %[[I]]
// CHECK:         tprt.view %{{.*}}[
tp.mesh @mesh [dp = 2, tp = 4]
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x4xf32> {
  %f = tp.copy %x over @mesh[tp], I -> R : tensor<4x8xf32>
  %a = tp.all_reduce sum %f over @mesh[tp], P -> R {tp.where = "layers.0.mlp"} : tensor<4x8xf32>
  %b = tp.all_reduce sum %a over @mesh[tp], P -> R {tp.where = "layers.1.mlp"} : tensor<4x8xf32>
  %g = tp.all_gather %b dim 1 over @mesh[dp], S -> R : tensor<4x8xf32> -> tensor<4x16xf32>
  %s = tp.slice %g dim 1 over @mesh[tp], R -> S : tensor<4x16xf32> -> tensor<4x4xf32>
  return %s : tensor<4x4xf32>
}
