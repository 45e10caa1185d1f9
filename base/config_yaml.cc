// The YAML side and the printed forms of ConfigTable; the only file of base that knows yaml-cpp.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/config.h"
#include "base/file.h"
#include "base/text.h"

namespace tapiary::base {

namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

std::string LineOf(const YAML::Mark& mark) {
  return std::to_string(mark.line + 1);
}

// Finds what we refuse before a tree is built. A configuration needs no aliases, and they are how a
// small file becomes a huge tree.
class Guard : public YAML::EventHandler {
 public:
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { Check(mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { Check(mark, anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    Check(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Check(mark, anchor);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Check(mark, anchor);
  }
  void OnMapEnd() override {}

 private:
  void Check(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == 0 || !complaint_.empty()) return;
    complaint_ = LineOf(mark) + ": anchors and aliases (& and *) are not allowed here";
  }
  std::string complaint_;
};

struct Setting {
  std::vector<std::string> values;
  bool is_list = false;
  std::string line;
};
using Settings = std::map<std::string, Setting, std::less<>>;

// Turns nested maps into dotted keys. `is_group` tells whether some known key lies below a path.
template <class IsGroup>
Result<> Flatten(const YAML::Node& map, const std::string& prefix, const IsGroup& is_group,
                 Settings& out) {
  for (const auto& pair : map) {
    const YAML::Node key_node = pair.first;
    const YAML::Node value = pair.second;
    const std::string line = LineOf(key_node.Mark());
    const auto fail = [&](const std::string& text) {
      return MakeError(ErrorCode::kInvalid, line + ": " + text);
    };
    if (!key_node.IsScalar()) return fail("a key must be a word");
    const std::string key = prefix + key_node.Scalar();
    const std::string shown = EscapeBytes(key.substr(0, 80));
    if (is_group(key)) {
      if (value.IsNull()) continue;
      if (!value.IsMap()) return fail(shown + ": keys are expected below it, not a value");
      TAPIARY_TRY(Flatten(value, key + ".", is_group, out));
      continue;
    }
    Setting setting{{}, value.IsSequence(), line};
    if (value.IsNull()) return fail(shown + " has no value");
    if (value.IsScalar()) setting.values.push_back(value.Scalar());
    for (std::size_t i = 0; value.IsSequence() && i < value.size(); ++i) {
      if (!value[i].IsScalar()) return fail(shown + ": the parts of a list must be plain values");
      setting.values.push_back(value[i].Scalar());
    }
    const auto [place, is_new] = out.emplace(key, std::move(setting));
    if (!is_new) return fail(shown + " is set already in line " + place->second.line);
  }
  return {};
}

std::string YamlText(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7F) {
      out += "\\x" + ToHex(AsBytes(std::string_view(&c, 1)));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

// yaml-cpp throws on bad input and limits the depth itself; all of it stays in here.
Result<> ConfigTable::LoadFile(const std::string& path) {
  const auto fail = [&](const std::string& text) {
    return MakeError(ErrorCode::kInvalid, path + ":" + text);
  };
  const auto text = ReadFile(path, kMaxFileBytes);
  if (!text) return MakeError(ErrorCode::kInvalid, "--config: " + text.error().message);
  if (!IsValidUtf8(*text)) return fail(" is not UTF-8 text");
  Settings settings;
  try {
    Guard guard;
    std::istringstream stream(*text);
    YAML::Parser parser(stream);
    (void)parser.HandleNextDocument(guard);
    if (!guard.complaint().empty()) return fail(guard.complaint());
    const std::vector<YAML::Node> documents = YAML::LoadAll(*text);
    if (documents.size() > 1) return fail(" holds more than one YAML document");
    const YAML::Node root = documents.empty() ? YAML::Node() : documents.front();
    if (root.IsScalar() || root.IsSequence()) return fail("1: keys and values are expected");
    const auto is_group = [this](const std::string& key) {
      return std::any_of(rows_.begin(), rows_.end(),
                         [&](const Row& row) { return row.key.starts_with(key + "."); });
    };
    if (root.IsMap()) {
      const Result<> flat = Flatten(root, "", is_group, settings);
      if (!flat) return fail(flat.error().message);
    }
  } catch (const YAML::Exception& error) {
    return fail(LineOf(error.mark) + ": " + EscapeBytes(error.msg));
  }
  for (const auto& [key, setting] : settings) {
    const std::string where = path + ":" + setting.line;
    const Row* row = Find(key);
    if (row != nullptr && row->is_list != setting.is_list) {
      return fail(setting.line + ": " + key + (row->is_list ? " must be a list" : " is no list"));
    }
    TAPIARY_TRY(Set(key, setting.values, where));
  }
  return {};
}

std::string ConfigTable::Help() const {
  std::string out = "Usage: " + program_ + " [--config FILE] [--KEY VALUE]...\n\n" + summary_ +
                    "\n\nOptions\n"
                    "  --config FILE\n      read options from a YAML file first\n"
                    "  --check-config\n      check file and options, then end\n"
                    "  --dump-config\n      print all options as YAML, then end\n"
                    "  --help, --version\n      print this, or the version, then end\n";
  std::string_view last_group;
  for (const Row& row : rows_) {
    const std::size_t dot = row.key.find('.');
    const std::string_view group =
        std::string_view(row.key).substr(0, dot == row.key.npos ? 0 : dot);
    if (group != last_group) out += "\n" + std::string(group) + "\n";
    last_group = group;
    out +=
        "  --" + row.key + (row.type == "flag" ? "" : " " + row.type) + "\n      " + row.sentence;
    out += " (" + row.bounds + (row.bounds.empty() ? "" : ", ");
    out += row.default_text.empty() ? "no default)\n" : "default " + row.default_text + ")\n";
  }
  for (const auto& [command, sentence] : examples_) {
    out += (&command == &examples_.front().first ? "\nExamples\n  " : "  ");
    out += command + "\n      " + sentence + "\n";
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
    out +=
        indent + "# " + row.sentence + (row.bounds.empty() ? "" : " (" + row.bounds + ")") + "\n";
    out += indent + row.key.substr(start) + ":";
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
