// The YAML side and the printed forms of ConfigTable; the only file of base that knows yaml-cpp.
#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

#include "base/config.h"
#include "base/file.h"
#include "base/text.h"

namespace tapiary::base {

namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

std::string LineOf(const YAML::Mark& mark) {
  return std::to_string(mark.line + 1);
}

using Lines = std::map<std::string, std::string>;  // where a key was set

// Hands every dotted key of nested maps to `set` (key, node). `is_group` tells whether some known
// key lies below a path; nothing else is entered.
template <class IsGroup, class SetKey>
Result<> Walk(const YAML::Node& map, const std::string& prefix, const IsGroup& is_group,
              const SetKey& set, Lines& lines) {
  for (const auto& pair : map) {
    const YAML::Node value = pair.second;
    const std::string line = LineOf(pair.first.Mark());
    const auto fail = [&](const std::string& text) {
      return MakeError(ErrorCode::kInvalid, fmt::format("{}: {}", line, text));
    };
    if (!pair.first.IsScalar()) return fail("a key must be a word");
    const std::string key = prefix + pair.first.Scalar();
    const std::string shown = EscapeBytes(key.substr(0, 80));
    const auto [earlier, is_new] = lines.emplace(key, line);
    if (!is_new) return fail(shown + " is set already in line " + earlier->second);
    if (!is_group(key)) {
      TAPIARY_TRY(set(key, value, line));
    } else if (value.IsMap()) {
      TAPIARY_TRY(Walk(value, key + ".", is_group, set, lines));
    } else if (!value.IsNull()) {
      return fail(shown + ": keys are expected below it, not a value");
    }
  }
  return {};
}

// The values of a scalar, or of a list of scalars.
Result<std::vector<std::string>> ValuesOf(const YAML::Node& node, bool want_list) {
  const auto fail = [](const char* text) { return MakeError(ErrorCode::kInvalid, text); };
  if (node.IsScalar() && !want_list) return std::vector{node.Scalar()};
  if (!node.IsSequence() || !want_list) return fail(want_list ? "must be a list" : "needs a value");
  std::vector<std::string> values;
  for (const auto& part : node) {
    if (!part.IsScalar()) return fail("the parts of a list must be plain values");
    values.push_back(part.Scalar());
  }
  return values;
}

std::string YamlText(const std::string& text) {
  std::string out = "\"";
  for (const char& c : text) {
    const bool escape = c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    out += escape ? "\\x" + ToHex(AsBytes({&c, 1})) : std::string(1, c);
  }
  return out + "\"";
}

}  // namespace

// yaml-cpp throws on bad input and limits the depth itself; all of it stays in here. Aliases are
// shared, not copied, and only known keys are followed, so that no file can grow or loop.
Result<> ConfigTable::LoadFile(const std::string& path) {
  const auto fail = [&](const std::string& text) {
    return MakeError(ErrorCode::kInvalid, path + ":" + text);
  };
  const auto is_group = [this](const std::string& key) {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const Row& row) { return row.key.starts_with(key + "."); });
  };
  const auto set = [&](const std::string& key, const YAML::Node& node, const std::string& line) {
    const Row* row = Find(key);
    if (row == nullptr) return Set(key, {}, line);
    const auto values = ValuesOf(node, row->is_list);
    return values ? Set(key, *values, line)
                  : Result<>(values.error().WithContext(line + ": " + key));
  };
  const auto text = ReadFile(path, kMaxFileBytes);
  if (!text) return MakeError(ErrorCode::kInvalid, "--config: " + text.error().message);
  if (!IsValidUtf8(*text)) return fail(" is not UTF-8 text");
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(*text);
    if (documents.size() > 1) return fail(" holds more than one YAML document");
    if (documents.empty() || documents.front().IsNull()) return {};
    if (!documents.front().IsMap()) return fail("1: keys and values are expected");
    Lines lines;
    const Result<> walked = Walk(documents.front(), "", is_group, set, lines);
    return walked ? walked : fail(walked.error().message);
  } catch (const YAML::Exception& error) {
    return fail(LineOf(error.mark) + ": " + EscapeBytes(error.msg));
  }
}

std::string ConfigTable::Help() const {
  std::string out = "Usage: " + program_ + " [--config FILE] [--KEY VALUE]...\n\n" + summary_ +
                    "\n\nOptions\n"
                    "  --config FILE\n      read options from a YAML file first\n"
                    "  --check-config\n      check file and options, then end\n"
                    "  --dump-config\n      print all options as YAML, then end\n"
                    "  --help, --version\n      print this, or the version, then end\n";
  std::string last_group;
  for (const Row& row : rows_) {
    std::string group = row.key.substr(0, row.key.find('.') + 1);  // no dot: npos + 1 is 0
    if (group != last_group) out += fmt::format("\n{}\n", group.substr(0, group.size() - 1));
    last_group = std::move(group);
    const std::string type = row.type == "flag" ? "" : " " + row.type;
    std::string bounds = row.is_list ? "repeat for more" : row.bounds;
    if (!bounds.empty()) bounds += ", ";
    const std::string init =
        row.default_text.empty() ? "no default" : "default " + row.default_text;
    out += fmt::format("  --{}{}\n      {} ({}{})\n", row.key, type, row.sentence, bounds, init);
  }
  for (const auto& [command, sentence] : examples_) {
    out += &command == &examples_.front().first ? "\nExamples\n" : "";
    out += fmt::format("  {}\n      {}\n", command, sentence);
  }
  return out;
}

std::string ConfigTable::Dump() const {
  std::string out;
  std::string open;  // the group that the last key was in, with its dots
  for (const Row& row : rows_) {
    std::string indent;
    std::size_t start = 0;
    for (std::size_t dot = 0; (dot = row.key.find('.', start)) != row.key.npos; start = dot + 1) {
      if (!open.starts_with(row.key.substr(0, dot + 1))) {
        open = row.key.substr(0, dot + 1);
        out += indent + row.key.substr(start, dot - start) + ":\n";
      }
      indent += "  ";
    }
    open = row.key.substr(0, start);
    const std::string bounds = row.bounds.empty() ? "" : " (" + row.bounds + ")";
    out += fmt::format("{0}# {1}{2}\n{0}{3}:", indent, row.sentence, bounds, row.key.substr(start));
    const bool plain = row.type != "text" && !row.is_list;
    std::string value;
    for (const std::string& part : row.get()) {
      value += (value.empty() ? "" : ", ") + (plain ? part : YamlText(part));
    }
    out += row.is_list ? " [" + value + "]\n" : " " + value + "\n";
  }
  return out;
}

}  // namespace tapiary::base
