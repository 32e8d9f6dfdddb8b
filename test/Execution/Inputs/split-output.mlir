// An MLP over two axes whose result stays split over both: whoever wants it whole puts it together.
tp.mesh @mesh [dp = 2, tp = 2]

func.func @main(%x: tensor<8x16xf32> {tp.layout = #tp.layout<@mesh, [{dp}, {}]>},
                %a: tensor<16x32xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %b: tensor<32x16xf32>) -> (tensor<8x16xf32> {tp.layout = #tp.layout<@mesh, [{dp}, {tp}]>}) {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<8x16xf32>, tensor<16x32xf32> -> tensor<8x32xf32>
  %y = nn.contract "bf,fo->bo" %h, %b : tensor<8x32xf32>, tensor<32x16xf32> -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
