// JSON, in both document types: what is read can be printed, and reads as the same again.
#include "FuzzTarget.h"

#include "tp/Support/Json.h"

#include <cstdlib>

FUZZ_TARGET(Json) {
  Json json = parseJson(input, "x.json");
  SortedJson sorted = parseSortedJson(input, "x.json");
  std::string text = printJson(json, -1);
  if (printJson(parseJson(text, "printed"), -1) != text)
    std::abort();
  try {
    intsAt(sorted, "a", "x.json");
    numberAt(sorted, "b", "x.json");
    boolAt(sorted, "c", "x.json", false);
  } catch (const Error &) {
    // of another kind
  }
}
