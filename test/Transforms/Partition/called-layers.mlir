// A function that is called is partitioned once: whole values go in and come out invariant (I), f stands inside.
// RUN: tp-opt %s --tp-partition --tp-verify-local | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-partition' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS

// NUMBERS: same numbers
// CHECK-LABEL: func.func private @layer
// CHECK: tp.copy
// CHECK: tp.all_reduce
// CHECK-LABEL: func.func @main
// CHECK-NOT: = tp.
// CHECK: call @layer
// CHECK: call @layer
!whole = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>
!columns = tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
!up = tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
!rows = tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
!partial = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
tp.mesh @mesh [tp = 4]
func.func private @layer(%x: !whole, %u: !up, %d: !rows) -> !whole {
  %h = nn.contract "sh,hf->sf" %x, %u : !whole, !up -> !columns
  %p = nn.contract "sf,fh->sh" %h, %d : !columns, !rows -> !partial
  %t = tp.reshard %p : !partial -> !whole
  return %t : !whole
}
func.func @main(%x: !whole, %u: !up, %d: !rows) -> !whole {
  %a = func.call @layer(%x, %u, %d) : (!whole, !up, !rows) -> !whole
  %b = func.call @layer(%a, %u, %d) : (!whole, !up, !rows) -> !whole
  return %b : !whole
}
