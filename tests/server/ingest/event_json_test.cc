#include "server/ingest/event_json.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tapiary::server {
namespace {

TEST(EventJson, PathsThroughObjectsArraysAndDottedKeys) {
  JsonTree tree;
  ASSERT_TRUE(tree.Parse(
      R"({"a":{"b":[1,{"c":"x"}],"n":null},"source.ip":"1.2.3.4","e":{"f.g":2},"":{"":3}})"));
  const EventJson& event = tree.root();
  EXPECT_EQ(FindText(event, {"a.b.0"}), "1");
  EXPECT_EQ(FindText(event, {"a.b.1.c"}), "x");
  EXPECT_EQ(FindText(event, {"source.ip"}), "1.2.3.4");
  EXPECT_EQ(FindText(event, {"e.f.g"}), "2");
  EXPECT_EQ(FindText(event, {"."}), "3");
  for (const char* none :
       {"a.n", "a.b.2", "a.b.-1", "a.b.0x", "a.b.1.c.d", "x", "a.b.", "..", ""}) {
    EXPECT_FALSE(FindText(event, {none})) << none;
  }
  EXPECT_EQ(FindText(event, {"none", "a.n", "a.b.0", "a.b.1.c"}), "1") << "the first";
}

TEST(EventJson, ScalarsAsTexts) {
  JsonTree tree;
  ASSERT_TRUE(tree.Parse(R"({"a":true,"b":-5,"c":1.50,"d":"","l":["x",1,null,[2],"y"]})"));
  const EventJson& event = tree.root();
  EXPECT_EQ(FindText(event, {"a"}), "true");
  EXPECT_EQ(FindText(event, {"b"}), "-5");
  EXPECT_EQ(FindText(event, {"c"}), "1.50") << "as it is written";
  EXPECT_EQ(FindText(event, {"d"}), "");
  EXPECT_FALSE(FindText(event, {"l"}));
  EXPECT_EQ(JoinedText(FindPath(event, "l")), "x; 1; y");
  EXPECT_FALSE(JoinedText(FindPath(event, "a")));
}

TEST(EventJson, CutsBetweenCharactersAndEscapes) {
  EXPECT_EQ(CutText("abc", 3), "abc");
  EXPECT_EQ(CutText("abcd", 3), "abc");
  EXPECT_EQ(CutText(R"(ab\x00cd)", 8), R"(ab\x00cd)");
  for (std::size_t max = 0; max < 12; ++max) {
    const std::string cut = CutText("a\\x00\xe2\x82\xac\\xffb", max);
    EXPECT_LE(cut.size(), max);
    EXPECT_TRUE(base::IsValidUtf8(cut)) << max;
    EXPECT_TRUE(base::UnescapeBytes(cut)) << cut;
  }
  const std::string longest = "{\"a\":\"" + std::string(9000, 'x') + "\"}";
  JsonTree tree;
  ASSERT_TRUE(tree.Parse(longest));
  EXPECT_EQ(FindText(tree.root(), {"a"})->size(), 8192u);
}

TEST(EventJson, AddressesAndPorts) {
  EXPECT_EQ(ToEventAddress("::ffff:192.0.2.1").ToString(), "192.0.2.1");
  EXPECT_EQ(ToEventAddress("2001:db8::1").ToString(), "2001:db8::1");
  EXPECT_EQ(ToEventAddress("host.example").version, 0);
  EXPECT_EQ(ToEventAddress(std::nullopt).version, 0);
  EXPECT_EQ(ToEventPort("65535"), 65535);
  for (const char* none : {"65536", "-1", "", "22 ", " 22", "0x16"}) {
    EXPECT_FALSE(ToEventPort(none)) << none;
  }
}

}  // namespace
}  // namespace tapiary::server
