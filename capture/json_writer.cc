#include "capture/json_writer.h"

#include <fmt/format.h>

#include <iterator>

#include "base/clock.h"
#include "base/text.h"
#include "capture/packet.h"

namespace tapiary::capture {
namespace {

// EscapeBytes leaves valid UTF-8 without control characters: only two characters remain to escape.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

void JsonWriter::Value() {
  if (comma_) out_ += ',';
  comma_ = true;
}

void JsonWriter::Key(std::string_view key) {
  Value();
  AppendQuoted(out_, key);
  out_ += ':';
  comma_ = false;
}

void JsonWriter::Begin(char bracket) {
  Value();
  out_ += bracket;
  comma_ = false;
}

void JsonWriter::End(char bracket) {
  out_ += bracket;
  comma_ = true;
}

void JsonWriter::Text(std::string_view bytes) {
  Value();
  AppendQuoted(out_, base::EscapeBytes(bytes));
}

void JsonWriter::TextOrNull(std::string_view key, std::string_view bytes) {
  Key(key);
  if (bytes.empty()) {
    Null();
  } else {
    Text(bytes);
  }
}

void JsonWriter::Number(std::uint64_t value) {
  Value();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::Signed(std::int64_t value) {
  Value();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::Flag(bool value) {
  Value();
  out_ += value ? "true" : "false";
}

void JsonWriter::Null() {
  Value();
  out_ += "null";
}

void JsonWriter::Time(std::int64_t time_ns) {
  if (time_ns == kTimeUnknown) return Null();
  Value();
  AppendQuoted(out_, base::FormatTime(time_ns));
}

void JsonWriter::Seconds(std::int64_t nanoseconds) {
  Value();
  const bool negative = nanoseconds < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(nanoseconds)
                                      : static_cast<std::uint64_t>(nanoseconds);
  fmt::format_to(std::back_inserter(out_), "{}{}.{:09}", negative ? "-" : "",
                 size / base::kNanosPerSecond, size % base::kNanosPerSecond);
}

}  // namespace tapiary::capture
