// Norms, rotary embedding and attention refuse shapes and options that do not fit.
// RUN: tp-opt %s --split-input-file --verify-diagnostics

func.func @softmax_c1(%x: tensor<4x8xi32>) {
  // expected-error@+1 {{'nn.softmax' op operand has elements of type 'i32', needs floats}}
  %y = nn.softmax %x dim 1 : tensor<4x8xi32> -> tensor<4x8xi32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<4x8xf32>, %w: tensor<4xf32>) {
  // expected-error@+1 {{'nn.rms_norm' op weight has shape 4, needs 8}}
  %y = nn.rms_norm %x, %w epsilon 1.0e-5 : tensor<4x8xf32>, tensor<4xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_c2(%x: tensor<4x8xf32>, %w: tensor<8xf32>, %b: tensor<1xf32>) {
  // expected-error@+1 {{'nn.layer_norm' op bias has shape 1, needs 8}}
  %y = nn.layer_norm %x, %w, %b epsilon 1.0e-5 : tensor<4x8xf32>, tensor<8xf32>, tensor<1xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @rope_c2(%x: tensor<1x8x3x4xf32>, %p: tensor<1x8xi32>) {
  // expected-error@+1 {{'nn.rope' op rotates 6 elements (2 per frequency) of heads of width 4}}
  %y = nn.rope %x, %p frequencies [1.0, 0.5, 0.25] attention_factor 1.0 : tensor<1x8x3x4xf32>, tensor<1x8xi32> -> tensor<1x8x3x4xf32>
  return
}

// -----

func.func @attention_c1_heads(%q: tensor<1x8x9x4xf32>, %k: tensor<1x8x2x4xf32>) {
  // expected-error@+1 {{'nn.attention' op 9 query heads are not a multiple of 2 key heads}}
  %o = nn.attention %q, %k, %k scale 1.0 : tensor<1x8x9x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32> -> tensor<1x8x9x4xf32>
  return
}

// -----

func.func @attention_c1_width(%q: tensor<1x8x4x4xf32>, %k: tensor<1x8x2x5xf32>) {
  // expected-error@+1 {{'nn.attention' op key has shape 1x8x2x5, needs 1x8x2x4}}
  %o = nn.attention %q, %k, %k scale 1.0 : tensor<1x8x4x4xf32>, tensor<1x8x2x5xf32>, tensor<1x8x2x5xf32> -> tensor<1x8x4x5xf32>
  return
}

// -----

func.func @attention_c2_window(%q: tensor<1x8x4x4xf32>) {
  // expected-error@+1 {{'nn.attention' op has a window of 3, which needs positions}}
  %o = nn.attention %q, %q, %q scale 1.0 window 3 : tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32> -> tensor<1x8x4x4xf32>
  return
}

// -----

func.func @attention_c2_causal(%q: tensor<1x8x4x4xf32>, %p: tensor<1x8xi32>) {
  // expected-error@+1 {{'nn.attention' op has both `causal` and positions; positions alone say which keys a query sees}}
  %o = nn.attention %q, %q, %q positions %p scale 1.0 causal : tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x8xi32> -> tensor<1x8x4x4xf32>
  return
}
