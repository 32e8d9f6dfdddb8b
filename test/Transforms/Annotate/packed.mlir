// A wish on a packed weight holds for each slice of it that Normalize has made, be it a parameter or an argument.
// RUN: tp-opt %s --tp-normalize --tp-annotate="mesh=tp=4 shard=w*=[tp,_];arg1=[_,tp]" | FileCheck %s

// CHECK: nn.parameter @wqk.0 : {{.*}} #tp.layout<@mesh, [{tp}, {}]>
// CHECK: nn.parameter @wqk.1 : {{.*}} #tp.layout<@mesh, [{tp}, {}]>
// CHECK: func.func @main({{.*}}nn.name = "arg1.0", tp.layout = #tp.layout<@mesh, [{}, {tp}]>{{.*}}nn.name = "arg1.1", tp.layout = #tp.layout<@mesh, [{}, {tp}]>
nn.parameter @wqk : tensor<64x32xf32>
func.func @main(%x: tensor<4x32xf32>, %p: tensor<64x32xf32>) -> tensor<4x32xf32> {
  %w = nn.get @wqk : tensor<64x32xf32>
  %y = nn.contract "bh,fh->bf" %x, %w : tensor<4x32xf32>, tensor<64x32xf32> -> tensor<4x64xf32>
  %q = nn.slice %y offsets [0, 0] sizes [4, 32] strides [1, 1] : tensor<4x64xf32> -> tensor<4x32xf32>
  %k = nn.slice %y offsets [0, 32] sizes [4, 32] strides [1, 1] : tensor<4x64xf32> -> tensor<4x32xf32>
  %s = nn.map %q, %k : (tensor<4x32xf32>, tensor<4x32xf32>) -> tensor<4x32xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %b : f32
    nn.yield %m : f32
  }
  %z = nn.contract "bh,fh->bf" %s, %p : tensor<4x32xf32>, tensor<64x32xf32> -> tensor<4x64xf32>
  %u = nn.slice %z offsets [0, 0] sizes [4, 32] strides [1, 1] : tensor<4x64xf32> -> tensor<4x32xf32>
  %v = nn.slice %z offsets [0, 32] sizes [4, 32] strides [1, 1] : tensor<4x64xf32> -> tensor<4x32xf32>
  %o = nn.map %u, %v : (tensor<4x32xf32>, tensor<4x32xf32>) -> tensor<4x32xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %b : f32
    nn.yield %m : f32
  }
  return %o : tensor<4x32xf32>
}
