// Two axes at once: the batch over dp through the whole program, the hidden dimension over tp; only tp is reduced.
// RUN: tp-opt %s --tp-propagate | FileCheck %s

tp.mesh @mesh [dp = 2, tp = 2]

// CHECK: nn.contract "bi,if->bf" {{.*}} -> tensor<8x256xf32, #tp.layout<@mesh, [{dp}, {tp}]>>
// CHECK: nn.contract "bf,fo->bo" {{.*}} -> tensor<8x64xf32, #tp.layout<@mesh, [{dp}, {}], partial = sum<tp>>>
// CHECK: tp.reshard {{.*}} -> tensor<8x64xf32, #tp.layout<@mesh, [{dp}, {}]>>
// CHECK-NOT: tp.reshard
func.func @main(%x: tensor<8x64xf32> {tp.layout = #tp.layout<@mesh, [{dp}, {}]>}, %a: tensor<64x256xf32>,
                %b: tensor<256x64xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}) -> tensor<8x64xf32> {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x256xf32> -> tensor<8x256xf32>
  %y = nn.contract "bf,fo->bo" %h, %b : tensor<8x256xf32>, tensor<256x64xf32> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
