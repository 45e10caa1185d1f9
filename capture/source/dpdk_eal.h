// DpdkEal: DPDK's environment (EAL), started once a process, and its words.
//
// Started on a thread of its own, because EAL binds the thread that starts it to CPUs. What EAL
// and drivers say goes to our log: their errors as warnings (whether a port works is said by its
// source), their warnings as information, the rest for debugging. Shared by all ports: the last
// one that goes ends it. Part of tapiary_dpdk.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/source/dpdk_args.h"

namespace tapiary::capture {

class DpdkEal {
 public:
  // kConflict when it runs or ran already in this process.
  static base::Result<std::shared_ptr<DpdkEal>> Start(const DpdkPlan& plan);
  ~DpdkEal();
  DpdkEal(const DpdkEal&) = delete;
  DpdkEal& operator=(const DpdkEal&) = delete;

  // What was said about a port while DPDK looked for it; empty: nothing.
  [[nodiscard]] static std::string WordsAbout(const DpdkPort& port);
  // How many errors were said until now, and the first since so many; empty: none.
  [[nodiscard]] static std::size_t WordsSaid();
  [[nodiscard]] static std::string WordsSince(std::size_t said);
  // Makes the calling thread one that DPDK knows, so that it has a cache of buffers; done once a
  // thread and undone at its end.
  static void EnterThread();

 private:
  explicit DpdkEal(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

  std::vector<std::string> arguments_;  // EAL keeps pointers into them
  std::vector<char*> argv_;
  std::string folder_;
};

}  // namespace tapiary::capture
