// A testbed from its file: bridges, hosts in network namespaces, capture ports, mirrors.
//
// Nothing about what exists is kept in files: rows in Open vSwitch, links and namespaces carry the
// testbed's name themselves. So `Down` removes all of it after kill -9 at any point of `Up`, after
// the file was changed, and when called twice. The state folder holds only logs and process ids,
// for people. Needs root. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ovs/testbed_file.h"
#include "ovs/vsctl.h"

namespace tapiary::ovs {

enum class ItemState { kUp, kAbsent, kForeign, kWrong };
std::string_view ToString(ItemState state);

struct TestbedItem {
  std::string kind;  // bridge, host, capture, mirror
  std::string name;
  ItemState state = ItemState::kAbsent;
  std::string detail;
};

class Testbed {
 public:
  // `state_folder`: of all testbeds, such as /run/tapiary/testbed.
  Testbed(TestbedSpec spec, Vsctl vsctl, std::string state_folder);

  // Makes it and waits until every host is ready. When it is up already nothing is done; what is
  // left of an unfinished one is removed first; on failure what was made is removed again.
  // kConflict when somebody else's bridge, link or namespace has a name that the file uses.
  base::Result<> Up();
  // Removes what carries the testbed's mark, and ends the programs in its namespaces. Absent is
  // success. Does as much as it can, then gives the first error.
  base::Result<> Down();
  // One item per bridge, host, capture port and mirror of the file.
  base::Result<std::vector<TestbedItem>> Status() const;

 private:
  base::Result<> Preflight() const;
  base::Result<> Build();
  base::Result<> BuildBridges();
  base::Result<> BuildHost(const HostSpec& host);
  base::Result<> BuildCapture(const CaptureSpec& capture);
  base::Result<> BuildPorts();
  base::Result<> StartHost(const HostSpec& host);
  base::Result<> WaitReady(const HostSpec& host, const std::vector<pid_t>& pids) const;
  [[nodiscard]] std::string LogPath(const HostSpec& host) const;
  [[nodiscard]] std::string LogTail(const HostSpec& host) const;

  base::Result<> RemoveRows() const;
  base::Result<> RemoveLinks() const;
  base::Result<> RemoveNamespaces() const;
  [[nodiscard]] std::vector<std::string> OurNamespaces() const;

  TestbedSpec spec_;
  Vsctl vsctl_;
  std::string folder_;  // of this testbed's logs
};

}  // namespace tapiary::ovs
