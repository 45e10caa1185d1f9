// The configuration of a program: one table, from which file, command line, help and reference
// come.
//
//   struct Config { std::string path = "/var/lib/x"; std::int64_t max = 0; };
//   ConfigTable table("tapiary-sensor", "Records ... (one sentence)");
//   table.Add("spool.path", &config.path, "folder of the spool");
//   table.AddSize("spool.max", &config.max, "10GiB", "1MiB", "1TiB", "largest size on disk");
//   auto action = table.Parse(argc, argv);   // --config FILE, then --key value in order
//
// Keys are dotted; in YAML they nest ("spool:\n  path: ..."). A key that is not in the table is an
// error with file and line. Lists are YAML sequences, or --key given several times. Every program
// gets
// --config, --check-config, --dump-config, --help and --version. Parsed once, then const.
// Not thread-safe: use it in main before threads start.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tapiary::base {

enum class ConfigAction {
  kRun,   // go on
  kDone,  // --help, --version, --check-config or --dump-config was answered: exit 0
};

class ConfigTable {
 public:
  ConfigTable(std::string program, std::string summary);

  // The target's present value is the default. Targets must outlive the table.
  void Add(std::string key, std::string* target, std::string sentence);
  void Add(std::string key, bool* target, std::string sentence);
  void Add(std::string key, std::vector<std::string>* target, std::string sentence);
  void AddInt(std::string key, std::int64_t* target, std::int64_t min, std::int64_t max,
              std::string sentence);
  // Sizes in bytes ("64MiB") and durations in nanoseconds ("60s"); the bounds are texts of that
  // kind.
  void AddSize(std::string key, std::int64_t* target, std::string_view default_value,
               std::string_view min, std::string_view max, std::string sentence);
  void AddDuration(std::string key, std::int64_t* target, std::string_view default_value,
                   std::string_view min, std::string_view max, std::string sentence);
  // Examples shown at the end of --help.
  void AddExample(std::string command, std::string sentence);

  // Errors are kInvalid and name file, line and key, or the option: exit 2.
  using Check = std::function<Result<>()>;  // what concerns several keys, once all are set
  Result<ConfigAction> Parse(int argc, const char* const* argv, const Check& whole = {});

  // Both are also what --help and --dump-config print. The dump is YAML that Parse reads back.
  [[nodiscard]] std::string Help() const;
  [[nodiscard]] std::string Dump() const;

 private:
  struct Row {
    std::string key;
    std::string type;  // text, flag, list, number, size, duration
    std::string bounds;
    std::string sentence;
    std::string default_text;
    bool is_list = false;
    std::function<Result<>(const std::vector<std::string>&)> set;
    std::function<std::vector<std::string>()> get;
  };
  void AddRow(Row row);
  void AddBounded(std::string key, const char* type, std::int64_t* target, std::string_view min,
                  std::string_view max, std::string sentence);
  [[nodiscard]] const Row* Find(std::string_view key) const;
  Result<> Set(std::string_view key, const std::vector<std::string>& values,
               std::string_view where);
  Result<std::pair<std::string, std::string>> TakeOption(const std::vector<std::string>& arguments,
                                                         std::size_t& at);
  Result<> LoadFile(const std::string& path);

  std::string program_;
  std::string summary_;
  std::vector<Row> rows_;
  std::vector<std::pair<std::string, std::string>> examples_;
};

}  // namespace tapiary::base
