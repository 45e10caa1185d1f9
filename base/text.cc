#include "base/text.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

namespace tapiary::base {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;  // bytes; 0 means that no valid UTF-8 starts here
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint DecodeUtf8(Bytes bytes) {
  if (bytes.empty()) return {};
  const std::uint8_t first = bytes[0];
  if (first < 0x80) return {first, 1};
  std::size_t size = 0;
  if (first >= 0xC2 && first <= 0xDF) size = 2;
  if (first >= 0xE0 && first <= 0xEF) size = 3;
  if (first >= 0xF0 && first <= 0xF4) size = 4;
  if (size == 0 || bytes.size() < size) return {};
  char32_t value = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((bytes[i] & 0xC0) != 0x80) return {};
    value = (value << 6) | (bytes[i] & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
    return {};
  return {value, size};
}

// What a terminal or browser would act upon instead of showing it.
bool IsDangerous(char32_t c) {
  if (c < 0x20 || c == '\\' || (c >= 0x7F && c <= 0x9F)) return true;
  if (c == 0x061C || c == 0x200E || c == 0x200F) return true;  // marks of direction
  return (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte of two hex digits at `text`, or -1.
int HexByte(std::string_view text) {
  if (text.size() < 2) return -1;
  const int high = HexValue(text[0]);
  const int low = HexValue(text[1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void AppendHex(std::string& out, std::uint8_t byte) {
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 0x0F];
}

Error NotA(std::string_view what, std::string_view text, std::string_view hint) {
  return MakeError(ErrorCode::kInvalid, "not a " + std::string(what) + ": '" +
                                            EscapeBytes(text.substr(0, 40)) + "' (" +
                                            std::string(hint) + ")");
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

const Unit* FindUnit(std::span<const Unit> units, std::string_view name) {
  std::string lower;
  for (const char c : name.substr(0, 8)) lower += Lower(c);
  for (const Unit& unit : units) {
    if (unit.name == lower) return &unit;
  }
  return nullptr;
}

// "12.5 mib" with the units given; nothing for bad syntax, an unknown unit or overflow.
std::optional<std::int64_t> ParseQuantity(std::string_view text, std::span<const Unit> units) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::size_t at = 0;
  std::int64_t whole = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    if (whole > (kMax - 9) / 10) return std::nullopt;
    whole = whole * 10 + (text[at] - '0');
  }
  if (at == 0) return std::nullopt;
  double fraction = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t start = ++at;
    double scale = 0.1;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      fraction += (text[at] - '0') * scale;
    }
    if (at == start) return std::nullopt;
  }
  if (at < text.size() && text[at] == ' ') ++at;
  const Unit* unit = FindUnit(units, text.substr(at));
  if (unit == nullptr) return std::nullopt;
  const std::int64_t part = std::llround(fraction * static_cast<double>(unit->factor));
  if (whole > (kMax - part) / unit->factor) return std::nullopt;
  return whole * unit->factor + part;
}

constexpr std::int64_t kKi = 1024;
constexpr std::array kSizeUnits = {Unit{"", 1},
                                   Unit{"b", 1},
                                   Unit{"k", kKi},
                                   Unit{"kib", kKi},
                                   Unit{"m", kKi* kKi},
                                   Unit{"mib", kKi* kKi},
                                   Unit{"g", kKi* kKi* kKi},
                                   Unit{"gib", kKi* kKi* kKi},
                                   Unit{"t", kKi* kKi* kKi* kKi},
                                   Unit{"tib", kKi* kKi* kKi* kKi},
                                   Unit{"kb", 1'000},
                                   Unit{"mb", 1'000'000},
                                   Unit{"gb", 1'000'000'000},
                                   Unit{"tb", 1'000'000'000'000}};
constexpr std::array kDurationUnits = {Unit{"ns", 1},
                                       Unit{"us", 1'000},
                                       Unit{"ms", 1'000'000},
                                       Unit{"s", 1'000'000'000},
                                       Unit{"m", 60'000'000'000},
                                       Unit{"h", 3'600'000'000'000},
                                       Unit{"d", 86'400'000'000'000}};

}  // namespace

std::string EscapeBytes(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint point = DecodeUtf8(bytes);
    const std::size_t size = point.size == 0 ? 1 : point.size;
    const bool escape = point.size == 0 || IsDangerous(point.value);
    for (const std::uint8_t byte : bytes.first(size)) {
      if (escape) {
        out += "\\x";
        AppendHex(out, byte);
      } else {
        out += static_cast<char>(byte);
      }
    }
    bytes = bytes.subspan(size);
  }
  return out;
}

std::string EscapeBytes(std::string_view bytes) {
  return EscapeBytes(AsBytes(bytes));
}

Result<std::string> UnescapeBytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.front() != '\\') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const int byte = text.starts_with("\\x") ? HexByte(text.substr(2)) : -1;
    if (byte < 0) return NotA("escaped text", text, "a backslash must start \\xNN");
    out += static_cast<char>(byte);
    text.remove_prefix(4);
  }
  return out;
}

bool IsValidUtf8(std::string_view text) {
  Bytes bytes = AsBytes(text);
  while (!bytes.empty()) {
    const CodePoint point = DecodeUtf8(bytes);
    if (point.size == 0) return false;
    bytes = bytes.subspan(point.size);
  }
  return true;
}

std::string ToHex(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) AppendHex(out, byte);
  return out;
}

Result<std::vector<std::uint8_t>> FromHex(std::string_view text) {
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int byte = HexByte(text.substr(i));
    if (byte < 0) return NotA("hexadecimal text", text, "pairs of 0-9a-f expected");
    out.push_back(static_cast<std::uint8_t>(byte));
  }
  return out;
}

std::string ToBase64(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t size = bytes.size() < 3 ? bytes.size() : 3;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = (group << 8) | (i < size ? bytes[i] : 0u);
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= size ? kBase64Digits[(group >> (18 - 6 * i)) & 63] : '=';
    }
    bytes = bytes.subspan(size);
  }
  return out;
}

Result<std::vector<std::uint8_t>> FromBase64(std::string_view text) {
  constexpr std::string_view kHint = "padded base64 of RFC 4648 expected";
  if (text.size() % 4 != 0) return NotA("base64 text", text, kHint);
  const std::string_view digits = text.substr(0, text.size() - (text.ends_with("==")  ? 2
                                                                : text.ends_with('=') ? 1
                                                                                      : 0));
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : digits) {
    const std::size_t value = kBase64Digits.find(c);
    if (value == std::string_view::npos) return NotA("base64 text", text, kHint);
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> count));
      bits &= (1u << count) - 1;
    }
  }
  // Left-over bits must be zero, or two texts would mean the same bytes.
  if (bits != 0) return NotA("base64 text", text, kHint);
  return out;
}

Result<std::int64_t> ParseSize(std::string_view text) {
  if (const auto size = ParseQuantity(text, kSizeUnits)) return *size;
  return NotA("size", text, "for example 64KiB, 10GiB, 500MB or 1024");
}

Result<std::int64_t> ParseDuration(std::string_view text) {
  if (const auto duration = ParseQuantity(text, kDurationUnits)) return *duration;
  return NotA("duration", text, "a number with ns, us, ms, s, m, h or d, for example 1.5s");
}

std::string FormatSize(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array kNames = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be shown as 1024.0.
  while (value >= 1023.95 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f %s", value, kNames[unit]);
  return buffer;
}

}  // namespace tapiary::base
