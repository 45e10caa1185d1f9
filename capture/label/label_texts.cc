#include "capture/label/label_texts.h"

#include <algorithm>

#include "base/text.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxSshLine = 255;  // RFC 4253, CR LF included
constexpr std::size_t kMaxDnsName = 255;
constexpr std::uint16_t kTypeOpt = 41;

// Takes the text up to `end` and what ends it; nothing when it is not there.
std::optional<std::string_view> TakeUntil(std::string_view& text, std::string_view end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return taken;
}

// RFC 9110 token characters; upper case alone would miss what scanners send.
bool IsToken(std::string_view text) {
  static constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || kOther.find(c) != std::string_view::npos;
  });
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool SameName(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return Lower(a) == b; });
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void ReadHeaderFields(std::string_view head, LabelTexts& texts) {
  while (const auto line = TakeUntil(head, "\n")) {
    std::string_view value = *line;
    if (Trim(value).empty()) return;  // the body follows
    const auto name = TakeUntil(value, ":");
    if (!name) continue;
    if (SameName(*name, "host")) AddLabel(texts, "http.host", Trim(value));
    if (SameName(*name, "user-agent")) AddLabel(texts, "http.user_agent", Trim(value));
  }
}

// The name of the question, or nothing for compression, bytes that no host name has, or its end
// missing.
std::optional<std::string> ReadDnsName(base::ByteCursor& cursor) {
  std::string name;
  for (;;) {
    const std::size_t size = cursor.U8();
    if (cursor.failed() || size > 63) return std::nullopt;
    if (size == 0) return name;
    const std::string_view label = base::AsText(cursor.Take(size));
    const bool plain = std::all_of(label.begin(), label.end(),
                                   [](char c) { return c > ' ' && c < 0x7f && c != '.'; });
    if (cursor.failed() || !plain) return std::nullopt;
    if (!name.empty()) name += '.';
    name += label;
    if (name.size() > kMaxDnsName) return std::nullopt;
  }
}

// One additional record may follow a question: EDNS (RFC 6891 section 6.1.2).
bool IsEdns(base::ByteCursor& cursor) {
  const bool root = cursor.U8() == 0;
  const bool opt = cursor.U16Be() == kTypeOpt;
  cursor.Skip(6);  // payload size, extended code, flags
  cursor.Skip(cursor.U16Be());
  return root && opt && !cursor.failed();
}

}  // namespace

void AddLabel(LabelTexts& texts, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  const bool known = std::any_of(texts.begin(), texts.end(),
                                 [key](const auto& entry) { return entry.first == key; });
  if (!known) texts.emplace_back(key, text.substr(0, kMaxLabelBytes));
}

void ReadHttpRequest(base::Bytes payload, LabelTexts& texts) {
  std::string_view head = base::AsText(payload);
  const auto method = TakeUntil(head, " ");
  if (!method || method->size() > kMaxMethod || !IsToken(*method)) return;
  // The line may be longer than the packet: the target then counts as far as it goes.
  const auto line = TakeUntil(head, "\n");
  const std::string_view rest = line ? *line : head;
  const std::size_t end = rest.find(" HTTP/");
  if (line && end == std::string_view::npos) return;
  AddLabel(texts, "http.method", *method);
  AddLabel(texts, "http.uri", rest.substr(0, end));
  if (line) ReadHeaderFields(head, texts);
}

void ReadSshVersion(base::Bytes payload, bool from_client, LabelTexts& texts) {
  std::string_view text = base::AsText(payload);
  // A server may send other lines first; each ends in a line feed.
  while (!text.starts_with("SSH-")) {
    if (from_client || !TakeUntil(text, "\n")) return;
  }
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end >= kMaxSshLine) return;
  AddLabel(texts, from_client ? "ssh.client" : "ssh.server", Trim(text.substr(0, end)));
}

std::optional<std::string> DnsQueryName(base::Bytes message) {
  base::ByteCursor cursor(message);
  cursor.Skip(2);  // id
  const std::uint16_t flags = cursor.U16Be();
  const std::uint16_t questions = cursor.U16Be();
  const std::uint32_t records = cursor.U32Be();  // answers and authorities
  const std::uint16_t additional = cursor.U16Be();
  // A standard query: QR, opcode and the reserved bit are 0.
  if (cursor.failed() || (flags & 0xf840) != 0 || questions != 1 || records != 0) return {};
  auto name = ReadDnsName(cursor);
  const std::uint16_t type = cursor.U16Be();
  const std::uint16_t query_class = cursor.U16Be() & 0x7fff;  // the top bit is mDNS's
  const bool known_class = query_class == 1 || query_class == 3 || query_class == 4;
  if (cursor.failed() || type == 0 || (!known_class && query_class != 255)) return {};
  if (additional > 1 || (additional == 1 && !IsEdns(cursor))) return {};
  if (cursor.failed() || cursor.remaining() != 0) return {};
  return name;
}

}  // namespace tapiary::capture
