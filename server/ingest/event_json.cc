#include "server/ingest/event_json.h"

#include <algorithm>
#include <charconv>

#include "server/query/value.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxFieldBytes = 8192;
constexpr int kMaxSteps = 16;

const EventJson* Step(const EventJson& from, std::string_view name) {
  if (from.is_object()) return from.Find(name);
  if (!from.is_array()) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc{} || end != name.data() + name.size()) return nullptr;
  return from.At(index);
}

}  // namespace

const EventJson* FindPath(const EventJson& event, std::string_view path) {
  const EventJson* at = &event;
  for (int step = 0; step < kMaxSteps && at != nullptr; ++step) {
    if (const EventJson* whole = Step(*at, path)) return whole->is_null() ? nullptr : whole;
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) return nullptr;
    at = Step(*at, path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

const EventJson* FindFirst(const EventJson& event, EventPaths paths) {
  for (const std::string_view path : paths) {
    if (const EventJson* found = FindPath(event, path)) return found;
  }
  return nullptr;
}

std::string CutText(std::string text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  const std::size_t escape = text.rfind('\\', end == 0 ? 0 : end - 1);
  if (escape != std::string::npos && escape + 4 > end) end = std::min(end, escape);
  text.resize(end);
  return text;
}

std::optional<std::string> ScalarText(const EventJson* value) {
  if (value == nullptr || value->is_structured() || value->is_null()) return std::nullopt;
  return CutText(std::string(value->text()), kMaxFieldBytes);
}

std::optional<std::string> FindText(const EventJson& event, EventPaths paths) {
  for (const std::string_view path : paths) {
    if (auto text = ScalarText(FindPath(event, path))) return text;
  }
  return std::nullopt;
}

std::optional<std::string> JoinedText(const EventJson* value) {
  if (value == nullptr || !value->is_array() || value->size() == 0) return std::nullopt;
  TextJoiner texts;
  for (const EventJson& element : *value) {
    if (const auto text = ScalarText(&element)) texts.Add(*text);
  }
  return texts.Take();
}

void TextJoiner::Add(std::string_view text) {
  if (text_.size() > kMaxFieldBytes) return;
  if (!text_.empty()) text_ += "; ";
  text_ += text;
}

std::string TextJoiner::Take() {
  return CutText(std::move(text_), kMaxFieldBytes);
}

capture::IpAddress ToEventAddress(const std::optional<std::string>& text) {
  if (!text) return {};
  const auto address = capture::ParseIpAddress(*text);
  return address ? FromAddressKey(ToAddressKey(*address)) : capture::IpAddress{};
}

std::optional<std::uint16_t> ToEventPort(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::uint16_t port = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, port);
  if (error != std::errc{} || stop != end || text->empty()) return std::nullopt;
  return port;
}

}  // namespace tapiary::server
