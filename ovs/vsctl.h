// ovs-vsctl: the only way in which Tapiary reads or changes Open vSwitch's database.
//
// Commands are argument vectors, answers are JSON, every call is bounded in time, and each change
// is one transaction. A call that ran out of time has an unknown outcome (field fault OV-07): Write
// says so with kTimeout, and the caller reads the state again before it judges. Not thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::ovs {

// One column of a row. OVSDB's atoms (string, integer, real, boolean, UUID) are kept as text.
struct Value {
  std::vector<std::string> items;          // a set, or the one atom
  std::map<std::string, std::string> map;  // a map
  // The only item, or "".
  [[nodiscard]] std::string text() const { return items.size() == 1 ? items[0] : std::string(); }
};

struct DbRow {
  std::map<std::string, Value> columns;
  // The column, or an empty value when this version of Open vSwitch has none of that name.
  [[nodiscard]] const Value& at(const std::string& column) const;
};

// One command of a transaction: options and words, without the "--" between commands.
using VsctlCommand = std::vector<std::string>;

struct VsctlOptions {
  std::string program = "ovs-vsctl";
  std::chrono::milliseconds timeout{10'000};        // of a read or write; whole seconds
  std::chrono::milliseconds reread_timeout{3'000};  // of a read after a write that timed out
  std::chrono::milliseconds kill_after{500};        // when ovs-vsctl ignores its own time limit
};

class Vsctl {
 public:
  explicit Vsctl(VsctlOptions options = {}) : options_(std::move(options)) {}

  // All rows of the tables, read in one transaction: a consistent view. kUnavailable when the
  // database does not answer, kCorrupt when the answer is not what OVSDB prints.
  base::Result<std::vector<std::vector<DbRow>>> ReadTables(const std::vector<std::string>& tables,
                                                           bool after_timeout = false) const;

  // One transaction; waits until ovs-vswitchd has taken it over. kTimeout: unknown outcome.
  // kUnavailable: no database. kIo: refused, nothing was changed.
  base::Result<> Write(const std::vector<VsctlCommand>& commands) const;

 private:
  base::Result<std::string> Run(std::vector<std::string> words,
                                std::chrono::milliseconds timeout) const;
  VsctlOptions options_;
};

// Parses what `ovs-vsctl --format=json list TABLE` prints, one document per line. Exposed for
// tests.
base::Result<std::vector<std::vector<DbRow>>> ParseTables(std::string_view text);

}  // namespace tapiary::ovs
