#include "server/ingest/event_text.h"

#include <fmt/core.h>

#include "base/text.h"
#include "server/ingest/event_services.h"
#include "server/ingest/json_string.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxEventBytes = 256u << 10;
constexpr std::size_t kMaxEscapedBytes = 1u << 20;  // a byte may become five characters
constexpr std::string_view kSpace = " \t\r\n";

base::Error Bad(std::size_t offset, std::string_view what) {
  return base::MakeError(base::ErrorCode::kInvalid, fmt::format("{} at offset {}", what, offset));
}

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

std::string WhyUnread(const JsonTree& tree) {
  if (tree.too_large().empty()) return "not valid JSON";
  return fmt::format("a number that no 64-bit floating point holds: {}", tree.too_large());
}

EventText ReadEvent(std::string_view text, const EventMappings* mappings, JsonTree& tree) {
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
  if (!tree.Parse(*escaped)) return {"", WhyUnread(tree), text, {}};
  if (!tree.root().is_object()) return {"", "not a JSON object", text, {}};
  EventFields fields = RecogniseObject(tree.root(), mappings);
  return {std::move(*escaped), "", text, std::move(fields)};
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
  EventText Read(std::string_view text) { return ReadEvent(text, mappings_, tree_); }
  std::vector<EventText> records;

 private:
  std::size_t max_events_;
  const EventMappings* mappings_;
  JsonTree tree_;  // of one record after the other
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
      TAPIARY_ASSIGN(const std::string bytes, ReadJsonString(text, &at));
      AppendQuoted(base::EscapeBytes(bytes), out);
      continue;
    }
    if ((c == '{' || c == '[') && ++depth > kMaxJsonDepth) return Bad(at - 1, "nested too deeply");
    if (c == '}' || c == ']') --depth;
    out += c == '\t' || c == '\r' || c == '\n' ? ' ' : c;
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
