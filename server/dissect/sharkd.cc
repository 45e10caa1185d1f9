#include "server/dissect/sharkd.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr int kMaxNesting = 300;  // of brackets, before anything is parsed
constexpr int kMaxDepth = 60;     // of the tree that is handed on
constexpr std::size_t kMaxNodes = 20'000;
constexpr std::size_t kMaxText = 2'000;
constexpr std::size_t kMaxSources = 20;
constexpr std::uint64_t kMaxSourceBytes = 4u << 20;

constexpr int kLoad = 1;
constexpr int kQuestion = 2;

// Brackets within brackets outside of strings.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxNesting) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

const Json& At(const Json& object, const char* key) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

std::string Text(const Json& value) {
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  return base::EscapeBytes(std::string_view(text).substr(0, kMaxText));
}

base::Error Corrupt(std::string what) {
  return base::MakeError(base::ErrorCode::kCorrupt, "sharkd: " + std::move(what));
}

// [start, length] within a source of packet bytes, or null.
Ordered Range(const Json& pair) {
  if (!pair.is_array() || pair.size() != 2) return {};
  if (!pair[0].is_number_unsigned() || !pair[1].is_number_unsigned()) return {};
  const auto start = pair[0].get<std::uint64_t>();
  const auto size = pair[1].get<std::uint64_t>();
  if (size == 0 || start > kMaxSourceBytes || size > kMaxSourceBytes) return {};
  return Ordered::array({start, size});
}

class TreeReader {
 public:
  Ordered Nodes(const Json& list, int depth) {
    Ordered out = Ordered::array();
    if (!list.is_array() || depth > kMaxDepth) return out;
    for (const Json& node : list) {
      if (!node.is_object()) continue;
      if (++nodes_ > kMaxNodes) break;
      out.push_back(Node(node, depth));
    }
    return out;
  }
  [[nodiscard]] bool cut() const { return nodes_ > kMaxNodes; }

 private:
  Ordered Node(const Json& node, int depth) {
    Ordered out = {{"label", Text(At(node, "l"))}};
    if (const Json& filter = At(node, "f"); filter.is_string()) out["filter"] = Text(filter);
    if (Ordered range = Range(At(node, "h")); !range.is_null()) out["range"] = std::move(range);
    if (const Json& source = At(node, "ds"); source.is_number_unsigned()) {
      const auto index = source.get<std::uint64_t>();
      if (index > 0 && index < kMaxSources) out["source"] = index;
    }
    if (const Json& severity = At(node, "s"); severity.is_string()) {
      out["severity"] = Text(severity);
    }
    if (At(node, "g").is_boolean()) out["generated"] = At(node, "g");
    if (Ordered children = Nodes(At(node, "n"), depth + 1); !children.empty()) {
      out["children"] = std::move(children);
    }
    return out;
  }

  std::size_t nodes_ = 0;
};

// Bytes besides the packet's own: what was reassembled, or decompressed.
Ordered Sources(const Json& list) {
  Ordered out = Ordered::array();
  if (!list.is_array()) return out;
  std::uint64_t total = 0;
  for (const Json& source : list) {
    if (out.size() >= kMaxSources) break;
    const Json& coded = At(source, "bytes");
    Ordered item = {{"name", Text(At(source, "name"))}, {"bytes", ""}};
    if (coded.is_string()) {
      const auto bytes = base::FromBase64(coded.get_ref<const std::string&>());
      if (bytes && (total += bytes->size()) <= kMaxSourceBytes) item["bytes"] = base::ToHex(*bytes);
    }
    out.push_back(std::move(item));
  }
  return out;
}

std::string Line(int id, const char* method, Json params) {
  const Json line = {
      {"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
  return line.dump() + "\n";
}

// The result with this id among the lines.
base::Result<> SharkdResult(std::string_view lines, int id, Json* result) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (TooDeep(line)) return Corrupt("an answer nested too deep");
    const Json answer = Json::parse(line, nullptr, false);
    if (!answer.is_object() || At(answer, "id") != Json(id)) continue;
    if (const Json& error = At(answer, "error"); !error.is_null()) {
      return Corrupt(Text(At(error, "message")));
    }
    *result = At(answer, "result");
    if (!result->is_null()) return {};
  }
  return Corrupt("no answer");
}

}  // namespace

base::Result<std::vector<PacketLine>> ReadPacketLines(std::string_view answer) {
  Json result;
  TAPIARY_TRY(SharkdResult(answer, kQuestion, &result));
  // As "gui.column.format" is by default: number, time, source, destination, protocol, length,
  // info.
  constexpr std::size_t kSource = 2, kDestination = 3, kProtocol = 4, kInfo = 6;
  std::vector<PacketLine> lines;
  if (!result.is_array()) return lines;
  for (const Json& row : result) {
    const Json& columns = At(row, "c");
    const Json& number = At(row, "num");
    if (!columns.is_array() || columns.size() <= kInfo || !number.is_number_unsigned()) continue;
    if (number.get<std::uint64_t>() > UINT32_MAX) continue;
    lines.push_back({static_cast<std::uint32_t>(number.get<std::uint64_t>()),
                     Text(columns[kSource]), Text(columns[kDestination]), Text(columns[kProtocol]),
                     Text(columns[kInfo])});
  }
  return lines;
}

base::Result<std::string> ReadPacketTree(std::string_view answer) {
  Json result;
  TAPIARY_TRY(SharkdResult(answer, kQuestion, &result));
  TreeReader reader;
  Ordered out;
  out["tree"] = reader.Nodes(At(result, "tree"), 0);
  out["tree_cut"] = reader.cut();
  out["sources"] = Sources(At(result, "ds"));
  return out.dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

// How many helpers run.
class Sharkd::Places {
 public:
  explicit Places(int most) : free_(most) {}
  bool Take() {
    const std::lock_guard lock(mutex_);
    if (free_ <= 0) return false;
    --free_;
    return true;
  }
  void GiveBack() {
    const std::lock_guard lock(mutex_);
    ++free_;
  }

 private:
  std::mutex mutex_;
  int free_;  // guarded by mutex_
};

Sharkd::Sharkd(DissectOptions options)
    : options_(std::move(options)), places_(std::make_unique<Places>(options_.at_once)) {}

Sharkd::~Sharkd() = default;

base::Result<std::string> Sharkd::Ask(const base::UniqueFd& file, std::string_view question) {
  if (!places_->Take()) {
    return base::MakeError(
        base::ErrorCode::kUnavailable,
        fmt::format("{} packets are being dissected already: try again", options_.at_once));
  }
  HelperCommand command;
  command.program = options_.program;
  command.arguments = {"-"};
  command.input = Line(kLoad, "load", {{"file", kHelperFile}});
  command.input += question;
  command.file = &file;
  command.user = options_.user;
  command.limits = options_.limits;
  auto answer = RunHelper(command);
  places_->GiveBack();
  if (!answer) return answer.error().WithContext("sharkd");
  Json loaded;
  TAPIARY_TRY(SharkdResult(*answer, kLoad, &loaded));
  return answer;
}

base::Result<std::vector<PacketLine>> Sharkd::List(const base::UniqueFd& file, std::uint32_t skip,
                                                   std::uint32_t count) {
  Json params = {{"limit", count}};
  if (skip > 0) params["skip"] = skip;
  TAPIARY_ASSIGN(const std::string answer, Ask(file, Line(kQuestion, "frames", params)));
  return ReadPacketLines(answer);
}

base::Result<std::string> Sharkd::Tree(const base::UniqueFd& file, std::uint32_t number) {
  const Json params = {{"frame", number}, {"proto", true}, {"bytes", true}};
  TAPIARY_ASSIGN(const std::string answer, Ask(file, Line(kQuestion, "frame", params)));
  return ReadPacketTree(answer);
}

}  // namespace tapiary::server
