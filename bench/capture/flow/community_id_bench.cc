// Community ID: SHA-1 and base64 of one flow's ends, made once per flow record.
//
//   BM_CommunityId/VERSION   4 or 6
//
// Items are flows. One core.
#include "capture/flow/community_id.h"

#include <benchmark/benchmark.h>

namespace tapiary::bench {
namespace {

void BM_CommunityId(benchmark::State& state) {
  const bool v6 = state.range(0) == 6;
  const capture::IpAddress src = *capture::ParseIpAddress(v6 ? "fe80::1" : "128.232.110.120");
  const capture::IpAddress dst = *capture::ParseIpAddress(v6 ? "fe80::2" : "66.35.250.204");
  if (!v6 &&
      capture::CommunityId(src, dst, 34855, 80, 6, false) != "1:LQU9qZlK+B5F3KDmev6m5PMibrg=") {
    return state.SkipWithError("not the id of the specification's example");
  }
  std::uint16_t port = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(capture::CommunityId(src, dst, ++port, 80, 6, false));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CommunityId)->Arg(4)->Arg(6);

}  // namespace
}  // namespace tapiary::bench
