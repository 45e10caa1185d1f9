#include "capture/decode/tunnel.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace tapiary::capture {
namespace {

TEST(Tunnel, TextHasTheNumberWhereThereIsOne) {
  EXPECT_EQ(ToString({0, TunnelKind::kGre, false}), "gre");
  EXPECT_EQ(ToString({0, TunnelKind::kGre, true}), "gre:0");
  EXPECT_EQ(ToString({42, TunnelKind::kVxlan, true}), "vxlan:42");
  EXPECT_EQ(ToString({100, TunnelKind::kErspan2, true}), "erspan2:100");
  EXPECT_EQ(ToString({UINT32_MAX, TunnelKind::kGtpU, true}), "gtp:4294967295");
}

TEST(Tunnel, EveryKindHasANameOfItsOwn) {
  std::set<std::string> names;
  const int last = static_cast<int>(TunnelKind::kUdp);
  for (int kind = 0; kind <= last; ++kind) {
    names.insert(ToString({0, static_cast<TunnelKind>(kind), false}));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_FALSE(names.contains("?"));
}

TEST(Tunnel, OnlyNetworksCountInTheHash) {
  using Layers = std::array<TunnelLayer, 2>;
  EXPECT_EQ(NetworkHash({}), 0u);
  EXPECT_EQ(NetworkHash(Layers{{{0, TunnelKind::kHsr, false}, {0, TunnelKind::kPrp, false}}}), 0u);
  EXPECT_EQ(NetworkHash(Layers{{{5, TunnelKind::kGre, true}, {7, TunnelKind::kErspan2, true}}}),
            0u);
  EXPECT_EQ(NetworkHash(Layers{{{16, TunnelKind::kMpls, true}, {7, TunnelKind::kGtpU, true}}}), 0u);
  const auto one = [](TunnelKind kind, std::uint32_t id) {
    const std::array<TunnelLayer, 1> layer{{{id, kind, true}}};
    return NetworkHash(layer);
  };
  std::set<std::uint32_t> hashes{0};
  for (const TunnelKind kind : {TunnelKind::kVxlan, TunnelKind::kVxlanGpe, TunnelKind::kGeneve}) {
    for (std::uint32_t id = 0; id < 1000; ++id) hashes.insert(one(kind, id));
  }
  EXPECT_EQ(hashes.size(), 3001u);
  const Layers nested{{{1, TunnelKind::kVxlan, true}, {2, TunnelKind::kVxlan, true}}};
  const Layers other{{{2, TunnelKind::kVxlan, true}, {1, TunnelKind::kVxlan, true}}};
  EXPECT_NE(NetworkHash(nested), NetworkHash(other));
}

}  // namespace
}  // namespace tapiary::capture
