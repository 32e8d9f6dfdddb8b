// Contractions and reductions whose equation, sizes or types do not fit are refused.
// RUN: tp-opt %s --split-input-file --verify-diagnostics

func.func @contract_c1_form(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error@+1 {{'nn.contract' op equation "bh,hf" needs the form "lhs,rhs->result"}}
  %y = nn.contract "bh,hf" %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @contract_c1_letter_twice(%x: tensor<3x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error@+1 {{'nn.contract' op equation "hh,hf->hf" has 'h' twice in "hh"}}
  %y = nn.contract "hh,hf->hf" %x, %w : tensor<3x3xf32>, tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @contract_c1_rank(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error@+1 {{'nn.contract' op left operand has 2 dimensions, but the equation names 3 ("bsh")}}
  %y = nn.contract "bsh,hf->bsf" %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @contract_c2_result(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error@+1 {{'nn.contract' op equation "bh,hf->bg" has 'g' in the result, but in no operand}}
  %y = nn.contract "bh,hf->bg" %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @contract_c2_one_operand(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error@+1 {{'nn.contract' op equation "bh,hf->b" has 'f' in one operand only, and not in the result; sum it with nn.reduce first}}
  %y = nn.contract "bh,hf->b" %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @contract_c3(%x: tensor<2x3xf32>, %w: tensor<5x4xf32>) {
  // expected-error@+1 {{'nn.contract' op 'h' has size 3 in one tensor and 5 in the right operand}}
  %y = nn.contract "bh,hf->bf" %x, %w : tensor<2x3xf32>, tensor<5x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @contract_c4(%x: tensor<2x3xf32>, %w: tensor<3x4xbf16>) {
  // expected-error@+1 {{'nn.contract' op right operand has elements of type 'bf16', needs 'f32'}}
  %y = nn.contract "bh,hf->bf" %x, %w : tensor<2x3xf32>, tensor<3x4xbf16> -> tensor<2x4xf32>
  return
}

// -----

func.func @reduce_c1(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.reduce' op dimensions must be sorted and differ, but 0 follows 1}}
  %y = nn.reduce sum %x dims [1, 0] : tensor<2x3xf32> -> tensor<f32>
  return
}

// -----

func.func @reduce_c2(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.reduce' op result has shape 3, needs 2}}
  %y = nn.reduce sum %x dims [1] : tensor<2x3xf32> -> tensor<3xf32>
  return
}
