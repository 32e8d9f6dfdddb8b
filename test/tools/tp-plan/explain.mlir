// Every collective says who needs it, from which wish through which ops it came, and which other wish would remove it; planned with
// that wish, it is gone.
// RUN: tp-plan %s --explain | FileCheck %s
// RUN: sed '/^\/\/ [RC]/d; s/%b: tensor<256x64xf32> {tp.layout = #tp.layout<@mesh, \[{}, {tp}\]>}/%b: tensor<256x64xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}/' %s > %t.mlir
// RUN: tp-plan %t.mlir | FileCheck %s --check-prefix=AFTER

tp.mesh @mesh [tp = 4]

// Both weights are wished split by columns, so the hidden value has to be gathered for the second.
// CHECK: 1. all_gather over tp of 128x64 f32, at main:[[#]]: 98304 bytes per rank
// CHECK-NEXT: needed by nn.contract at line [[#]], operand 0
// CHECK-NEXT: because nn.map at line [[#MAP:]] has layout [{}, {tp}] by the wish [{}, {tp}] on argument 1; nn.contract
// CHECK-NEXT: from the wish [{}, {tp}] on argument 1 -> nn.contract at line [[#MAP-1]] -> nn.map at line [[#MAP]]
// CHECK-NEXT: need nn.contract at line [[#]] splits another dimension over {tp}, by the wish [{}, {tp}] on argument 2
// CHECK-NEXT: change wish arg2 as [{tp}, {}] instead of [{}, {tp}] makes it smaller: 49152 bytes per rank in this entry
// CHECK-NEXT: without it drop the wishes on arg1: 24576 bytes per rank in this entry, and a rank holds 48.0 KiB more

// CHECK: 2. all_gather over tp of 128x16 f32
// CHECK-NEXT: needed by result 0{{$}}
// CHECK: need the wish [{}, {}] on result 0
// CHECK: change wish arg2 as [{tp}, {}] instead of [{}, {tp}] removes it: 49152 bytes per rank in this entry

// AFTER: all_reduce tp (4) 128x64 f32 1 49152
// AFTER-NEXT: 1 collective, 49152 bytes per rank
func.func @main(%x: tensor<128x64xf32>,
                %a: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %b: tensor<256x64xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>})
    -> (tensor<128x64xf32> {tp.layout = #tp.layout<@mesh, [{}, {}]>}) {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<128x64xf32>, tensor<64x256xf32> -> tensor<128x256xf32>
  %g = nn.map %h : (tensor<128x256xf32>) -> tensor<128x256xf32> {
  ^bb0(%e: f32):
    %t = math.tanh %e : f32
    nn.yield %t : f32
  }
  %y = nn.contract "bf,fo->bo" %g, %b : tensor<128x256xf32>, tensor<256x64xf32> -> tensor<128x64xf32>
  return %y : tensor<128x64xf32>
}
