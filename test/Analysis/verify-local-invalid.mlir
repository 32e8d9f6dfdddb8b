// Each kind of state that must not meet another is refused, with the place where it was made.
// RUN: tp-opt %s --tp-verify-local --split-input-file --verify-diagnostics

tp.mesh @mesh [tp = 2]
func.func @nonlinear_of_partial(%x: tensor<8x4xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {tp}]>>},
                                %w: tensor<4x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{tp}, {}]>>})
    -> (tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {}]>>}) {
  // expected-note@+1 {{it is made here, by 'nn.contract'}}
  %p = nn.contract "sh,hf->sf" %x, %w : tensor<8x4xf32>, tensor<4x8xf32> -> tensor<8x8xf32>
  // expected-error@+2 {{'nn.map' op needs a whole value, but operand 0 is partial over axis "tp"}}
  // expected-note@+1 {{reduce it first}}
  %g = nn.map %p : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%e: f32):
    %t = math.tanh %e : f32
    nn.yield %t : f32
  }
  return %g : tensor<8x8xf32>
}

// -----

tp.mesh @mesh [tp = 2]
func.func @product_of_partials(%x: tensor<8x4xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {tp}]>>},
                               %w: tensor<4x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{tp}, {}]>>})
    -> (tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {}]>>}) {
  // expected-note@+1 {{it is made here}}
  %p = nn.contract "sh,hf->sf" %x, %w : tensor<8x4xf32>, tensor<4x8xf32> -> tensor<8x8xf32>
  // expected-error@+2 {{needs whole values, but 2 of its operands are partial over axis "tp"}}
  // expected-note@+1 {{reduce them first}}
  %g = nn.contract "sh,hf->sf" %p, %p : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  return %g : tensor<8x8xf32>
}

// -----

tp.mesh @mesh [tp = 2]
// expected-note@+1 {{it is an argument}}
func.func @invariant_with_split(%x: tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {}]>>},
                                %w: tensor<8x4xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {tp}]>>})
    -> (tensor<8x4xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {tp}]>>}) {
  // expected-error@+2 {{'nn.contract' op mixes operand 0 (I) with operand 1 (S) over axis "tp"}}
  // expected-note@+1 {{f is missing: tp.copy takes I to R}}
  %p = nn.contract "sh,hf->sf" %x, %w : tensor<8x8xf32>, tensor<8x4xf32> -> tensor<8x4xf32>
  return %p : tensor<8x4xf32>
}

// -----

tp.mesh @mesh [tp = 2]
func.func @split_along_different_factors(%x: tensor<4x4xf32> {tp.global = tensor<8x4xf32, #tp.layout<@mesh, [{tp}, {}]>>},
  // expected-note@+1 {{it is an argument}}
                                         %y: tensor<4x4xf32> {tp.global = tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>>})
    -> (tensor<4x4xf32> {tp.global = tensor<8x4xf32, #tp.layout<@mesh, [{tp}, {}]>>}) {
  // expected-error@+1 {{operand 1 dimension 0 is split over {}, but operand 0 dimension 0, which must be split alike, over {tp}}}
  %s = nn.map %x, %y : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%e: f32, %f: f32):
    %t = arith.addf %e, %f : f32
    nn.yield %t : f32
  }
  return %s : tensor<4x4xf32>
}

// -----

tp.mesh @mesh [tp = 2]
// expected-note@+1 {{it is an argument}}
func.func @collective_of_another_state(%x: tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {}]>>})
    -> (tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {}]>>}) {
  // expected-error@+1 {{needs its operand partial (sum) over {tp}, but it is I}}
  %y = tp.all_reduce sum %x over @mesh[tp], P -> I : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

tp.mesh @mesh [tp = 2]
func.func @result_of_another_state(%x: tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {}]>>})
    -> (tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {}]>>}) {
  // expected-note@+1 {{it is made here, by 'tp.copy'}}
  %y = tp.copy %x over @mesh[tp], I -> R : tensor<8x8xf32>
  // expected-error@+1 {{result 0 is declared as I, but is R over tp}}
  return %y : tensor<8x8xf32>
}

// -----

tp.mesh @mesh [tp = 2]
// expected-error@+1 {{argument 0 has type 'tensor<8x8xf32>', but one rank's part of}}
func.func @local_size(%x: tensor<8x8xf32> {tp.global = tensor<8x8xf32, #tp.layout<@mesh, [{}, {tp}]>>}) {
  return
}

// -----

tp.mesh @mesh [tp = 2]
func.func @open_reshape(%x: tensor<8x8xf32> {tp.global = tensor<8x16xf32, #tp.layout<@mesh, [{}, {tp}]>>}) {
  // expected-error@+1 {{can split its result in 2 ways; say which one with tp.global}}
  %y = nn.reshape %x : tensor<8x8xf32> -> tensor<8x1x8xf32>
  return
}
