#include "ovs/testbed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"

namespace tapiary::ovs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kFull = R"yaml(
testbed: demo
bridges:
  - name: br0
    datapath: userspace
hosts:
  - name: plc
    bridge: br0
    address: [10.0.0.20/24, fd00::20/64]
    mac: 02:00:00:00:00:20
    mtu: 1400
    vlan: 7
    commands:
      - [python3, plc.py, --port, 502]
      - [sleep, "60"]
    ready: {tcp: 502, within: 3s}
  - name: attacker
    namespace: evil
    port: tap-a
    interface: ens3
    bridge: br0
capture:
  - {name: cap0, port: cap1}
mirrors:
  - name: all
    bridge: br0
    all: true
    vlans: [1, 2]
    output: cap1
    snap_length: 128
  - name: some
    bridge: br0
    ports: plc
    ingress: [tap-a]
    output: cap2
)yaml";

base::Result<TestbedSpec> Parse(const std::string& text) {
  return ParseTestbed(text, "x.yaml", "/folder");
}

std::string ErrorOf(const std::string& text) {
  const auto result = Parse(text);
  return result ? "no error" : result.error().message;
}

TEST(TestbedFile, ReadsEveryKey) {
  const auto spec = Parse(kFull);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->name, "demo");
  EXPECT_EQ(spec->folder, "/folder");
  EXPECT_EQ(spec->bridges[0].datapath, Datapath::kUserspace);
  const HostSpec& plc = spec->hosts[0];
  EXPECT_EQ(plc.network_namespace, "demo-plc");
  EXPECT_EQ(plc.port, "plc");
  EXPECT_EQ(plc.interface, "eth0");
  EXPECT_THAT(plc.addresses, ElementsAre("10.0.0.20/24", "fd00::20/64"));
  EXPECT_EQ(plc.mtu, 1400);
  EXPECT_EQ(plc.vlan, 7);
  EXPECT_THAT(plc.commands, ElementsAre(ElementsAre("python3", "plc.py", "--port", "502"),
                                        ElementsAre("sleep", "60")));
  EXPECT_EQ(plc.ready_port, 502);
  EXPECT_EQ(plc.ready_within, std::chrono::seconds(3));
  EXPECT_EQ(spec->hosts[1].network_namespace, "evil");
  EXPECT_EQ(spec->hosts[1].interface, "ens3");
  EXPECT_EQ(spec->captures[0].port, "cap1");
  EXPECT_EQ(spec->mirrors.set, "demo");
  EXPECT_TRUE(spec->mirrors.mirrors[0].select_all);
  EXPECT_THAT(spec->mirrors.mirrors[0].vlans, ElementsAre(1, 2));
  EXPECT_EQ(spec->mirrors.mirrors[0].snap_length, 128);
  EXPECT_THAT(spec->mirrors.mirrors[1].ingress_ports, ElementsAre("tap-a", "plc"));
  EXPECT_THAT(spec->mirrors.mirrors[1].egress_ports, ElementsAre("plc"));
}

struct BadFile {
  const char* text;
  const char* where;
  const char* what;
};

TEST(TestbedFile, ErrorsHaveTheLine) {
  const std::vector<BadFile> files = {
      {"testbed: demo\nbridgez: []\n", "x.yaml:2: ", "unknown key \"bridgez\""},
      {"testbed: demo\nbridges:\n  - name: br0\n    datapath: fast\n", "x.yaml:4: ", "datapath"},
      {"testbed: demo\nbridges:\n  - datapath: auto\n", "x.yaml:3: ", "needs name"},
      {"testbed: demo\nbridges: br0\n", "x.yaml:2: ", "must be a list"},
      {"testbed: demo\nhosts:\n  - name: a\n    bridge: nobody\n", "x.yaml:3: ", "no bridge"},
      {"testbed: demo\nbridges: [{name: b}]\nhosts:\n  - name: a\n    bridge: b\n    mac: 1\n",
       "x.yaml:6: ", "MAC"},
      {"testbed: demo\nbridges: [{name: b}]\nhosts:\n  - name: a\n    bridge: b\n    address: "
       "1.2.3\n",
       "x.yaml:6: ", "address"},
      {"testbed: demo\nbridges: [{name: b}]\nhosts:\n  - {name: a, bridge: b, commands: [ls -l]}\n",
       "x.yaml:4: ", "list of words"},
      {"testbed: demo\nbridges: [{name: b}]\nhosts:\n  - {name: a, bridge: b, ready: {tcp: 0}}\n",
       "x.yaml:4: ", "1 to 65535"},
      {"testbed: demo\nbridges: [{name: b}, {name: b}]\n", "x.yaml:2: ", "twice"},
      {"testbed: demo\nmirrors:\n  - name: m\n    bridge: b\n    output: o\n",
       "x.yaml:3: ", "selects nothing"},
      {"testbed: demo\nmirrors:\n  - {name: m, bridge: b, output: o, all: yes}\n",
       "x.yaml:3: ", "true or false"},
      {"testbed: [demo]\n", "x.yaml:1: ", "one value"},
      {"- 1\n", "x.yaml:1: ", "mapping"},
      {"testbed: demo\nbridges: [\n", "x.yaml:", ""},
      {"testbed: demo\ntestbed: other\n", "x.yaml:2: ", "twice"},
      {"", "x.yaml:1: ", "mapping"},
  };
  for (const BadFile& file : files) {
    EXPECT_THAT(ErrorOf(file.text), StartsWith(file.where)) << file.text;
    EXPECT_THAT(ErrorOf(file.text), HasSubstr(file.what)) << file.text;
  }
}

TEST(TestbedFile, OV08_BadNamesAreRefused) {
  for (const char* name : {"'a;touch x'", "'a b'", "'--all'", "\"a\\nb\"", "sixteen-letters0"}) {
    const std::string quoted = name;
    EXPECT_NE(ErrorOf("testbed: t\nbridges:\n  - name: " + quoted + "\n"), "no error") << name;
    EXPECT_NE(ErrorOf("testbed: t\nbridges: [{name: b}]\nhosts:\n  - {name: h, bridge: b, port: " +
                      quoted + "}\n"),
              "no error")
        << name;
  }
}

TEST(TestbedFile, CutAnywhereItNeverCrashes) {
  const std::string full = kFull;
  for (std::size_t size = 0; size < full.size(); ++size) {
    const auto result = Parse(full.substr(0, size));
    if (!result) {
      EXPECT_THAT(result.error().message, StartsWith("x.yaml:"));
    }
  }
}

TEST(TestbedFile, MissingFileIsAUsageError) {
  const auto result = ReadTestbedFile("/nowhere/x.yaml");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::ErrorCode::kInvalid);
  const base::TempFolder folder;
  const auto spec = ReadTestbedFile(folder.File("t.yaml", kFull));
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->folder, folder.path());
}

}  // namespace
}  // namespace tapiary::ovs
