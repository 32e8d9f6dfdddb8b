// Attention and MLP beside one another, both row split: their partial outputs are added first and reduced once.
// RUN: tp-opt %s --tp-partition --tp-verify-local | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-partition' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS

!whole = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>
!columns = tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
!rows = tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
!partial = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
!sequence = tensor<8x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
tp.mesh @mesh [tp = 4]

// NUMBERS: @whole_stream{{.*}}same numbers
// CHECK: func.func @whole_stream(%{{.*}}, %{{.*}}, %[[X:[a-z0-9]*]]: tensor<8x64xf32>
func.func @whole_stream(%a: !columns, %m: !columns, %x: !whole, %wo: !rows, %wd: !rows) -> !whole {
  // CHECK: %[[P:.*]] = nn.contract
  %p = nn.contract "sf,fh->sh" %a, %wo : !columns, !rows -> !partial
  %t = tp.reshard %p : !partial -> !whole
  %y = nn.map %x, %t : (!whole, !whole) -> !whole {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  // CHECK: %[[Q:.*]] = nn.contract
  // CHECK: %[[SUM:.*]] = nn.map %[[P]], %[[Q]]
  // CHECK: %[[T:.*]] = tp.all_reduce sum %[[SUM]]
  // CHECK: nn.map %[[X]], %[[T]]
  // CHECK-NOT: = tp.
  %q = nn.contract "sf,fh->sh" %m, %wd : !columns, !rows -> !partial
  %u = tp.reshard %q : !partial -> !whole
  %z = nn.map %y, %u : (!whole, !whole) -> !whole {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  // CHECK: return
  return %z : !whole
}

// NUMBERS: @sequence_stream{{.*}}same numbers
// CHECK-LABEL: func.func @sequence_stream
func.func @sequence_stream(%a: !columns, %m: !columns, %x: !sequence, %wo: !rows, %wd: !rows) -> !sequence {
  %p = nn.contract "sf,fh->sh" %a, %wo : !columns, !rows -> !partial
  %t = tp.reshard %p : !partial -> !sequence
  %y = nn.map %x, %t : (!sequence, !sequence) -> !sequence {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  %q = nn.contract "sf,fh->sh" %m, %wd : !columns, !rows -> !partial
  %u = tp.reshard %q : !partial -> !sequence
  // CHECK: tp.reduce_scatter sum
  // CHECK-NOT: = tp.
  %z = nn.map %y, %u : (!sequence, !sequence) -> !sequence {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  // CHECK: return
  return %z : !sequence
}
