#include <cstdio>
#include <cstdlib>

#include "capture/ot/registry.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {

const std::vector<Target>& Targets() {
  static const std::vector<Target> kTargets = [] {
    std::vector<Target> targets = {
        {"reader", FuzzReader}, {"decompress", FuzzDecompress},
        {"decode", FuzzDecode}, {"meter", FuzzMeter},
        {"wire", FuzzWire},     {"filter", FuzzFilter},
        {"bpf", FuzzBpf},       {"noise", FuzzNoise},
        {"labels", FuzzLabels}, {"events", FuzzEvents},
    };
    for (const capture::OtProtocol* const protocol : capture::OtProtocols()) {
      targets.push_back({"ot_" + std::string(protocol->service), FuzzOt, protocol});
    }
    return targets;
  }();
  return kTargets;
}

const Target* FindTarget(std::string_view name) {
  for (const Target& target : Targets()) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

void Require(bool holds, const char* invariant) {
  if (holds) return;
  std::fprintf(stderr, "invariant broken: %s\n", invariant);
  std::abort();
}

}  // namespace tapiary::fuzz
