// An axis of size 1 stays in types as it was written and asks for nothing: no f, no collective.
// RUN: tp-opt %s --tp-partition --tp-verify-local | FileCheck %s

!stream = tensor<8x64xf32, #tp.layout<@mesh, [{dp}, {}]>>
!columns = tensor<8x64xf32, #tp.layout<@mesh, [{dp}, {tp}]>>
!rows = tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
!partial = tensor<8x64xf32, #tp.layout<@mesh, [{dp}, {}], partial = sum<tp>>>
tp.mesh @mesh [dp = 1, tp = 4]

// CHECK-LABEL: func.func @main
// CHECK-NOT: tp.copy
// CHECK-COUNT-1: tp.all_reduce sum %{{.*}} over @mesh[tp], P -> I
// CHECK-NOT: = tp.
func.func @main(%x: !stream, %a: !columns, %b: !columns, %w: !rows) -> !stream {
  %p = nn.contract "sf,fh->sh" %a, %w : !columns, !rows -> !partial
  %q = nn.contract "sf,fh->sh" %b, %w : !columns, !rows -> !partial
  %t = tp.reshard %p : !partial -> !stream
  %u = tp.reshard %q : !partial -> !stream
  %v = nn.map %u : (!stream) -> !stream {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    nn.yield %s : f32
  }
  %y = nn.map %x, %t : (!stream, !stream) -> !stream {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  %z = nn.map %y, %v : (!stream, !stream) -> !stream {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  return %z : !stream
}
