// A wish on 12 = 2x6 over 3, behind a reshape from 6x6 = (3x2)x6: the 2 is the minor part of a 6, so no size would carry the split
// on, and "a dimension of 2 that does not divide over 3" was no mistake of the wish.
// RUN: tp-random-programs --check %s
tp.mesh @mesh [tp = 3]
func.func @main(%x: tensor<6x6xf32>) -> (tensor<3x12xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) {
  %y = nn.reshape %x : tensor<6x6xf32> -> tensor<3x12xf32>
  return %y : tensor<3x12xf32>
}
