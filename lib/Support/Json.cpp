// Parsing with places in the errors, and a limit on nesting that holds before anything is built. A key that an object has
// twice is refused: readers do not agree on which of the two counts.
#include "tp/Support/Json.h"

#include "tp/Support/MappedFile.h"

#include <unordered_set>

namespace tp {

namespace {
std::string placeOf(std::string_view text, size_t byte, const std::string &what) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i < byte && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return what + ":" + std::to_string(line) + ":" + std::to_string(column);
}

// Brackets outside strings. Wrong nesting is the parser's to find; this only bounds how deep it can get.
void checkDepth(std::string_view text, const std::string &what) {
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
    } else if (c == '"') {
      inString = true;
    } else if (c == '[' || c == '{') {
      if (++depth > jsonDepthLimit)
        throw Error(placeOf(text, i, what) + ": JSON is nested more than " + std::to_string(jsonDepthLimit) + " levels deep");
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

// Notes the keys of every object that is open, and keeps the first that comes again.
template <typename Document> class RepeatedKeys {
public:
  bool operator()(int, typename Document::parse_event_t event, Document &parsed) {
    using Event = typename Document::parse_event_t;
    if (event == Event::object_start)
      open.emplace_back();
    else if (event == Event::object_end)
      open.pop_back();
    else if (event == Event::key && repeated.empty())
      if (const std::string &key = parsed.template get_ref<const std::string &>(); !open.back().insert(key).second)
        repeated = "\"" + key + "\" appears twice in one object";
    return true;
  }
  std::string repeated;

private:
  std::vector<std::unordered_set<std::string>> open;
};

template <typename Document> Document parse(std::string_view text, const std::string &what) {
  checkDepth(text, what);
  try {
    RepeatedKeys<Document> keys;
    Document document = Document::parse(text.begin(), text.end(), std::ref(keys));
    if (!keys.repeated.empty())
      throw Error(what + ": " + keys.repeated);
    return document;
  } catch (const typename Document::parse_error &error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: <what we want>"
    std::string message = error.what();
    size_t column = message.find(", column ");
    size_t reason = message.find(": ", column == std::string::npos ? 0 : column);
    throw Error(placeOf(text, error.byte ? error.byte - 1 : 0, what) +
                ": not JSON: " + (reason == std::string::npos ? message : message.substr(reason + 2)));
  } catch (const typename Document::exception &error) {
    throw Error(what + ": not JSON: " + error.what());
  }
}
} // namespace

Json parseJson(std::string_view text, const std::string &what) { return parse<Json>(text, what); }
SortedJson parseSortedJson(std::string_view text, const std::string &what) { return parse<SortedJson>(text, what); }

Json readJson(const std::string &path) {
  MappedFile file(path);
  return parseJson(file.text(), path);
}

std::string printJson(const Json &json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

} // namespace tp
