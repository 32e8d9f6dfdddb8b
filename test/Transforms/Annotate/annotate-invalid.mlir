// A mesh that is missing or another one, a pattern without a tensor, a wish that does not fit: one error each.
// RUN: split-file %s %t
// RUN: not tp-opt %t/weight.mlir --tp-annotate 2>&1 | FileCheck %s --check-prefix=NOMESH
// RUN: not tp-opt %t/mesh.mlir --tp-annotate="mesh=tp=4" 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not tp-opt %t/weight.mlir --tp-annotate="mesh=tp=4 shard=q*=[tp,_]" 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not tp-opt %t/weight.mlir --tp-annotate="mesh=tp=4 shard=w=[tp,_]" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not tp-opt %t/weight.mlir --tp-annotate="mesh=tp=4 shard=w=[tp]" 2>&1 | FileCheck %s --check-prefix=RANK

// NOMESH: error: the program has no tp.mesh; give one with --mesh
// OTHER: mesh.mlir:1:1: error: the program's mesh is tp=2, but --mesh says tp=4
// NOTHING: error: --shard "q*=[tp,_]" matches no parameter
// NOTHING: note: there are 1: w
// SIZE: weight.mlir:1:1: error: --shard "w=[tp,_]" does not fit "w": dimension 0 of size 10 does not divide over "tp"=4; sizes that do: 1, 2, 5, 10
// RANK: error: --shard "w=[tp]" does not fit "w":

//--- weight.mlir
nn.parameter @w : tensor<10x4xf32>
//--- mesh.mlir
tp.mesh @mesh [tp = 2]
