// A reduction moves past linear ops where that merges two or saves bytes, and stays where it is otherwise.
// RUN: tp-opt %s --tp-place-reductions --tp-verify-layouts | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-partition,tp-verify-local' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS

!whole = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>
!partial = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
!turned = tensor<64x8xf32, #tp.layout<@mesh, [{}, {}]>>
!columns = tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
!rows = tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
!wide = tensor<64x256xf32, #tp.layout<@mesh, [{}, {}]>>
!narrow = tensor<64x4xf32, #tp.layout<@mesh, [{}, {}]>>
tp.mesh @mesh [tp = 4]

// NUMBERS-COUNT-3: same numbers

// Past a transpose and a product with a whole value, to where both branches meet; the bias is added after.
// CHECK-LABEL: func.func @merges
func.func @merges(%a: !columns, %b: !columns, %w: !rows, %bias: !turned, %scale: !turned) -> !turned {
  %p = nn.contract "sf,fh->sh" %a, %w : !columns, !rows -> !partial
  %q = nn.contract "sf,fh->sh" %b, %w : !columns, !rows -> !partial
  %pt = tp.reshard %p : !partial -> !whole
  %qt = tp.reshard %q : !partial -> !whole
  %t = nn.transpose %pt perm [1, 0] : !whole -> !turned
  %u = nn.transpose %qt perm [1, 0] : !whole -> !turned
  %v = nn.map %u, %scale, %bias : (!turned, !turned, !turned) -> !turned {
  ^bb0(%e: f32, %f: f32, %g: f32):
    %m = arith.mulf %e, %f : f32
    nn.yield %m : f32
  }
  %y = nn.map %bias, %t : (!turned, !turned) -> !turned {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  %z = nn.map %y, %v : (!turned, !turned) -> !turned {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  // CHECK: nn.map {{.*}}partial = sum<tp>>>) -> {{.*}}partial
  // CHECK-COUNT-1: tp.reshard
  // CHECK-NOT: tp.reshard
  // CHECK: return
  return %z : !turned
}

// CHECK-LABEL: func.func @stays_before_widening
// CHECK: tp.reshard
// CHECK: nn.contract "sh,hf->sf"
func.func @stays_before_widening(%a: !columns, %w: !rows, %c: !wide) -> tensor<8x256xf32, #tp.layout<@mesh, [{}, {}]>> {
  %p = nn.contract "sf,fh->sh" %a, %w : !columns, !rows -> !partial
  %t = tp.reshard %p : !partial -> !whole
  %y = nn.contract "sh,hf->sf" %t, %c : !whole, !wide -> tensor<8x256xf32, #tp.layout<@mesh, [{}, {}]>>
  return %y : tensor<8x256xf32, #tp.layout<@mesh, [{}, {}]>>
}

// CHECK-LABEL: func.func @moves_past_narrowing
// CHECK: nn.contract "sh,hf->sf"
// CHECK: tp.reshard
func.func @moves_past_narrowing(%a: !columns, %w: !rows, %c: !narrow) -> tensor<8x4xf32, #tp.layout<@mesh, [{}, {}]>> {
  %p = nn.contract "sf,fh->sh" %a, %w : !columns, !rows -> !partial
  %t = tp.reshard %p : !partial -> !whole
  %y = nn.contract "sh,hf->sf" %t, %c : !whole, !narrow -> tensor<8x4xf32, #tp.layout<@mesh, [{}, {}]>>
  return %y : tensor<8x4xf32, #tp.layout<@mesh, [{}, {}]>>
}
