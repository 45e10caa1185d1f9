// The YAML file of a testbed: bridges, hosts, capture ports and mirrors. Values only; nothing is
// touched here. Format: docs/formats/testbed.md, example: scripts/demo/testbed.yaml.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ovs/mirror.h"

namespace tapiary::ovs {

enum class Datapath { kAuto, kKernel, kUserspace };

struct BridgeSpec {
  std::string name;
  Datapath datapath = Datapath::kAuto;
};

// A host is a network namespace with one interface and the programs that run in it.
struct HostSpec {
  std::string name;
  std::string network_namespace;  // default: TESTBED-NAME
  std::string bridge;
  std::string port;                                // on the bridge; default: the host's name
  std::string interface = "eth0";                  // inside the namespace
  std::vector<std::string> addresses;              // with prefix length: "10.66.0.20/24"
  std::string mac;                                 // "" lets the kernel choose
  int mtu = 1500;                                  // bytes
  std::optional<int> vlan;                         // access VLAN of the port
  std::vector<std::vector<std::string>> commands;  // argument vectors, run in the file's folder
  std::optional<std::uint16_t> ready_port;         // ready when it accepts TCP connections
  std::chrono::milliseconds ready_within{15'000};
};

// A veth pair: `port` is the switch's end, `name` the end that the sensor captures from.
struct CaptureSpec {
  std::string name;
  std::string port;
};

struct TestbedSpec {
  std::string name;    // marks everything that is made
  std::string folder;  // of the file
  std::vector<BridgeSpec> bridges;
  std::vector<HostSpec> hosts;
  std::vector<CaptureSpec> captures;
  MirrorSet mirrors;
};

// Errors begin with "path:line: ". Unknown keys, wrong types, bad names, repeated names and
// references to nothing are kInvalid.
base::Result<TestbedSpec> ReadTestbedFile(const std::string& path);
// `path` for messages; `folder` becomes TestbedSpec::folder.
base::Result<TestbedSpec> ParseTestbed(std::string_view text, const std::string& path,
                                       const std::string& folder);

}  // namespace tapiary::ovs
