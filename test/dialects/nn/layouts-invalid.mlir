// Layouts that a factor map does not allow are refused where the program is parsed.
// RUN: tp-opt %s --split-input-file --verify-diagnostics

tp.mesh @mesh [tp = 4]
func.func @norm_of_a_split_row(%x: tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>, %w: tensor<64xf32, #tp.layout<@mesh, [{tp}]>>) {
  // expected-error@+1 {{'nn.rms_norm' op needs operand 0 dimension 1 whole, but it is split over {tp}}}
  %y = nn.rms_norm %x, %w epsilon 1.0e-5 : tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>, tensor<64xf32, #tp.layout<@mesh, [{tp}]>> -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
  return
}

// -----

tp.mesh @mesh [tp = 4]
// expected-note@+1 {{it is declared partial here}}
func.func @square_of_a_partial_value(%x: tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>) {
  // expected-error@+2 {{'nn.map' op needs a whole value, but its operand 0 is partial over axis "tp"}}
  // expected-note@+1 {{reduce it first (tp.reshard)}}
  %y = nn.map %x : (tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>) -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>> {
  ^bb0(%a: f32):
    %s = arith.mulf %a, %a : f32
    nn.yield %s : f32
  }
  return
}

// -----

tp.mesh @mesh [tp = 4]
// expected-note@+1 {{it is declared partial here}}
func.func @bias_added_on_every_rank(%x: tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>, %b: tensor<8xf32, #tp.layout<@mesh, [{}]>>) {
  // expected-error@+2 {{'nn.map' op adds operand 0, which is partial over axis "tp", to values that are whole: they would be counted once per rank}}
  // expected-note@+1 {{reduce it first (tp.reshard)}}
  %y = nn.map %x, %b : (tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>, tensor<8xf32, #tp.layout<@mesh, [{}]>>) -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>> {
  ^bb0(%a: f32, %c: f32):
    %s = arith.addf %a, %c : f32
    nn.yield %s : f32
  }
  return
}

// -----

tp.mesh @mesh [tp = 4]
// expected-note@+1 {{it is declared partial here}}
func.func @product_of_partial_values(%x: tensor<8x8xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>) {
  // expected-error@+2 {{'nn.contract' op needs whole values, but 2 of its operands are partial over axis "tp"}}
  // expected-note@+1 {{reduce it first (tp.reshard)}}
  %y = nn.contract "ij,jk->ik" %x, %x : tensor<8x8xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>, tensor<8x8xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>> -> tensor<8x8xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
  return
}

// -----

tp.mesh @mesh [tp = 4]
func.func @concat_along_a_split_dimension(%x: tensor<8xf32, #tp.layout<@mesh, [{tp}]>>) {
  // expected-error@+1 {{'nn.concat' op needs operand 0 dimension 0 whole, but it is split over {tp}}}
  %y = nn.concat %x, %x dim 0 : (tensor<8xf32, #tp.layout<@mesh, [{tp}]>>, tensor<8xf32, #tp.layout<@mesh, [{tp}]>>) -> tensor<16xf32, #tp.layout<@mesh, [{tp}]>>
  return
}
