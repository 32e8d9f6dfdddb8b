// Chat templates are Jinja programs. Instead of running them, we recognise the two families nearly all of them belong
// to by the markers they print, and take from their text what differs inside a family: the default system prompt,
// whether contents are trimmed, and the dates that Llama 3.1 and later put into every system message.
#include "tp/Support/Error.h"
#include "tp/Support/Tokenizer.h"

namespace tp {

namespace {
bool has(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string trimmed(const std::string &text) {
  constexpr const char *spaces = " \t\r\n\f\v";
  size_t begin = text.find_first_not_of(spaces);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

// Whether contents go through Jinja's trim.
bool trimsContents(const std::string &chatTemplate) {
  std::string dense;
  for (char c : chatTemplate)
    if (c != ' ')
      dense += c;
  return has(dense, "content']|trim") || has(dense, "content|trim") || has(dense, "content\"]|trim") ||
         has(dense, "content.strip()") || has(dense, "content'].strip()");
}

// The literal text between `begin` and `end` in the template, where no quote or brace ends it before; "\n" unescaped.
bool literalBetween(const std::string &chatTemplate, const std::string &begin, const std::string &end, std::string &literal) {
  for (size_t at = chatTemplate.find(begin); at != std::string::npos; at = chatTemplate.find(begin, at + 1)) {
    size_t start = at + begin.size();
    // The newline after the role, as itself or escaped.
    if (chatTemplate.compare(start, 1, "\n") == 0)
      start += 1;
    else if (chatTemplate.compare(start, 2, "\\n") == 0)
      start += 2;
    else
      continue;
    size_t stop = chatTemplate.find(end, start);
    if (stop == std::string::npos)
      return false;
    std::string text = chatTemplate.substr(start, stop - start);
    if (text.empty() || text.find_first_of("{}\"") != std::string::npos || text[0] == '\'' || has(text, "' +") || has(text, "'+"))
      continue;
    literal.clear();
    for (size_t i = 0; i < text.size(); ++i) {
      bool escaped = text[i] == '\\' && i + 1 < text.size();
      if (escaped)
        ++i;
      literal += escaped && text[i] == 'n' ? '\n' : text[i];
    }
    return true;
  }
  return false;
}

std::string formatChatMl(const std::string &chatTemplate, const std::string &bos, const std::vector<ChatMessage> &messages) {
  std::string text = has(chatTemplate, "bos_token") ? bos : "";
  std::string systemPrompt;
  if ((messages.empty() || messages[0].role != "system") &&
      literalBetween(chatTemplate, "<|im_start|>system", "<|im_end|>", systemPrompt))
    text += "<|im_start|>system\n" + systemPrompt + "<|im_end|>\n";
  bool trims = trimsContents(chatTemplate);
  for (const ChatMessage &message : messages)
    text += "<|im_start|>" + message.role + "\n" + (trims ? trimmed(message.content) : message.content) + "<|im_end|>\n";
  return text + "<|im_start|>assistant\n";
}

std::string formatLlama3(const std::string &chatTemplate, const std::string &bos, const std::vector<ChatMessage> &messages) {
  auto header = [](const std::string &role) { return "<|start_header_id|>" + role + "<|end_header_id|>\n\n"; };
  std::string text = has(chatTemplate, "bos_token") ? bos : "";
  size_t next = 0;
  if (has(chatTemplate, "Cutting Knowledge Date")) {
    // Always a system message. The template prints today's date where it can and this one where it cannot; the latter
    // gives the same tokens every day.
    std::string date = "26 Jul 2024";
    if (size_t at = chatTemplate.find("date_string = \""); at != std::string::npos) {
      size_t begin = at + 15, end = chatTemplate.find('"', begin);
      if (end != std::string::npos && end - begin < 32)
        date = chatTemplate.substr(begin, end - begin);
    }
    text += header("system") + "Cutting Knowledge Date: December 2023\nToday Date: " + date + "\n\n";
    if (!messages.empty() && messages[0].role == "system")
      text += trimmed(messages[next++].content);
    text += "<|eot_id|>";
  }
  for (; next < messages.size(); ++next)
    text += header(messages[next].role) + trimmed(messages[next].content) + "<|eot_id|>";
  return text + header("assistant");
}
} // namespace

std::string formatChat(const std::string &chatTemplate, const std::string &bosText, const std::vector<ChatMessage> &messages) {
  // Texts are looked for in it again and again; templates have a few thousand bytes.
  if (constexpr size_t longest = 1 << 18; chatTemplate.size() > longest)
    throw Error("the model's chat template has " + std::to_string(chatTemplate.size()) + " bytes, needs at most " +
                std::to_string(longest));
  // SmolLM3 prints a system message that its template computes.
  bool computesSystem = has(chatTemplate, "## Metadata");
  if (has(chatTemplate, "<|im_start|>") && has(chatTemplate, "<|im_end|>") && !computesSystem)
    return formatChatMl(chatTemplate, bosText, messages);
  if (has(chatTemplate, "<|start_header_id|>") && has(chatTemplate, "<|eot_id|>"))
    return formatLlama3(chatTemplate, bosText, messages);
  throw Error("the model's chat template is of a family that is not known; supported are ChatML (<|im_start|>role ... "
              "<|im_end|>: SmolLM2, Qwen) and Llama 3 (<|start_header_id|>role<|end_header_id|> ... <|eot_id|>)",
              {"write the text in the model's own format and give it without the chat template"});
}

} // namespace tp
