#include "server/http/router.h"

#include <algorithm>
#include <set>

namespace tapiary::server {
namespace {

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const std::size_t at = path.find('/');
    parts.emplace_back(path.substr(0, at));
    if (at == std::string_view::npos) return parts;
    path.remove_prefix(at + 1);
  }
}

bool IsParameter(const std::string& part) {
  return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

bool Matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](const std::string& want, const std::string& got) {
                      return IsParameter(want) ? !got.empty() : want == got;
                    });
}

std::map<std::string, std::string> Parameters(const std::vector<std::string>& pattern,
                                              const std::vector<std::string>& path) {
  std::map<std::string, std::string> values;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (IsParameter(pattern[i])) values[pattern[i].substr(1, pattern[i].size() - 2)] = path[i];
  }
  return values;
}

std::string Join(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Router::Router(std::vector<Route> routes) {
  for (Route& route : routes) {
    std::vector<std::string> parts = Split(route.pattern);
    entries_.push_back({std::move(route), std::move(parts)});
  }
  // Fixed paths first, so that /segments/latest is not taken for /segments/{id}.
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::count_if(a.parts.begin(), a.parts.end(), IsParameter) <
           std::count_if(b.parts.begin(), b.parts.end(), IsParameter);
  });
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const std::vector<std::string> parts = Split(path);
  std::set<std::string> allowed;
  for (const Entry& entry : entries_) {
    if (!Matches(entry.parts, parts)) continue;
    const std::string& has = entry.route.method;
    if (has == method || (has == "GET" && method == "HEAD")) {
      match.route = &entry.route;
      match.params = Parameters(entry.parts, parts);
      return match;
    }
    allowed.insert(has);
    if (has == "GET") allowed.insert("HEAD");
  }
  match.allowed = Join(allowed);
  return match;
}

}  // namespace tapiary::server
