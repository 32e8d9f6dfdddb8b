// Chat templates are recognised, never run: any text either is of a known family or is refused.
#include "FuzzTarget.h"

#include "tp/Support/Tokenizer.h"

FUZZ_TARGET(ChatTemplate) {
  formatChat(std::string(input), "<s>", {});
  formatChat(std::string(input), "", {{"system", " s "}, {"user", "u"}, {"assistant", "a"}, {"user", "{{ 1 }}"}});
}
