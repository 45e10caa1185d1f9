// Named network namespaces of a testbed: make, mark, enter, clear, delete.
//
// Ownership is told by the namespace: the alias "tapiary:TESTBED" of its loopback. One that holds
// nothing but an unmarked, downed loopback and no process is what kill -9 leaves between creation
// and mark. Run as root.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::ovs {

enum class NamespaceOwner { kAbsent, kOurs, kUnfinished, kForeign };

// Names below /run/netns.
std::vector<std::string> ListNamespaces();
NamespaceOwner OwnerOf(const std::string& name, std::string_view testbed);
base::Result<> MakeNamespace(const std::string& name, std::string_view testbed);
// Success when it is absent. Links inside go with it.
base::Result<> DeleteNamespace(const std::string& name);

// Runs `body` with the calling thread inside the namespace. Do not start threads in it.
base::Result<> InNamespace(const std::string& name, const std::function<base::Result<>()>& body);

std::vector<pid_t> ProcessesIn(const std::string& name);
// SIGTERM, and after 2 s SIGKILL, to all processes of the namespace but ourselves. kTimeout when
// one is still there after 5 s.
base::Result<> EndProcessesIn(const std::string& name);

// True when `address` ("10.0.0.1", without prefix length) accepts a TCP connection from inside the
// namespace within 500 ms. From inside it goes over loopback: the probe is never on the wire.
bool AcceptsTcp(const std::string& name, const std::string& address, std::uint16_t port);

}  // namespace tapiary::ovs
