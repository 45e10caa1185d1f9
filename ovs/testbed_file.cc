#include "ovs/testbed_file.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "ovs/mirror_check.h"
#include "ovs/name.h"
#include "ovs/yaml_fields.h"

namespace tapiary::ovs {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;
constexpr std::size_t kMaxTestbedName = 32;

base::Error Bad(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

// "10.66.0.20/24", "fd00::1/64".
base::Result<> CheckAddress(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  std::array<unsigned char, 16> bytes{};
  const bool v4 = inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  const bool v6 = !v4 && inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
  int prefix = -1;
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + slash + 1, end, prefix);
    if (parsed.ec != std::errc() || parsed.ptr != end) prefix = -1;
  }
  if ((v4 || v6) && prefix >= 1 && prefix <= (v4 ? 32 : 128)) return {};
  return Bad(fmt::format("\"{}\" is no address with prefix length (10.66.0.20/24)",
                         base::EscapeBytes(text)));
}

base::Result<> CheckMac(const std::string& text) {
  bool good = text.size() == 17;
  for (std::size_t i = 0; good && i < text.size(); ++i) {
    good = i % 3 == 2 ? text[i] == ':' : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
  }
  const auto octet = good ? base::FromHex(text.substr(0, 2))
                          : base::Result<std::vector<std::uint8_t>>(Bad("no MAC address"));
  if (octet && ((*octet)[0] & 1) == 0) return {};
  return Bad(
      fmt::format("\"{}\" is no unicast MAC address (02:00:00:00:00:20)", base::EscapeBytes(text)));
}

BridgeSpec ParseBridge(const YAML::Node& node, YamlErrors* errors) {
  YamlFields fields(node, "bridge", errors);
  BridgeSpec bridge;
  bridge.name = fields.Text("name");
  fields.Check("name", CheckInterfaceName("bridge", bridge.name));
  const std::string datapath = fields.Text("datapath", false, "auto");
  if (datapath == "kernel") bridge.datapath = Datapath::kKernel;
  if (datapath == "userspace") bridge.datapath = Datapath::kUserspace;
  if (datapath != "auto" && bridge.datapath == Datapath::kAuto) {
    fields.Wrong("datapath", "datapath must be auto, kernel or userspace");
  }
  fields.Finish();
  return bridge;
}

void ParseReady(const YAML::Node& node, HostSpec* host, YamlErrors* errors) {
  if (!node.IsDefined()) return;
  YamlFields fields(node, "ready", errors);
  const auto port = fields.Integer("tcp", 1, 65535);
  if (port) host->ready_port = static_cast<std::uint16_t>(*port);
  if (!port) fields.Wrong("tcp", "needs tcp, the port to connect to");
  const auto within = base::ParseDuration(fields.Text("within", false, "15s"));
  if (!within || *within <= 0) fields.Wrong("within", "within must be a time such as 15s");
  if (within) {
    host->ready_within =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(*within));
  }
  fields.Finish();
}

void ParseCommands(YamlFields* fields, HostSpec* host, YamlErrors* errors) {
  for (const YAML::Node& node : fields->Items("commands")) {
    std::vector<std::string> argv;
    if (!node.IsSequence()) {
      errors->Add(node.Mark(), "host: a command is a list of words: [python3, plc.py]");
      return;
    }
    for (const YAML::Node& word : node) {
      if (word.IsScalar()) argv.push_back(word.Scalar());
      if (!word.IsScalar()) errors->Add(word.Mark(), "host: a word of a command must be one value");
    }
    const bool has_nul = std::any_of(argv.begin(), argv.end(), [](const std::string& word) {
      return word.find('\0') != std::string::npos;
    });
    if (argv.empty() || argv[0].empty() || has_nul) errors->Add(node.Mark(), "host: bad command");
    host->commands.push_back(std::move(argv));
  }
}

HostSpec ParseHost(const YAML::Node& node, const std::string& testbed, YamlErrors* errors) {
  YamlFields fields(node, "host", errors);
  HostSpec host;
  host.name = fields.Text("name");
  fields.Check("name", CheckName("host", host.name, kMaxTestbedName));
  host.network_namespace = fields.Text("namespace", false, testbed + "-" + host.name);
  fields.Check("namespace", CheckName("namespace", host.network_namespace, kMaxName));
  host.bridge = fields.Text("bridge");
  host.port = fields.Text("port", false, host.name);
  fields.Check("port", CheckInterfaceName("port", host.port));
  host.interface = fields.Text("interface", false, "eth0");
  fields.Check("interface", CheckInterfaceName("interface", host.interface));
  host.addresses = fields.Texts("address");
  for (const std::string& address : host.addresses) fields.Check("address", CheckAddress(address));
  host.mac = fields.Text("mac", false);
  if (!host.mac.empty()) fields.Check("mac", CheckMac(host.mac));
  host.mtu = static_cast<int>(fields.Integer("mtu", 576, 9216).value_or(host.mtu));
  if (const auto vlan = fields.Integer("vlan", 1, 4094)) host.vlan = static_cast<int>(*vlan);
  ParseCommands(&fields, &host, errors);
  ParseReady(fields.Child("ready"), &host, errors);
  if (host.ready_port && host.addresses.empty()) {
    fields.Wrong("ready", "ready needs an address to connect to");
  }
  fields.Finish();
  return host;
}

CaptureSpec ParseCapture(const YAML::Node& node, YamlErrors* errors) {
  YamlFields fields(node, "capture", errors);
  CaptureSpec capture;
  capture.name = fields.Text("name");
  fields.Check("name", CheckInterfaceName("capture", capture.name));
  capture.port = fields.Text("port");
  fields.Check("port", CheckInterfaceName("capture port", capture.port));
  fields.Finish();
  return capture;
}

MirrorSpec ParseMirror(const YAML::Node& node, YamlErrors* errors) {
  YamlFields fields(node, "mirror", errors);
  MirrorSpec mirror;
  mirror.name = fields.Text("name");
  mirror.bridge = fields.Text("bridge");
  mirror.select_all = fields.Boolean("all", false);
  mirror.ingress_ports = fields.Texts("ingress");
  mirror.egress_ports = fields.Texts("egress");
  for (const std::string& port : fields.Texts("ports")) {
    mirror.ingress_ports.push_back(port);
    mirror.egress_ports.push_back(port);
  }
  for (const std::string& text : fields.Texts("vlans")) {
    int vlan = -1;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, vlan);
    if (parsed.ec != std::errc() || parsed.ptr != end) fields.Wrong("vlans", "vlans are numbers");
    mirror.vlans.push_back(vlan);
  }
  mirror.output_port = fields.Text("output");
  const auto snap = fields.Integer("snap_length", kMinSnapLength, kMaxSnapLength);
  if (snap) mirror.snap_length = static_cast<int>(*snap);
  fields.Finish();
  // The rest of the checks, here for the line number.
  if (!errors->first) fields.Check("name", CheckSpecs({"x", {mirror}}));
  return mirror;
}

// Names that would collide in the system: interfaces of this network namespace, and namespaces.
void CheckTogether(const TestbedSpec& spec, YamlFields* root) {
  std::set<std::string> interfaces;
  std::set<std::string> namespaces;
  std::set<std::string> bridges;
  const auto add = [&](std::set<std::string>* names, const std::string& key,
                       const std::string& name) {
    if (!names->insert(name).second) root->Wrong(key, fmt::format("{} is there twice", name));
  };
  for (const BridgeSpec& bridge : spec.bridges) {
    add(&interfaces, "bridges", bridge.name);
    bridges.insert(bridge.name);
  }
  for (const HostSpec& host : spec.hosts) {
    add(&interfaces, "hosts", host.port);
    add(&namespaces, "hosts", host.network_namespace);
    if (!bridges.contains(host.bridge)) {
      root->Wrong("hosts", fmt::format("host {}: the file has no bridge \"{}\"", host.name,
                                       base::EscapeBytes(host.bridge)));
    }
  }
  for (const CaptureSpec& capture : spec.captures) {
    add(&interfaces, "capture", capture.name);
    add(&interfaces, "capture", capture.port);
  }
  root->Check("mirrors", CheckSpecs(spec.mirrors));
}

TestbedSpec ParseRoot(const YAML::Node& node, YamlErrors* errors) {
  YamlFields fields(node, "testbed", errors);
  TestbedSpec spec;
  spec.name = fields.Text("testbed");
  fields.Check("testbed", CheckName("testbed", spec.name, kMaxTestbedName));
  spec.mirrors.set = spec.name;
  for (const auto& item : fields.Items("bridges")) {
    spec.bridges.push_back(ParseBridge(item, errors));
  }
  for (const auto& item : fields.Items("hosts")) {
    spec.hosts.push_back(ParseHost(item, spec.name, errors));
  }
  for (const auto& item : fields.Items("capture")) {
    spec.captures.push_back(ParseCapture(item, errors));
  }
  for (const auto& item : fields.Items("mirrors")) {
    spec.mirrors.mirrors.push_back(ParseMirror(item, errors));
  }
  fields.Finish();
  if (!errors->first) CheckTogether(spec, &fields);
  return spec;
}

}  // namespace

base::Result<TestbedSpec> ParseTestbed(std::string_view text, const std::string& path,
                                       const std::string& folder) {
  YamlErrors errors{path, std::nullopt};
  try {
    const YAML::Node node = YAML::Load(std::string(text));
    TestbedSpec spec = ParseRoot(node, &errors);
    spec.folder = folder;
    if (!errors.first) return spec;
  } catch (const YAML::Exception& error) {
    errors.Add(error.mark, base::EscapeBytes(error.msg));
  }
  return *errors.first;
}

base::Result<TestbedSpec> ReadTestbedFile(const std::string& path) {
  auto text = base::ReadFile(path, kMaxFileBytes);
  if (!text) {
    // A file that is not there is a wrong argument: exit code 2.
    return base::MakeError(base::ErrorCode::kInvalid, text.error().message);
  }
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored);
  return ParseTestbed(*text, path, absolute.parent_path().string());
}

}  // namespace tapiary::ovs
