// Chat templates of the two known families; the texts wanted are what running the templates gives.
#include "tp/Support/Tokenizer.h"

#include "Expect.h"

namespace tp {
namespace {

const std::vector<ChatMessage> question = {{"user", " Hi "}};
const std::vector<ChatMessage> conversation = {{"system", "Be brief"}, {"user", "Hi"}, {"assistant", "Hello"}, {"user", "Bye"}};

TEST(ChatTemplate, chatMlWithADefaultSystemPrompt) {
  // Once with the newline itself, once escaped, and once behind a branch that prints another system message.
  for (const char *chatTemplate :
       {"{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}",
        "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}",
        "{%- if tools %}{{- '<|im_start|>system\\n' }}{{- '<|im_end|>\\n' }}{%- elif messages[0].role == 'system' %}"
        "{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}{%- else %}"
        "{{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{%- endif %}"}) {
    EXPECT_EQ(formatChat(chatTemplate, "<s>", question),
              "<|im_start|>system\nYou help.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n");
    EXPECT_EQ(formatChat(chatTemplate, "<s>", conversation),
              "<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello"
              "<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n");
  }
}

TEST(ChatTemplate, chatMlWithoutOne) {
  EXPECT_EQ(
      formatChat("{{ bos_token }}{{'<|im_start|>' + m['role'] + '\n' + m['content'] | trim + '<|im_end|>\n'}}", "<s>", question),
      "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

TEST(ChatTemplate, llama3) {
  std::string chatTemplate = "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ "
                             "message['content'] | trim + '<|eot_id|>' %}{% set content = bos_token + content %}";
  EXPECT_EQ(formatChat(chatTemplate, "<|begin_of_text|>", question),
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  chatTemplate += "{%- set date_string = \"26 Jul 2024\" %}Cutting Knowledge Date: December 2023";
  EXPECT_EQ(formatChat(chatTemplate, "<|begin_of_text|>", question),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
            "Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  EXPECT_TRUE(contains(formatChat(chatTemplate, "", conversation), "2024\n\nBe brief<|eot_id|>"));
}

TEST(ChatTemplate, otherFamiliesAreRefused) {
  EXPECT_TRUE(contains(errorOf([] { formatChat("[INST] {{ message }} [/INST]", "", question); }),
                       "is of a family that is not known; supported are ChatML"));
  EXPECT_TRUE(contains(errorOf([] { formatChat("<|im_start|>system\n## Metadata <|im_end|>", "", question); }),
                       "is of a family that is not known"));
}

} // namespace
} // namespace tp
