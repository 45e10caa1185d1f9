// A recording stand-in for ovs-vsctl: a script that notes its argument vector and answers reads
// from files. How it answers writes is set per test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ovs/vsctl.h"
#include "tests/base/temp_folder.h"

namespace tapiary::ovs {

class FakeVsctl {
 public:
  FakeVsctl() {
    OnWrite("exit 0");
    OnRead("");
    folder_.File("fake", R"sh(#!/bin/bash
dir=$(dirname "$0")
printf '%s\n' "$@" '<end>' >>"$dir/calls"
case " $* " in
*' list '*) . "$dir/on_read"; cat "$dir/state" ;;
*) . "$dir/on_write" ;;
esac
)sh");
    std::filesystem::permissions(path("fake"), std::filesystem::perms::owner_all);
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  // What reads print: one document per table, in the order of ReadSwitchState.
  void SetState(const std::string& json) { folder_.File("state", json); }
  // What a successful change leaves; $dir/applied becomes the state by APPLY.
  void SetApplied(const std::string& json) { folder_.File("applied", json); }
  static constexpr const char* kApply = "cp \"$dir/applied\" \"$dir/state\"; ";
  // Bash, run for each write or read.
  void OnWrite(const std::string& bash) { folder_.File("on_write", bash + "\n"); }
  void OnRead(const std::string& bash) { folder_.File("on_read", bash + "\n"); }

  // Short limits, so that tests of hanging take seconds only.
  [[nodiscard]] Vsctl Make() const {
    VsctlOptions options;
    options.program = path("fake");
    options.timeout = std::chrono::milliseconds(1000);
    options.reread_timeout = std::chrono::milliseconds(500);
    options.kill_after = std::chrono::milliseconds(200);
    return Vsctl(options);
  }

  // The argument vectors so far, without the program.
  [[nodiscard]] std::vector<std::vector<std::string>> Calls() const {
    std::vector<std::vector<std::string>> calls(1);
    std::ifstream file(path("calls"));
    for (std::string line; std::getline(file, line);) {
      if (line == "<end>") {
        calls.emplace_back();
      } else {
        calls.back().push_back(line);
      }
    }
    calls.pop_back();
    return calls;
  }
  [[nodiscard]] std::vector<std::vector<std::string>> Writes() const {
    std::vector<std::vector<std::string>> writes;
    for (const auto& call : Calls()) {
      if (std::find(call.begin(), call.end(), "list") == call.end()) writes.push_back(call);
    }
    return writes;
  }

 private:
  base::TempFolder folder_;
};

// Bridge br0 with ports br0, a, b, cap; `mirrors` are rows of the Mirror table, `mirror_uuids` the
// bridge's references to them.
inline std::string StateJson(const std::string& mirrors = "",
                             const std::string& mirror_uuids = "") {
  const auto uuid = [](const std::string& name) { return R"(["uuid","u-)" + name + R"("])"; };
  std::string ports;
  std::string interfaces;
  std::string references;
  for (const std::string name : {"br0", "a", "b", "cap"}) {
    const std::string comma = ports.empty() ? "" : ",";
    ports += comma + "[" + uuid("p-" + name) + ",\"" + name + "\"," + uuid("i-" + name) +
             R"(,["map",[]],["set",[]],["set",[]],["set",[]]])";
    interfaces += comma + "[" + uuid("i-" + name) + ",\"" + name +
                  R"(","",["map",[["rx_packets",0]]],["map",[]],["set",[]]])";
    references += comma + uuid("p-" + name);
  }
  return R"({"data":[[)" + uuid("br0") + R"(,"br0","netdev",["set",[)" + references +
         R"(]],["set",[)" + mirror_uuids + R"(]],["map",[]]]],"headings":["_uuid","name",)" +
         R"("datapath_type","ports","mirrors","external_ids"]})" + "\n" + R"({"data":[)" + ports +
         R"(],"headings":["_uuid","name","interfaces","external_ids","tag","trunks","vlan_mode"]})" +
         "\n" + R"({"data":[)" + interfaces +
         R"(],"headings":["_uuid","name","type","statistics","external_ids","error"]})" + "\n" +
         R"({"data":[)" + mirrors +
         R"(],"headings":["_uuid","name","select_all","output_port","external_ids","statistics",)" +
         R"("select_src_port","select_dst_port","select_vlan","output_vlan","snaplen"]})" + "\n";
}

// A row for StateJson: our mirror "m" of the set "set", all to cap, accepted or not.
inline std::string OurMirrorRow(bool accepted) {
  return R"([["uuid","u-m"],"m",true,["uuid","u-p-cap"],["map",[["owner","tapiary"],)"
         R"(["tapiary-set","set"]]],["map",[)" +
         std::string(accepted ? R"(["tx_packets",7],["tx_bytes",700])" : "") +
         R"(]],["set",[]],["set",[]],["set",[]],["set",[]],["set",[]]])";
}
inline constexpr const char* kOurMirrorUuid = R"(["uuid","u-m"])";

}  // namespace tapiary::ovs
