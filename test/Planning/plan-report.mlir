// The report counts equal layers together, speaks of the bound of a dynamic extent, and takes a split one by its parts.
// RUN: tp-plan %s --format json | FileCheck %s
// RUN: tp-plan %s | FileCheck %s --check-prefix=TABLE

tp.mesh @mesh [tp = 4]

// CHECK: "mesh": {
// CHECK-NEXT: "tp": 4
// CHECK: "name": "main",
// CHECK-NEXT: "tokens": 0,
// CHECK: "kind": "all_gather",
// CHECK-NEXT: "axes": [
// CHECK-NEXT: "tp"
// CHECK-NEXT: ],
// CHECK-NEXT: "group_size": 4,
// CHECK-NEXT: "dtype": "f32",
// CHECK-NEXT: "operand_shape": [
// CHECK-NEXT: 1,
// CHECK-NEXT: 25,
// CHECK-NEXT: 16
// CHECK-NEXT: ],
// CHECK-NEXT: "count": 2,
// 2 x 3 x 25 x 16 x 4 bytes
// CHECK-NEXT: "wire_bytes_per_rank": 9600,
// CHECK-NEXT: "where": "layers.*.norm"
// CHECK: "kind": "reduce_scatter",
// CHECK: "reduce": "sum",
// CHECK: "operand_shape": [
// CHECK-NEXT: 1,
// CHECK-NEXT: 100,
// CHECK-NEXT: 16
// CHECK: "count": 2,
// 2 x 3/4 x 100 x 16 x 4 bytes
// CHECK-NEXT: "wire_bytes_per_rank": 9600,
// CHECK-NEXT: "where": "layers.*.down"
// CHECK: "name": "arg0",
// CHECK-NEXT: "kind": "input",
// CHECK: "layout": "[{}, {tp}, {}]",
// CHECK-NEXT: "bytes_per_rank": 1600
// CHECK: "name": "w0",
// CHECK-NEXT: "kind": "parameter",
// CHECK: "peak_bytes_per_rank": {{[0-9]+}}

// TABLE: entry main
// TABLE: all_gather tp (4) 1x25x16 f32 2 9600 layers.*.norm
// TABLE: reduce_scatter tp (4) 1x100x16 f32 2 9600 layers.*.down
// TABLE: 4 collectives, 19200 bytes per rank

nn.parameter @w0 : tensor<32x16xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
nn.parameter @v0 : tensor<16x32xf32>
nn.parameter @w1 : tensor<32x16xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
nn.parameter @v1 : tensor<16x32xf32>

func.func @main(%x: tensor<1x?x16xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}, {}]>}) -> (tensor<1x?x16xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}, {}]>})
    attributes {nn.max_dynamic = 100 : i64} {
  %w0 = nn.get @w0 : tensor<32x16xf32>
  %v0 = nn.get @v0 : tensor<16x32xf32>
  %t0 = nn.map %x : (tensor<1x?x16xf32>) -> tensor<1x?x16xf32> {
  ^bb0(%e: f32):
    %r = math.tanh %e : f32
    nn.yield %r : f32
  } loc("layers.0.norm")
  %h0 = nn.contract "bsh,fh->bsf" %t0, %w0 : tensor<1x?x16xf32>, tensor<32x16xf32> -> tensor<1x?x32xf32> loc("layers.0.up")
  %y0 = nn.contract "bsf,hf->bsh" %h0, %v0 : tensor<1x?x32xf32>, tensor<16x32xf32> -> tensor<1x?x16xf32> loc("layers.0.down")
  %s0 = tp.constrain %y0 to <@mesh, [{}, {tp}, {}]> : tensor<1x?x16xf32>
  %w1 = nn.get @w1 : tensor<32x16xf32>
  %v1 = nn.get @v1 : tensor<16x32xf32>
  %t1 = nn.map %s0 : (tensor<1x?x16xf32>) -> tensor<1x?x16xf32> {
  ^bb0(%e: f32):
    %r = math.tanh %e : f32
    nn.yield %r : f32
  } loc("layers.1.norm")
  %h1 = nn.contract "bsh,fh->bsf" %t1, %w1 : tensor<1x?x16xf32>, tensor<32x16xf32> -> tensor<1x?x32xf32> loc("layers.1.up")
  %y1 = nn.contract "bsf,hf->bsh" %h1, %v1 : tensor<1x?x32xf32>, tensor<16x32xf32> -> tensor<1x?x16xf32> loc("layers.1.down")
  return %y1 : tensor<1x?x16xf32>
}
