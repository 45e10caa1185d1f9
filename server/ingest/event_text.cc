#include "server/ingest/event_text.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "server/ingest/event_services.h"

namespace tapiary::server {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxEventBytes = 256u << 10;
constexpr std::size_t kMaxEscapedBytes = 1u << 20;  // a byte may become five characters
constexpr std::string_view kSpace = " \t\r\n";

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

void AppendQuoted(std::string_view escaped, std::string& out) {
  out += '"';
  for (const char c : escaped) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// Behind an opening quote: the size up to and with the closing one, when nothing before it has to
// be escaped; else 0.
std::size_t PlainString(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] < 0x20 || text[i] >= 0x7f || text[i] == '\\') return 0;
  }
  return 0;
}

// Behind the string whose opening quote is at `at`, or the end of the text.
std::size_t SkipString(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

EventText ReadEvent(std::string_view text, const EventMappings* mappings) {
  if (text.size() > kMaxEventBytes) {
    return {"", fmt::format("larger than {} bytes", kMaxEventBytes), text, {}};
  }
  auto escaped = EscapeJsonStrings(text);
  if (!escaped) return {"", escaped.error().message, text, {}};
  if (escaped->size() > kMaxEscapedBytes) {
    return {"",
            fmt::format("larger than {} bytes with its strings escaped", kMaxEscapedBytes),
            text,
            {}};
  }
  // The parser takes a NUL for the end, and whatever is behind it for nothing.
  if (escaped->find('\0') != std::string::npos) return {"", "not valid JSON", text, {}};
  const auto json = nlohmann::json::parse(*escaped, nullptr, false);
  if (json.is_discarded()) return {"", "not valid JSON", text, {}};
  if (!json.is_object()) return {"", "not a JSON object", text, {}};
  return {std::move(*escaped), "", text, RecogniseObject(json, mappings)};
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Collects records up to the limit.
class Records {
 public:
  Records(std::size_t max_events, const EventMappings* mappings)
      : max_events_(max_events), mappings_(mappings) {}
  base::Result<> Add(std::string_view text) {
    if (records.size() == max_events_) {
      return base::MakeError(
          base::ErrorCode::kTooLarge,
          fmt::format("more than {} events in a request; split it", max_events_));
    }
    records.push_back(Read(text));
    return {};
  }
  [[nodiscard]] EventText Read(std::string_view text) const { return ReadEvent(text, mappings_); }
  std::vector<EventText> records;

 private:
  std::size_t max_events_;
  const EventMappings* mappings_;
};

base::Result<> SplitLines(std::string_view text, Records& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    if (!line.empty()) TAPIARY_TRY(out.Add(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

// `text` begins with '['. Cuts at the commas of its own level; what is between them is looked at
// later, each alone.
base::Result<> SplitArray(std::string_view text, Records& out) {
  int depth = 0;
  std::size_t begin = 1;
  std::size_t at = 1;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    const bool last = depth == 0 && c == ']';
    if (last || (depth == 0 && c == ',')) {
      const std::string_view element = Trim(text.substr(begin, at - begin));
      const bool empty_array = last && element.empty() && out.records.empty();
      if (!empty_array) TAPIARY_TRY(out.Add(element));
      begin = at + 1;
    }
    if (last) {
      if (Trim(text.substr(at + 1)).empty()) return {};
      return Bad(at + 1, "something behind the array");
    }
    if ((c == '}' || c == ']') && depth > 0) --depth;
    ++at;
  }
  return Bad(text.size(), "the array does not end");
}

}  // namespace

base::Result<std::string> EscapeJsonStrings(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c == '"') {
      if (const std::size_t plain = PlainString(text.substr(at)); plain != 0) {
        out += text.substr(at - 1, plain + 1);
        at += plain;
        continue;
      }
      TAPIARY_ASSIGN(const std::string bytes, StringReader(text, &at).Read());
      AppendQuoted(base::EscapeBytes(bytes), out);
      continue;
    }
    if ((c == '{' || c == '[') && ++depth > kMaxDepth) return Bad(at - 1, "nested too deeply");
    if (c == '}' || c == ']') --depth;
    out += kSpace.find(c) != std::string_view::npos ? ' ' : c;
  }
  return out;
}

base::Result<std::vector<EventText>> SplitEvents(std::string_view body, std::size_t max_events,
                                                 const EventMappings* mappings) {
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  const std::string_view text = Trim(body);
  if (text.empty()) return base::MakeError(base::ErrorCode::kInvalid, "the body is empty");
  Records records(max_events, mappings);
  if (text[0] == '[') {
    TAPIARY_TRY(SplitArray(text, records));
    return std::move(records.records);
  }
  // One object may be printed over several lines; lines of their own are not one object.
  const std::size_t line = text.find('\n');
  const bool several = text.size() <= kMaxEventBytes && line != std::string_view::npos;
  if (several && !records.Read(Trim(text.substr(0, line))).reason.empty()) {
    if (EventText whole = records.Read(text); whole.reason.empty()) {
      records.records.push_back(std::move(whole));
      return std::move(records.records);
    }
  }
  TAPIARY_TRY(SplitLines(text, records));
  return std::move(records.records);
}

}  // namespace tapiary::server
