// A map whose operands or body do not fit is refused.
// RUN: tp-opt %s --split-input-file --verify-diagnostics

func.func @c1(%x: tensor<2x3xf32>, %y: tensor<3xf32>) {
  // expected-error@+1 {{'nn.map' op operand 1 has shape 3, needs 2x3}}
  %z = nn.map %x, %y : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32> {
  ^bb0(%a: f32, %b: f32):
    nn.yield %a : f32
  }
  return
}

// -----

func.func @c2_arguments(%x: tensor<2xf32>) {
  // expected-error@+1 {{'nn.map' op body argument 0 has type 'bf16', needs 'f32'}}
  %z = nn.map %x : (tensor<2xf32>) -> tensor<2xbf16> {
  ^bb0(%a: bf16):
    nn.yield %a : bf16
  }
  return
}

// -----

func.func @c2_yield(%x: tensor<2xf32>) {
  // expected-error@+1 {{'nn.map' op body yields 'f32', needs 'bf16'}}
  %z = nn.map %x : (tensor<2xf32>) -> tensor<2xbf16> {
  ^bb0(%a: f32):
    nn.yield %a : f32
  }
  return
}

// -----

func.func @c3(%x: tensor<2xf32>) {
  // expected-error@+1 {{'nn.map' op body may hold only scalar arith and math ops}}
  %z = nn.map %x : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32):
    // expected-note@+1 {{holds 'tensor.splat'}}
    %s = tensor.splat %a : tensor<4xf32>
    nn.yield %a : f32
  }
  return
}
