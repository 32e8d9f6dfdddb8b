// The same with its residual stream split along the sequence.
module {
  tp.mesh @mesh [dp = 2, tp = 4]
  nn.parameter @n1 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
  nn.parameter @wq : tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wk : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wv : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wo : tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
  nn.parameter @n2 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
  nn.parameter @wg : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wu : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wd : tensor<64x128xf32, #tp.layout<@mesh, [{}, {tp}]>>
  func.func @layer(%arg0: tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>, %arg1: tensor<4x8xi32, #tp.layout<@mesh, [{}, {}]>>) -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>> {
    %0 = tp.reshard %arg1 {tp.why = "argument 1 has layout [{}, {}] by the wish [{dp}, {tp}, {}] on argument 0; nn.rope at line 23 needs it as [{dp}, {}]"} : tensor<4x8xi32, #tp.layout<@mesh, [{}, {}]>> -> tensor<4x8xi32, #tp.layout<@mesh, [{dp}, {}]>>
    %1 = nn.get @n1 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
    %2 = nn.rms_norm %arg0, %1 epsilon 1.000000e-05 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>, tensor<64xf32, #tp.layout<@mesh, [{}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>
    %3 = tp.reshard %2 {tp.why = "nn.rms_norm at line 13 has layout [{dp}, {tp}, {}] by the wish [{dp}, {tp}, {}] on argument 0; nn.contract at line 17 needs it as [{dp}, {}, {}]"} : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}]>>
    %4 = nn.get @wq : tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %5 = nn.get @wk : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %6 = nn.get @wv : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %7 = nn.contract "bsh,fh->bsf" %3, %4 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}]>>, tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>
    %8 = nn.contract "bsh,fh->bsf" %3, %5 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}]>>, tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x32xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>
    %9 = nn.contract "bsh,fh->bsf" %3, %6 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}]>>, tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x32xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>
    %10 = nn.reshape %7 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>> -> tensor<4x8x8x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>
    %11 = nn.reshape %8 : tensor<4x8x32xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>> -> tensor<4x8x4x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>
    %12 = nn.reshape %9 : tensor<4x8x32xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>> -> tensor<4x8x4x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>
    %13 = nn.rope %10, %0 frequencies [1.000000e+00, 1.000000e-01, 1.000000e-02, 1.000000e-03] attention_factor 1.000000e+00 : tensor<4x8x8x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>, tensor<4x8xi32, #tp.layout<@mesh, [{dp}, {}]>> -> tensor<4x8x8x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>
    %14 = nn.rope %11, %0 frequencies [1.000000e+00, 1.000000e-01, 1.000000e-02, 1.000000e-03] attention_factor 1.000000e+00 : tensor<4x8x4x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>, tensor<4x8xi32, #tp.layout<@mesh, [{dp}, {}]>> -> tensor<4x8x4x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>
    %15 = nn.attention %13, %14, %12 scale 3.500000e-01 causal : tensor<4x8x8x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>, tensor<4x8x4x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>, tensor<4x8x4x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>> -> tensor<4x8x8x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>
    %16 = nn.reshape %15 : tensor<4x8x8x8xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>
    %17 = nn.get @wo : tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
    %18 = nn.contract "bsh,fh->bsf" %16, %17 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>, tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}], partial = sum<tp>>>
    %19 = tp.reshard %18 {tp.why = "nn.contract (attn.o_proj) reduces a dimension split over {tp} by the wish [{tp}, {}] on @wq; its uses need it as [{dp}, {tp}, {}]"} : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}], partial = sum<tp>>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>
    %20 = nn.map %arg0, %19 : (tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>, tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>) -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>> {
    ^bb0(%arg2: f32, %arg3: f32):
      %33 = arith.addf %arg2, %arg3 : f32
      nn.yield %33 : f32
    }
    %21 = nn.get @n2 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
    %22 = nn.rms_norm %20, %21 epsilon 1.000000e-05 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>, tensor<64xf32, #tp.layout<@mesh, [{}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>
    %23 = tp.reshard %22 {tp.why = "nn.rms_norm at line 36 has layout [{dp}, {tp}, {}] by the wish [{dp}, {tp}, {}] on nn.map at line 29; nn.contract at line 40 needs it as [{dp}, {}, {}]"} : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}]>>
    %24 = nn.get @wg : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %25 = nn.get @wu : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %26 = nn.get @wd : tensor<64x128xf32, #tp.layout<@mesh, [{}, {tp}]>>
    %27 = nn.contract "bsh,fh->bsf" %23, %24 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}]>>, tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x128xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>
    %28 = nn.contract "bsh,fh->bsf" %23, %25 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}]>>, tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x128xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>
    %29 = nn.map %27, %28 : (tensor<4x8x128xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>, tensor<4x8x128xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>) -> tensor<4x8x128xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>> {
    ^bb0(%arg2: f32, %arg3: f32):
      %33 = math.tanh %arg2 : f32
      %34 = arith.mulf %33, %arg3 : f32
      nn.yield %34 : f32
    }
    %30 = nn.contract "bsf,hf->bsh" %29, %26 : tensor<4x8x128xf32, #tp.layout<@mesh, [{dp}, {}, {tp}]>>, tensor<64x128xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}], partial = sum<tp>>>
    %31 = tp.reshard %30 {tp.why = "nn.contract (mlp.down_proj) reduces a dimension split over {tp} by the wish [{tp}, {}] on @wg; its uses need it as [{dp}, {tp}, {}]"} : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {}, {}], partial = sum<tp>>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>
    %32 = nn.map %20, %31 : (tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>, tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>) -> tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>> {
    ^bb0(%arg2: f32, %arg3: f32):
      %33 = arith.addf %arg2, %arg3 : f32
      nn.yield %33 : f32
    }
    return %32 : tensor<4x8x64xf32, #tp.layout<@mesh, [{dp}, {tp}, {}]>>
  }
}

