// Ops that move elements refuse sizes that do not follow.
// RUN: tp-opt %s --split-input-file --verify-diagnostics

func.func @broadcast_c1(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.broadcast' op dimensions must be sorted and differ, but 0 follows 1}}
  %y = nn.broadcast %x dims [1, 0] : tensor<2x3xf32> -> tensor<3x2x4xf32>
  return
}

// -----

func.func @broadcast_c2(%x: tensor<1xf32>) {
  // expected-error@+1 {{'nn.broadcast' op operand dimension 0 of size 1 becomes result dimension 0 of size 4}}
  %y = nn.broadcast %x dims [0] : tensor<1xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @broadcast_c3(%x: tensor<8xf32>) {
  // expected-error@+1 {{'nn.broadcast' op has a new dynamic dimension, and needs `like` to tell its size}}
  %y = nn.broadcast %x dims [1] : tensor<8xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @reshape_c1_elements(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.reshape' op operand of shape 2x3 and result of shape 8 differ in their number of elements}}
  %y = nn.reshape %x : tensor<2x3xf32> -> tensor<8xf32>
  return
}

// -----

func.func @reshape_c1_dynamic(%x: tensor<2x?x3xf32>) {
  // expected-error@+1 {{'nn.reshape' op mixes the dynamic dimension of 2x?x3 with others to make ?x6}}
  %y = nn.reshape %x : tensor<2x?x3xf32> -> tensor<?x6xf32>
  return
}

// -----

func.func @transpose_c1(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.transpose' op needs a permutation of the operand's 2 dimensions}}
  %y = nn.transpose %x perm [1, 1] : tensor<2x3xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @transpose_c2(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.transpose' op result has shape 2x3, needs 3x2}}
  %y = nn.transpose %x perm [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<8x6xf32>) {
  // expected-error@+1 {{'nn.slice' op offset 4, size 3, stride 1 do not lie inside dimension 1 of size 6}}
  %y = nn.slice %x offsets [0, 4] sizes [8, 3] strides [1, 1] : tensor<8x6xf32> -> tensor<8x3xf32>
  return
}

// -----

func.func @slice_c2_far(%x: tensor<8x6xf32>) {
  // expected-error@+1 {{'nn.slice' op offset 9223372036854775807, size 3, stride 1 do not lie inside dimension 1 of size 6}}
  %y = nn.slice %x offsets [0, 9223372036854775807] sizes [8, 3] strides [1, 1] : tensor<8x6xf32> -> tensor<8x3xf32>
  return
}

// -----

func.func @slice_c2_steps(%x: tensor<8x6xf32>) {
  // expected-error@+1 {{'nn.slice' op offset 0, size 3, stride 9223372036854775807 do not lie inside dimension 1 of size 6}}
  %y = nn.slice %x offsets [0, 0] sizes [8, 3] strides [1, 9223372036854775807] : tensor<8x6xf32> -> tensor<8x3xf32>
  return
}

// -----

func.func @slice_of_dynamic(%x: tensor<?x6xf32>) {
  // expected-error@+1 {{'nn.slice' op takes a part of dynamic dimension 0; only all of it can be taken (size -1)}}
  %y = nn.slice %x offsets [0, 0] sizes [2, 6] strides [1, 1] : tensor<?x6xf32> -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<2x3xf32>, %y: tensor<3x3xf32>) {
  // expected-error@+1 {{'nn.concat' op operand 1 has shape 3x3, needs 2x3}}
  %z = nn.concat %x, %y dim 1 : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.pad' op result has shape 2x4, needs 2x5}}
  %y = nn.pad %x low [0, 1] high [0, 1] value 0.0 : tensor<2x3xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @pad_c2_far(%x: tensor<4x3xf32>) {
  // expected-error@+1 {{'nn.pad' op is longer than 2^63 along dimension 0}}
  %y = nn.pad %x low [9223372036854775807, 0] high [9223372036854775807, 0] value 0.0 : tensor<4x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_c3(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{'nn.pad' op pads dynamic dimension 0}}
  %y = nn.pad %x low [1, 0] high [0, 0] value 0.0 : tensor<?x3xf32> -> tensor<?x3xf32>
  return
}
