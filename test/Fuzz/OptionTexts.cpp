// What is written on command lines and in manifests: meshes, layouts, wishes, lists of numbers. One kind a line's first word;
// what is accepted prints as a text that is accepted again.
#include "FuzzTarget.h"

#include "tp/Support/Options.h"
#include "tp/Support/ShardWish.h"

#include <cstdlib>
#include <optional>

FUZZ_TARGET(OptionTexts) {
  size_t space = std::min(input.find(' '), input.size());
  std::string_view kind = input.substr(0, space), text = input.substr(std::min(space + 1, input.size()));
  const Mesh mesh = Mesh::parse("dp=2,tp=8,one=1");
  auto use = [&](const Layout &layout) {
    if (Layout::parse(layout.str()).str() != layout.str())
      std::abort();
    std::vector<int64_t> shape(layout.dims.size(), 64);
    if (problemWith(layout, shape, mesh).empty())
      shardOf(shape, layout, mesh, mesh.size() - 1);
  };
  if (kind == "mesh") {
    Mesh parsed = Mesh::parse(text);
    if (!(Mesh::parse(parsed.str()) == parsed))
      std::abort();
    if (parsed.size() > 0)
      parsed.rankOf(parsed.coordinates(parsed.size() - 1));
  } else if (kind == "layout") {
    use(Layout::parse(text));
  } else if (kind == "shard") {
    ShardWish wish = ShardWish::parse(text);
    wish.matches("model.layers.0.self_attn.q_proj.weight");
    use(wish.layout);
  } else if (kind == "ints") {
    parseInts(text);
  } else if (kind == "file") {
    splitNameValue(text);
  } else {
    int64_t number = 0;
    double real = 0;
    bool flag = false;
    std::string choice;
    std::optional<int64_t> optional;
    Options options("tool", "does nothing");
    options.add("--number", "N", number, "a number", {.least = 1, .most = 100})
        .add("--real", "X", real, "a number")
        .addFlag("--flag", flag, "a flag")
        .addChoice("--choice", {"a", "b"}, choice, "a choice")
        .add("--optional", "N", optional, "a number");
    std::vector<std::string> words;
    for (size_t begin = 0; begin <= input.size();) {
      size_t end = std::min(input.find(' ', begin), input.size());
      if (std::string word(input.substr(begin, end - begin)); !word.starts_with("--help") && word != "-h")
        words.push_back(std::move(word));
      begin = end + 1;
    }
    options.parse(words);
  }
}
