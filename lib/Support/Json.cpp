// Parsing with places in the errors, and a limit on nesting that holds before anything is built. A key that an object has
// twice is refused: readers do not agree on which of the two counts.
#include "tp/Support/Json.h"

#include "tp/Support/MappedFile.h"

#include <algorithm>
#include <type_traits>
#include <unordered_set>
#include <utility>

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

// Builds a document as the parser comes upon its parts. The library's own builder calls a function for each part to ask whether
// it is wanted, which takes longer than all the rest; and it does not see a key that comes again.
template <typename Document> class Builder {
public:
  explicit Builder(const std::vector<std::string_view> &without) : without(without) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(typename Document::number_integer_t value) { return add(value); }
  bool number_unsigned(typename Document::number_unsigned_t value) { return add(value); }
  bool number_float(typename Document::number_float_t value, const std::string &) { return add(value); }
  bool string(std::string &value) { return add(value); }
  bool binary(typename Document::binary_t &) { return false; } // only of binary formats
  bool start_object(size_t) { return open(Document::value_t::object); }
  bool start_array(size_t) { return open(Document::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string &name) {
    if (skipped > 0)
      return true;
    Open &object = path.back();
    member = &memberOf(object, name);
    skips = std::find(without.begin(), without.end(), name) != without.end();
    return true;
  }
  template <typename Exception> bool parse_error(size_t, const std::string &, const Exception &error) { throw error; }

  Document root;
  /// Says which key came again first; empty if none did.
  std::string repeated;

private:
  struct Open {
    Document *value;
    /// Of an object with many keys; of few the list itself is as quick.
    std::unordered_set<std::string> keys = {};
  };

  Document &memberOf(Open &object, const std::string &name) {
    auto &members = value(object);
    bool isNew;
    Document *found;
    if constexpr (std::is_same_v<Document, SortedJson>) {
      auto [place, inserted] = members.emplace(name, nullptr);
      isNew = inserted;
      found = &place->second;
    } else {
      constexpr size_t few = 16;
      if (members.size() < few) {
        isNew = std::none_of(members.begin(), members.end(), [&](const auto &each) { return each.first == name; });
      } else {
        if (object.keys.empty())
          for (const auto &each : members)
            object.keys.insert(each.first);
        isNew = object.keys.insert(name).second;
      }
      // Past the map's own look for an equal key, which has been done.
      members.Document::object_t::Container::emplace_back(name, nullptr);
      found = &members.back().second;
    }
    if (!isNew && repeated.empty())
      repeated = "\"" + name + "\" appears twice in one object";
    return *found;
  }
  static typename Document::object_t &value(Open &object) {
    return *object.value->template get_ptr<typename Document::object_t *>();
  }

  /// Where the next value goes.
  Document &place() {
    if (path.empty())
      return root;
    if (path.back().value->is_object())
      return *member;
    auto &elements = *path.back().value->template get_ptr<typename Document::array_t *>();
    return elements.emplace_back();
  }
  template <typename Value> bool add(const Value &value) {
    skips = false;
    if (skipped == 0)
      place() = value;
    return true;
  }
  bool open(typename Document::value_t kind) {
    if (skipped > 0) {
      ++skipped;
      return true;
    }
    Document &opened = place();
    opened = kind;
    if (std::exchange(skips, false))
      skipped = 1;
    else
      path.push_back({&opened});
    return true;
  }
  bool close() {
    if (skipped > 0)
      --skipped;
    else
      path.pop_back();
    return true;
  }

  const std::vector<std::string_view> &without;
  /// What is open, from the root on. Nothing is added to a value while another inside it is open, so none of them moves.
  std::vector<Open> path;
  Document *member = nullptr;
  /// The next value is that of a key whose contents are not wanted; how many lists and objects are open inside such a value, itself
  /// among them.
  bool skips = false;
  int64_t skipped = 0;
};

template <typename Document>
Document parse(std::string_view text, const std::string &what, const std::vector<std::string_view> &without) {
  checkDepth(text, what);
  try {
    Builder<Document> builder(without);
    Document::sax_parse(text.begin(), text.end(), &builder);
    if (!builder.repeated.empty())
      throw Error(what + ": " + builder.repeated);
    return std::move(builder.root);
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

Json parseJson(std::string_view text, const std::string &what, const std::vector<std::string_view> &without) {
  return parse<Json>(text, what, without);
}
SortedJson parseSortedJson(std::string_view text, const std::string &what) { return parse<SortedJson>(text, what, {}); }

Json readJson(const std::string &path) {
  MappedFile file(path);
  return parseJson(file.text(), path);
}

std::string printJson(const Json &json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

} // namespace tp
