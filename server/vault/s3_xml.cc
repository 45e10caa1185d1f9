#include "server/vault/s3_xml.h"

#include <array>
#include <utility>

namespace tapiary::server {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
    {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};

// Sets `rest` behind the element.
bool Take(std::string_view* rest, std::string_view name, std::string_view* content) {
  const std::string open = "<" + std::string(name) + ">";
  const std::string close = "</" + std::string(name) + ">";
  const std::size_t begin = rest->find(open);
  if (begin == std::string_view::npos) return false;
  const std::size_t end = rest->find(close, begin + open.size());
  if (end == std::string_view::npos) return false;
  *content = rest->substr(begin + open.size(), end - begin - open.size());
  *rest = rest->substr(end + close.size());
  return true;
}

}  // namespace

std::string_view XmlElement(std::string_view xml, std::string_view name) {
  std::string_view content;
  return Take(&xml, name, &content) ? content : std::string_view();
}

std::vector<std::string_view> XmlElements(std::string_view xml, std::string_view name,
                                          std::size_t max) {
  std::vector<std::string_view> all;
  std::string_view content;
  while (all.size() < max && Take(&xml, name, &content)) all.push_back(content);
  return all;
}

std::string XmlText(std::string_view content) {
  std::string out;
  while (!content.empty()) {
    std::size_t size = 1;
    char c = content.front();
    for (const auto& [entity, character] : kEntities) {
      if (!content.starts_with(entity)) continue;
      size = entity.size();
      c = character;
      break;
    }
    out += c;
    content.remove_prefix(size);
  }
  return out;
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    std::string_view written(&c, 1);
    for (const auto& [entity, character] : kEntities) {
      if (c == character) written = entity;
    }
    out += written;
  }
  return out;
}

std::string S3ErrorCode(std::string_view xml) {
  if (xml.find("<Error") == std::string_view::npos) return {};
  std::string code;
  for (const char c : XmlElement(xml, "Code").substr(0, 60)) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) code += c;
  }
  return code;
}

}  // namespace tapiary::server
