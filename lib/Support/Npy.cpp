// The .npy header is a Python dict literal with three known keys: a reader for just that, and its writer.
#include "tp/Support/Npy.h"

#include "tp/Support/AtomicFile.h"
#include "tp/Support/Error.h"

#include <charconv>
#include <cstring>

namespace tp {

namespace {
struct TypeCode {
  std::string_view code;
  DType type;
};
constexpr TypeCode typeCodes[] = {{"<f4", DType::F32}, {"<f2", DType::F16}, {"<f8", DType::F64},
                                  {"<i4", DType::I32}, {"<i8", DType::I64}, {"<i2", DType::I16},
                                  {"|i1", DType::I8},  {"|u1", DType::U8},  {"|b1", DType::I1}};

struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
struct HeaderReader {
  const std::string &path;
  std::string_view text;
  size_t position = 0;

  [[noreturn]] void fail(const std::string &needed) const {
    throw Error("\"" + path + "\": bad .npy header: needed " + needed + " at character " + std::to_string(position + 1));
  }
  void skipSpace() {
    while (position < text.size() && std::isspace(static_cast<unsigned char>(text[position])))
      ++position;
  }
  bool accept(std::string_view token) {
    skipSpace();
    if (text.substr(position, token.size()) != token)
      return false;
    position += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token))
      fail("\"" + std::string(token) + "\"");
  }
  std::string quoted() {
    skipSpace();
    char quote = position < text.size() ? text[position] : ' ';
    if (quote != '\'' && quote != '"')
      fail("a quoted word");
    size_t end = text.find(quote, position + 1);
    if (end == std::string_view::npos)
      fail("a closing quote");
    std::string word(text.substr(position + 1, end - position - 1));
    position = end + 1;
    return word;
  }
  int64_t size() {
    skipSpace();
    int64_t value = 0;
    auto [rest, error] = std::from_chars(text.data() + position, text.data() + text.size(), value);
    if (error != std::errc() || value < 0)
      fail("a size");
    position = rest - text.data();
    accept("L"); // Python 2
    return value;
  }
  Header read() {
    Header header;
    bool sawDescr = false, sawOrder = false, sawShape = false;
    expect("{");
    while (!accept("}")) {
      std::string key = quoted();
      expect(":");
      if (key == "descr") {
        skipSpace();
        if (text.substr(position, 1) == "[")
          throw Error("\"" + path + "\" holds records with several fields; a plain array is needed");
        header.descr = quoted();
        sawDescr = true;
      } else if (key == "fortran_order") {
        header.fortranOrder = accept("True");
        if (!header.fortranOrder)
          expect("False");
        sawOrder = true;
      } else if (key == "shape") {
        expect("(");
        while (!accept(")")) {
          header.shape.push_back(size());
          if (!accept(",")) {
            expect(")");
            break;
          }
        }
        sawShape = true;
      } else {
        fail("one of the keys descr, fortran_order, shape, not \"" + key + "\"");
      }
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    if (!sawDescr || !sawOrder || !sawShape)
      fail("the keys descr, fortran_order and shape");
    return header;
  }
};

DType typeOf(const std::string &path, std::string descr) {
  if (descr.size() == 3 && descr[2] == '1') // one byte has no order
    descr[0] = '|';
  if (descr.size() == 3 && descr[0] == '=')
    descr[0] = '<';
  for (const TypeCode &code : typeCodes)
    if (code.code == descr)
      return code.type;
  if (!descr.empty() && descr[0] == '>')
    throw Error("\"" + path + "\" is big-endian (" + descr + "); save it as little-endian");
  throw Error("\"" + path + "\" has elements of type \"" + descr + "\"; supported are f2, f4, f8, i1, i2, i4, i8, u1 and bool");
}

std::string textOf(const std::vector<int64_t> &shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}
} // namespace

int64_t NpyFile::count() const {
  int64_t product = 1;
  for (int64_t size : shape)
    product *= size;
  return product;
}

NpyFile openNpy(const std::string &path) {
  MappedFile file(path);
  std::string_view text = file.text();
  if (text.substr(0, 6) != "\x93NUMPY")
    throw Error("\"" + path + "\" is no .npy file");
  int major = static_cast<unsigned char>(*file.bytes(6, 1));
  if (major < 1 || major > 3)
    throw Error("\"" + path + "\" has .npy version " + std::to_string(major) + "; supported are 1, 2 and 3");
  uint64_t start = major == 1 ? 10 : 12;
  uint32_t headerSize = 0;
  std::memcpy(&headerSize, file.bytes(8, start - 8), start - 8);
  Header header = HeaderReader{path, {file.bytes(start, headerSize), headerSize}}.read();
  DType type = typeOf(path, header.descr);
  if (header.fortranOrder)
    throw Error("\"" + path + "\" is in Fortran order; save numpy.ascontiguousarray(x) instead");
  int64_t bytes = bytesOf(type);
  bool overflow = false;
  for (int64_t size : header.shape)
    if (size != 0)
      overflow |= __builtin_mul_overflow(bytes, size, &bytes);
  for (int64_t size : header.shape)
    if (size == 0)
      bytes = 0;
  uint64_t there = file.size() - start - headerSize;
  if (overflow || static_cast<uint64_t>(bytes) != there)
    throw Error("\"" + path + "\": shape " + textOf(header.shape) + " of " + std::string(name(type)) + " needs " +
                (overflow ? "more than 2^63" : std::to_string(bytes)) + " bytes, the file has " + std::to_string(there) +
                " after its header");
  const char *elements = file.bytes(start + headerSize, there);
  return {type, std::move(header.shape), std::move(file), elements};
}

HostTensor readNpy(const std::string &path) {
  NpyFile file = openNpy(path);
  return fromBytes(file.type, file.shape, file.elements);
}

void writeNpy(const std::string &path, DType type, const std::vector<int64_t> &shape, const void *elements) {
  if (type == DType::BF16) {
    HostTensor wide = fromBytes(type, shape, elements);
    wide.type = DType::F32;
    return writeNpy(path, wide);
  }
  std::string descr;
  for (const TypeCode &code : typeCodes)
    if (code.type == type)
      descr = code.code;
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + textOf(shape) + ", }";
  size_t start = header.size() + 11 <= 0xffff ? 10 : 12;
  header.append(63 - (start + header.size()) % 64, ' '); // the elements begin at a multiple of 64
  header += '\n';
  std::string preamble = std::string("\x93NUMPY") + (start == 10 ? '\1' : '\2') + '\0';
  for (size_t i = 0; i < start - 8; ++i)
    preamble += static_cast<char>(header.size() >> 8 * i & 0xff);
  int64_t bytes = bytesOf(type);
  for (int64_t size : shape)
    bytes *= size;
  AtomicFile file(path);
  file.write(preamble);
  file.write(header);
  file.write(elements, static_cast<size_t>(bytes));
  file.commit();
}

void writeNpy(const std::string &path, const HostTensor &tensor) {
  if (tensor.type == DType::BF16) {
    HostTensor wide = tensor;
    wide.type = DType::F32;
    return writeNpy(path, wide);
  }
  std::vector<char> bytes = toBytes(tensor);
  writeNpy(path, tensor.type, tensor.shape, bytes.data());
}

} // namespace tp
