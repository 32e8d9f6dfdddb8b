// Where two wishes exclude one another the parameter keeps its own and the activation moves, however large it is.
// RUN: tp-opt %s --tp-propagate | FileCheck %s

tp.mesh @mesh [tp = 4]

// CHECK: func.func @main(%arg0: tensor<4096x64xf32, #tp.layout<@mesh, [{tp}, {}]>>, %arg1: tensor<64x8xf32, #tp.layout<@mesh, [{}, {tp}]>> {tp.parameter})
// CHECK: %[[X:.*]] = tp.reshard %arg0 {tp.why = "argument 0 has layout [{tp}, {}] by the wish [{tp}, {}] on argument 0;{{.*}} -> tensor<4096x64xf32, #tp.layout<@mesh, [{}, {}]>>
// CHECK: nn.contract "bh,hf->bf" %[[X]], %arg1 {{.*}} -> tensor<4096x8xf32, #tp.layout<@mesh, [{}, {tp}]>>
func.func @main(%x: tensor<4096x64xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>},
                %w: tensor<64x8xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>, tp.parameter}) -> tensor<4096x8xf32> {
  %y = nn.contract "bh,hf->bf" %x, %w : tensor<4096x64xf32>, tensor<64x8xf32> -> tensor<4096x8xf32>
  return %y : tensor<4096x8xf32>
}
