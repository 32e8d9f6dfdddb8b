// Changes of layout that are never needed go; what is wanted in several layouts is moved once.
// RUN: tp-opt %s --tp-simplify-reshards --tp-verify-layouts | FileCheck %s
// RUN: tp-opt %s --tp-partition --tp-verify-local | FileCheck %s --check-prefix=LOCAL

!whole = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>
!split = tensor<8x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
!other = tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
!partial = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
tp.mesh @mesh [tp = 4]

// CHECK-LABEL: func.func @there_and_back(
// CHECK-NOT: tp.reshard
func.func @there_and_back(%x: !split) -> !split {
  %0 = tp.reshard %x : !split -> !whole
  %1 = tp.reshard %0 : !whole -> !split
  return %1 : !split
}

// CHECK-LABEL: func.func @exchange(
// LOCAL-LABEL: func.func @exchange(
// LOCAL: tp.all_to_all
// LOCAL-NOT: tp.all_gather
func.func @exchange(%x: !split) -> !other {
  %0 = tp.reshard %x : !split -> !whole
  %1 = tp.reshard %0 : !whole -> !other
  return %1 : !other
}

// A constant is made in the layout wanted: nothing moves.
// CHECK-LABEL: func.func @constants(
// CHECK-NOT: tp.reshard
// LOCAL-LABEL: func.func @constants(
// LOCAL: arith.constant {tp.global = {{.*}}} dense<2.000000e+00> : tensor<2x64xf32>
// LOCAL: %[[TWO:.*]] = arith.constant dense<2.000000e+00> : tensor<8x64xf32>
// LOCAL: tp.keep sum %[[TWO]] over @mesh[tp], I -> P
func.func @constants() -> (!split, !partial) {
  %c = arith.constant dense<2.0> : !whole
  %0 = tp.reshard %c : !whole -> !split
  %1 = tp.reshard %c : !whole -> !partial
  return %0, %1 : !split, !partial
}

// Wanted whole and split: one all-reduce and a slice of it, instead of an all-reduce and a reduce-scatter.
// CHECK-LABEL: func.func @whole_and_split(
// LOCAL-LABEL: func.func @whole_and_split(
// LOCAL: %[[T:.*]] = tp.all_reduce
// LOCAL: tp.slice %[[T]]
// LOCAL-NOT: = tp.
// LOCAL: return
func.func @whole_and_split(%x: !partial) -> (!split, !whole) {
  %0 = tp.reshard %x : !partial -> !split
  %1 = tp.reshard %x : !partial -> !whole
  return %0, %1 : !split, !whole
}
