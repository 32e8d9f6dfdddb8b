// Turns texts into tokens and back with a tokenizer that was read from a hostile file.
#pragma once
#include "tp/Support/Error.h"
#include "tp/Support/Tokenizer.h"

namespace tp::fuzz {

inline void use(TokenizerParts parts) {
  Tokenizer tokenizer(std::move(parts));
  for (const char *text : {"", " a b\n", "Hello, world! 123 \xc3\xa9 e\xcc\x81 \xe2\x96\x81 <s></s> \xff\xf0\x9f"}) {
    std::vector<int32_t> ids = tokenizer.encode(text);
    tokenizer.decode(ids, true);
    TokenStream stream(tokenizer);
    for (int32_t id : ids)
      stream.add(id);
    stream.finish();
  }
  tokenizer.applyChatTemplate({{"system", "s"}, {"user", " u "}});
}

} // namespace tp::fuzz
