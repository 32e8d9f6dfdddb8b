// The input gradient of separate Q, K and V is one sum of three partial values: one all-reduce, where three would be right too.
// RUN: tp-opt %s --tp-partition --tp-verify-local | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-partition' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS

!whole = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>
!columns = tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
!weight = tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
!partial = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
tp.mesh @mesh [tp = 4]

// NUMBERS: same numbers
// CHECK-LABEL: func.func @input_gradient
// CHECK-COUNT-1: tp.all_reduce
// CHECK-NOT: tp.all_reduce
func.func @input_gradient(%dq: !columns, %dk: !columns, %dv: !columns, %wq: !weight, %wk: !weight, %wv: !weight) -> !whole {
  %pq = nn.contract "sf,fh->sh" %dq, %wq : !columns, !weight -> !partial
  %pk = nn.contract "sf,fh->sh" %dk, %wk : !columns, !weight -> !partial
  %pv = nn.contract "sf,fh->sh" %dv, %wv : !columns, !weight -> !partial
  %q = tp.reshard %pq : !partial -> !whole
  %k = tp.reshard %pk : !partial -> !whole
  %v = tp.reshard %pv : !partial -> !whole
  %qk = nn.map %q, %k : (!whole, !whole) -> !whole {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  %dx = nn.map %qk, %v : (!whole, !whole) -> !whole {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  return %dx : !whole
}
