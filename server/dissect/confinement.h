// Confinement: what a helper process may not do, made before it is forked and put on in the child.
//
// Apply makes only system calls on what Confinement has prepared, so it may run between fork and
// exec of a process with threads. In force for the child and all that it becomes: another user
// (when started as root), no new privileges, no sockets and no other processes (seccomp(2)), files
// only to read and only those of the system (landlock(7), where the kernel has it), limits of CPU
// time, memory and files (setrlimit(2)).
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace tapiary::server {

struct HelperLimits {
  std::int64_t cpu_s = 10;
  std::int64_t memory_bytes = std::int64_t{1} << 30;  // of address space
  std::int64_t time_ns = 15'000'000'000;              // from its start to its end
  std::size_t output_bytes = 4u << 20;                // as JSON in memory many times that
};

// What a helper of root may become. kPermission: there is no such user, or it is root.
base::Result<> CheckHelperUser(const std::string& user);

class Confinement {
 public:
  // `user` is whom a helper of root becomes; fails as CheckHelperUser. `program` may be read
  // wherever it is.
  static base::Result<Confinement> Make(const HelperLimits& limits, const std::string& user,
                                        const std::string& program);
  // In the child. nullptr, or what failed (errno says why): then it must not go on.
  [[nodiscard]] const char* Apply() const;
  // Without it, a helper of a collector that does not run as root can read what the collector can.
  [[nodiscard]] bool limits_files() const { return rules_.valid(); }

 private:
  struct Limit {
    __rlimit_resource resource;
    rlimit value;
  };
  std::vector<Limit> limits_;
  std::vector<sock_filter> program_;
  base::UniqueFd rules_;  // a Landlock rule set, when the kernel has that
  bool changes_user_ = false;
  uid_t user_ = 0;
  gid_t group_ = 0;
};

}  // namespace tapiary::server
