#include "server/ingest/json_string.h"

#include <fmt/core.h>

#include <cstdint>

namespace tapiary::server {
namespace {

base::Error Bad(std::size_t offset, std::string_view what) {
  return base::MakeError(base::ErrorCode::kInvalid, fmt::format("{} at offset {}", what, offset));
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6)), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {  // a lone surrogate too: its bytes are no UTF-8 and get escaped
    put(0xe0 | (code >> 12)), put(0x80 | ((code >> 6) & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18)), put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f)), put(0x80 | (code & 0x3f));
  }
}

// The four digits at `at`, or -1.
int Hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, 4)) {
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Reads a string from behind its opening quote; *at is then behind the closing one.
class StringReader {
 public:
  StringReader(std::string_view text, std::size_t* at) : text_(text), at_(*at) {}

  base::Result<std::string> Read() {
    std::string out;
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
      } else if (!Escape(out)) {
        return Bad(at_ - 1, "a wrong escape");
      }
    }
    return Bad(begin, "a string that does not end");
  }

 private:
  bool Escape(std::string& out) {
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = kNames.find(c); i != std::string_view::npos) {
      out += kValues[i];
      return true;
    }
    return c == 'u' && Unicode(out);
  }

  bool Unicode(std::string& out) {
    const int high = Hex4(text_, at_);
    if (high < 0) return false;
    at_ += 4;
    auto code = static_cast<std::uint32_t>(high);
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      const int low = Hex4(text_, at_ + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<std::uint32_t>(low) - 0xdc00);
        at_ += 6;
      }
    }
    AppendUtf8(code, out);
    return true;
  }

  std::string_view text_;
  std::size_t& at_;
};

}  // namespace

base::Result<std::string> ReadJsonString(std::string_view text, std::size_t* at) {
  return StringReader(text, at).Read();
}

}  // namespace tapiary::server
