#include "capture/json_writer.h"

#include <charconv>
#include <chrono>

#include "base/clock.h"
#include "base/text.h"
#include "capture/packet.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxDigits = 20;  // of 64 bits, the sign included

// ASCII that goes between the quotes as it is. What EscapeBytes would change is not.
constexpr bool IsPlain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

bool IsPlain(std::string_view text) {
  bool plain = true;
  for (const char c : text) plain &= IsPlain(c);
  return plain;
}

// For valid UTF-8 without control characters, as EscapeBytes leaves it: two characters remain to
// escape.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  if (IsPlain(text)) {
    out += text;
  } else {
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
}

template <class T>
void AppendNumber(std::string& out, T value) {
  char digits[kMaxDigits];
  const auto end = std::to_chars(digits, digits + kMaxDigits, value).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

// `size` digits of `value` at `at`, zeros in front.
char* PutDigits(char* at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = size; i > 0; --i, value /= 10)
    at[i - 1] = static_cast<char>('0' + value % 10);
  return at + size;
}

// As base::FormatTime, which asks the C library for each: four digits hold every year of 64 bits.
void AppendTime(std::string& out, std::int64_t time_ns) {
  using Nanoseconds = std::chrono::duration<std::int64_t, std::nano>;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(Nanoseconds(time_ns));
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day day{std::chrono::sys_days(days)};
  const auto of_day = static_cast<std::uint64_t>((seconds - days).count());
  std::int64_t nanos = time_ns % base::kNanosPerSecond;
  if (nanos < 0) nanos += base::kNanosPerSecond;
  char text[] = "\"0000-00-00T00:00:00.000000000Z\"";
  PutDigits(text + 1, 4, static_cast<std::uint64_t>(static_cast<int>(day.year())));
  PutDigits(text + 6, 2, static_cast<unsigned>(day.month()));
  PutDigits(text + 9, 2, static_cast<unsigned>(day.day()));
  PutDigits(text + 12, 2, of_day / 3600);
  PutDigits(text + 15, 2, of_day / 60 % 60);
  PutDigits(text + 18, 2, of_day % 60);
  PutDigits(text + 21, 9, static_cast<std::uint64_t>(nanos));
  out.append(text, sizeof text - 1);
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
  if (IsPlain(bytes)) {
    Quote(bytes);
  } else {
    AppendQuoted(out_, base::EscapeBytes(bytes));
  }
}

void JsonWriter::Plain(std::string_view ascii) {
  Value();
  Quote(ascii);
}

void JsonWriter::Quote(std::string_view ascii) {
  out_ += '"';
  out_ += ascii;
  out_ += '"';
}

void JsonWriter::Number(std::uint64_t value) {
  Value();
  AppendNumber(out_, value);
}

void JsonWriter::Signed(std::int64_t value) {
  Value();
  AppendNumber(out_, value);
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
  AppendTime(out_, time_ns);
}

void JsonWriter::Seconds(std::int64_t nanoseconds) {
  Value();
  const bool negative = nanoseconds < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(nanoseconds)
                                      : static_cast<std::uint64_t>(nanoseconds);
  if (negative) out_ += '-';
  AppendNumber(out_, size / base::kNanosPerSecond);
  char fraction[] = ".000000000";
  PutDigits(fraction + 1, 9, size % base::kNanosPerSecond);
  out_.append(fraction, sizeof fraction - 1);
}

}  // namespace tapiary::capture
