#include <algorithm>
#include <array>

#include "server/query/complete.h"

namespace tapiary::server {
namespace {

struct Known {
  std::string_view field;
  std::string_view values;  // separated by one space
};

// Only what our own programs write: the wire's names are free.
constexpr std::array kKnown = {
    Known{"flow.end_reason", "end idle active evicted shutdown"},
    Known{"ot.status", "ok exception no-reply unsolicited"},
    Known{"event.dataset", "cowrie conpot opencanary dionaea generic"},
    Known{"event.outcome", "success failure"},
    Known{"http.method", "GET POST HEAD PUT DELETE OPTIONS CONNECT"},
    Known{"ip.proto", "1 6 17 58 132"},
    Known{"eth.type", "0x0800 0x0806 0x86dd 0x88b8 0x88ba 0x8892 0x88a4 0x88cc"},
};

void AddWords(std::string_view words, std::vector<std::string_view>* out) {
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    out->push_back(words.substr(0, space));
    words.remove_prefix(std::min(space + 1, words.size()));
  }
}

}  // namespace

std::vector<std::string_view> KnownValues(const FilterField& field) {
  std::vector<std::string_view> values;
  if (field.type == FieldType::kFlag) return {"true", "false"};
  for (const Known& known : kKnown) {
    if (known.field == field.name) AddWords(known.values, &values);
  }
  if (field.name != "service") return values;
  // The flags that abbreviate a service name them all.
  constexpr std::string_view kMeans = "service == \"";
  for (const FilterField& flag : FilterFields()) {
    if (!flag.means.starts_with(kMeans)) continue;
    values.push_back(flag.means.substr(kMeans.size(), flag.means.size() - kMeans.size() - 1));
  }
  return values;
}

}  // namespace tapiary::server
