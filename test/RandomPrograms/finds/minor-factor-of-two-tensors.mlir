// A wish reaches the minor part of a dimension whose major part a reshape joins to another: neither can be split, in either tensor.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 4]
func.func @main(%x: tensor<4x4x8xf32> {tp.layout = #tp.layout<@mesh, [{?}, {tp}, {}]>, tp.parameter}) -> tensor<4x8x2x2xf32> {
  %y = nn.reshape %x : tensor<4x4x8xf32> -> tensor<8x4x2x2xf32>
  %t = nn.transpose %y perm [1, 0, 2, 3] : tensor<8x4x2x2xf32> -> tensor<4x8x2x2xf32>
  %w = tp.constrain %t to <@mesh, [{tp(1)2}, {tp(2)2}, {}, {}]> : tensor<4x8x2x2xf32>
  return %w : tensor<4x8x2x2xf32>
}
