// Grammar, values, errors with positions, limits.
#include "server/query/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "server/query/field.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = FilterNode::Kind;

FilterNode Tree(std::string_view text) {
  FilterError error;
  const auto filter = Filter::Parse(text, &error);
  EXPECT_TRUE(filter) << text << ": " << error.ToString();
  return filter ? filter->root() : FilterNode{};
}

FilterError ErrorOf(std::string_view text) {
  FilterError error;
  const auto filter = Filter::Parse(text, &error);
  EXPECT_FALSE(filter) << text;
  if (!filter) {
    EXPECT_EQ(filter.error().code, base::ErrorCode::kInvalid);
  }
  return error;
}

TEST(Filter, EmptyMatchesEverything) {
  EXPECT_EQ(Tree("").kind, Kind::kAlways);
  EXPECT_EQ(Tree("  \t\n").kind, Kind::kAlways);
}

TEST(Filter, DesignExamplesParse) {
  for (const char* text : {
           "ip.addr == 10.0.0.0/8 && tcp.port == 502 && modbus.func_code in {5,6,15,16}",
           "command",
           "!(sensor == \"plant-a\")",
           "flow.bytes > 1M",
           "frame.time >= \"2026-11-01\"",
           "service == \"modbus\"",
           "ip.src eq 10.0.0.5 and not tcp.dstport in {22 80, 8000..8010} or vlan.id ne 7",
           "ipv6.addr == 2001:db8::/32",
           "community_id == \"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\"",
           "eth.addr == 00:1B:1B:aa:bb:cc || eth.type == 0x88b8",
           "flow.id == plant.a.19ab3c4d5e6.4d2",
           "tcp.port not in {1..1023}",
       }) {
    Tree(text);
  }
}

TEST(Filter, AndBindsCloserThanOr) {
  const FilterNode root = Tree("tcp || udp && command");
  ASSERT_EQ(root.kind, Kind::kOr);
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_EQ(root.children[1].kind, Kind::kAnd);
  EXPECT_EQ(Tree("(tcp || udp) && command").kind, Kind::kAnd);
}

TEST(Filter, NotBindsClosest) {
  const FilterNode root = Tree("!tcp && command");
  ASSERT_EQ(root.kind, Kind::kAnd);
  EXPECT_EQ(root.children[0].kind, Kind::kNot);
  EXPECT_EQ(Tree("not not tcp").children[0].kind, Kind::kNot);
}

TEST(Filter, WordsAndSymbolsMeanTheSame) {
  const FilterNode a = Tree("tcp.port == 1 && tcp.port != 2 || !(flow.packets >= 3)");
  const FilterNode b = Tree("tcp.port EQ 1 and tcp.port ne 2 OR not (flow.packets ge 3)");
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.children[0].children[1].op, b.children[0].children[1].op);
  EXPECT_EQ(a.children[1].children[0].op, FilterOp::kGreaterEqual);
  EXPECT_EQ(b.children[1].children[0].op, FilterOp::kGreaterEqual);
}

TEST(Filter, NetworksAreRangesWithoutHostBits) {
  const FilterValue value = Tree("ip.addr == 10.1.2.3/8").values.at(0);
  const AddressKey low = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0};
  const AddressKey high = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 255, 255, 255};
  EXPECT_EQ(value.address_low, low);
  EXPECT_EQ(value.address_high, high);
  const FilterValue all = Tree("ip.addr == 0.0.0.0/0").values.at(0);
  EXPECT_EQ(all.address_low[11], 0xff);
  EXPECT_EQ(all.address_low[12], 0);
  const FilterValue one = Tree("ip.addr == 2001:db8::1/128").values.at(0);
  EXPECT_EQ(one.address_low, one.address_high);
}

TEST(Filter, SetsHaveRangesAndOptionalCommas) {
  const FilterNode node = Tree("tcp.port in {22 80, 8000..8010}");
  ASSERT_EQ(node.values.size(), 3u);
  EXPECT_EQ(node.values[1].low, 80);
  EXPECT_EQ(node.values[2].low, 8000);
  EXPECT_EQ(node.values[2].high, 8010);
}

TEST(Filter, NumbersSizesDurationsTimes) {
  EXPECT_EQ(Tree("eth.type == 0x88B8").values.at(0).low, 0x88b8);
  EXPECT_EQ(Tree("flow.bytes > 1M").values.at(0).low, 1 << 20);
  EXPECT_EQ(Tree("flow.duration > 1.5s").values.at(0).low, 1'500'000'000);
  EXPECT_EQ(Tree("flow.duration > 2").values.at(0).low, 2'000'000'000);
  EXPECT_EQ(Tree("frame.time > 1970-01-02").values.at(0).low, 86'400'000'000'000);
  EXPECT_EQ(Tree("frame.time > \"1970-01-01 00:00:01\"").values.at(0).low, 1'000'000'000);
}

TEST(Filter, TimesFromNow) {
  constexpr std::int64_t kNow = 1'000'000'000'000'000'000;
  const auto at = [](std::string_view text) {
    return Filter::Parse(std::string("frame.time >= ") + std::string(text), nullptr, kNow)
        ->root()
        .values.at(0)
        .low;
  };
  EXPECT_EQ(at("now"), kNow);
  EXPECT_EQ(at("-1h"), kNow - 3'600'000'000'000);
  EXPECT_EQ(at("-90min"), kNow - 5'400'000'000'000);
  EXPECT_EQ(at("now-500us"), kNow - 500'000);
  EXPECT_EQ(at("now+1d"), kNow + 86'400'000'000'000);
  const auto range = Filter::Parse("frame.time in {-2h..-1h}", nullptr, kNow);
  EXPECT_EQ(range->root().values.at(0).low, kNow - 7'200'000'000'000);
  EXPECT_EQ(range->root().values.at(0).high, kNow - 3'600'000'000'000);
}

TEST(Filter, BitTests) {
  EXPECT_EQ(Tree("ot.code & 0x80").mask, 0x80);
  EXPECT_EQ(Tree("ot.code & 0x80").op, FilterOp::kBits);
  const FilterNode compared = Tree("ot.code bitand 0x0f in {3, 5..6}");
  EXPECT_EQ(compared.mask, 0x0f);
  EXPECT_EQ(compared.op, FilterOp::kIn);
  EXPECT_EQ(compared.values.size(), 2u);
  EXPECT_EQ(Tree("ot.code & 1 && tcp").kind, Kind::kAnd);
}

TEST(Filter, PatternsAreMadeOnce) {
  const FilterNode node = Tree(R"(http.uri matches r"\.sh$")");
  EXPECT_EQ(node.op, FilterOp::kMatches);
  ASSERT_NE(node.values.at(0).matcher, nullptr);
  EXPECT_TRUE(Tree("sensor ~ plant").values.at(0).matcher != nullptr);
}

TEST(Filter, TextsAreEscapedAsStored) {
  EXPECT_EQ(Tree(R"(service == "a\"b")").values.at(0).text, "a\"b");
  EXPECT_EQ(Tree(R"(service == "\x00\xff\\")").values.at(0).text, R"(\x00\xff\x5c)");
  EXPECT_EQ(Tree("service == modbus").values.at(0).text, "modbus");
}

TEST(Filter, FlagsTakeTrueAndFalse) {
  EXPECT_EQ(Tree("command == true").kind, Kind::kTest);
  EXPECT_EQ(Tree("command == 0").kind, Kind::kNot);
  EXPECT_EQ(Tree("command != true").kind, Kind::kNot);
  EXPECT_EQ(Tree("tcp == false").kind, Kind::kNot);
}

TEST(Filter, UnknownFieldHasPositionAndSuggestion) {
  const FilterError error = ErrorOf("tcp && ip.adr == 10.0.0.1");
  EXPECT_EQ(error.position, 7u);
  EXPECT_EQ(error.length, 6u);
  EXPECT_EQ(error.suggestion, "ip.addr");
  EXPECT_THAT(error.ToString(), HasSubstr("at 7: unknown field 'ip.adr'"));
  EXPECT_EQ(ErrorOf("modbus.func_cod == 1").suggestion, "modbus.func_code");
  EXPECT_EQ(ErrorOf("TCP.PORT == 1").suggestion, "tcp.port");
  EXPECT_EQ(ErrorOf("zzzzzzzz == 1").suggestion, "");
}

struct BadFilter {
  const char* text;
  std::size_t position;
  const char* message;
};

constexpr BadFilter kBadFilters[] = {
    {"ip.addr == ", 11, "a value is missing"},
    {"ip.addr == 10.0.0", 11, "'10.0.0' is not an address"},
    {"ip.addr == 10.0.0.0/33", 11, "prefix is 0 to 32"},
    {"ip.addr == ::/-1", 11, "prefix is 0 to 128"},
    {"ip.src == ip.dst", 10, "two fields cannot be compared"},
    {"tcp.port == 70000", 12, "largest value is 65535"},
    {"tcp.port == 99999999999999999999", 12, "too large"},
    {"tcp.port == 0x", 12, "not a whole number"},
    {"tcp.port == 80a", 12, "not a whole number"},
    {"tcp.port = 80", 9, "no operator '='"},
    {"tcp & udp", 4, "true or false"},
    {"service & 1", 8, "& works on numbers only"},
    {"tcp.port & 0", 11, "a mask has bits"},
    {"tcp.port & x", 11, "not a whole number"},
    {"tcp.port & 1 & 2", 13, "one mask is enough"},
    {"tcp.port & 1 ~ 2", 13, "work on text only"},
    {"tcp.port & 1 == ", 16, "a value is missing"},
    {"tcp | udp", 4, "no operator '|'"},
    {"tcp.port === 1", 9, "no operator '==='"},
    {"community_id == 1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 16, "stands in quotes"},
    {"service in {a, b=}", 15, "in quotes"},
    {"tcp.port = 1=", 9, "no operator '='"},
    {"service matches \"(x\"", 16, "not a regular expression: at 0 of it"},
    {"service ~ \"a{200}{9}\"", 10, "a repetition of a repetition"},
    {"service matches", 15, "a value is missing"},
    {"service matches {\"x\"}", 16, "not a value"},
    {"service matches \"\\d\"", 17, "r\"...\""},
    {"tcp.port matches \"8\"", 9, "work on text only"},
    {"frame.time > -1", 13, "not a time"},
    {"frame.time > now-", 13, "not a time"},
    {"frame.time > -99999999d", 13, "not a time"},
    {"tcp.port contains 8", 9, "work on text only"},
    {"service > \"a\"", 8, "has no order"},
    {"command > 1", 8, "true or false"},
    {"command == maybe", 11, "not a value"},
    {"tcp.port in 80", 12, "followed by a set"},
    {"tcp.port == {80}", 12, "goes with 'in'"},
    {"tcp.port in {80", 15, "opened at 12 is not closed"},
    {"tcp.port in {9..8}", 14, "not a range"},
    {"tcp.port in {}", 13, "not a value"},
    {"service in {\"a\"..\"b\"}", 15, "not a range"},
    {"(tcp || udp", 11, "opened at 0 is not closed"},
    {"tcp)", 3, "should end here"},
    {"tcp udp", 4, "should end here"},
    {"tcp.port 80", 9, "operator is missing"},
    {"tcp &&", 6, "ends too early"},
    {"&& tcp", 0, "misplaced"},
    {"\"tcp\"", 0, "misplaced"},
    {"service == \"open", 11, "no closing quote"},
    {"service == \"\\q\"", 12, "backslash"},
    {"service == \"\\x4\"", 12, "backslash"},
    {"tcp; drop", 3, "unexpected character ';'"},
    {"frame.time > yesterday", 13, "not a time"},
    {"eth.addr == 00:11:22:33:44", 12, "not a MAC address"},
    {"flow.bytes > 5 parsecs", 15, "should end here"},
    {"flow.id == xyz", 11, "not a flow id"},
    {"flow.id == a.ffffffffffffffff.1", 11, "not a flow id"},
};

TEST(Filter, ATextThatNeedsQuotesIsSuggestedWithThem) {
  FilterError error;
  EXPECT_FALSE(Filter::Parse("tcp && community_id == 1:LQU9+B/r= && udp", &error));
  EXPECT_EQ(error.position, 23u);
  EXPECT_EQ(error.length, 11u);
  EXPECT_EQ(error.suggestion, "\"1:LQU9+B/r=\"");
}

TEST(Filter, ErrorsSayWhereAndWhat) {
  for (const BadFilter& bad : kBadFilters) {
    const FilterError error = ErrorOf(bad.text);
    EXPECT_EQ(error.position, bad.position) << bad.text << ": " << error.ToString();
    EXPECT_THAT(error.message, HasSubstr(bad.message)) << bad.text;
  }
}

TEST(Filter, CO02_HostileTextInErrorsIsEscaped) {
  const FilterError error = ErrorOf("tcp.port == \"\xff\x1b[31m\"");
  EXPECT_THAT(error.message, HasSubstr("\\xff\\x1b[31m"));
  EXPECT_THAT(ErrorOf("\xc3(").message, HasSubstr("unknown field '\\xc3'"));
}

TEST(Filter, CO09_NestingIsLimited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "tcp" + std::string(depth, ')');
  };
  Tree(nested(kMaxFilterDepth - 1));
  EXPECT_THAT(ErrorOf(nested(kMaxFilterDepth)).message, HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(nested(2000)).message, HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(std::string(4000, '!') + "tcp").message, HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(std::string(4000, '(')).message, HasSubstr("nested too deeply"));
}

TEST(Filter, CO09_LengthAndTermsAreLimited) {
  EXPECT_THAT(ErrorOf("service == \"" + std::string(kMaxFilterBytes, 'x') + "\"").message,
              HasSubstr("longer than 4096"));
  std::string many = "tcp";
  for (std::size_t i = 1; i < kMaxFilterTerms; ++i) many += " || tcp";
  Tree(many);
  EXPECT_THAT(ErrorOf(many + " || tcp").message, HasSubstr("too many terms"));
  std::string set = "tcp.port in {1";
  for (std::size_t i = 1; i < kMaxFilterTerms; ++i) set += ",1";
  EXPECT_THAT(ErrorOf(set + "}").message, HasSubstr("too many terms"));
}

TEST(Filter, PacketsSufficeOnlyForPacketFields) {
  const auto suffice = [](std::string_view text) { return Filter::Parse(text)->packets_suffice(); };
  EXPECT_TRUE(suffice(""));
  EXPECT_TRUE(suffice("ip.addr == 10.0.0.0/8 && !(tcp.port == 22) && sensor == \"a\""));
  EXPECT_TRUE(suffice("ipv6 || arp || vlan.id == 3"));
  EXPECT_FALSE(suffice("ip.addr == 10.0.0.1 && command"));
  EXPECT_FALSE(suffice("ip.src == 10.0.0.1"));
  EXPECT_FALSE(suffice("modbus"));
}

TEST(Filter, NamesFieldsThatATableHasNot) {
  const auto filter = Filter::Parse("event.user == \"a\" || event.user == \"b\" || tcp.port == 1");
  EXPECT_THAT(filter->FieldsNotIn(FilterTable::kFlows), ElementsAre("event.user"));
  EXPECT_TRUE(filter->FieldsNotIn(FilterTable::kEvents).empty());
}

// Whatever bytes come in, parsing ends and an error points into the text.
TEST(Filter, RandomBytesNeverBreakIt) {
  std::mt19937 random(7);
  const std::string pieces[] = {"tcp.port", "==", "!=", "in",   "{",          "}",
                                "(",        ")",  "!",  "&&",   "||",         "..",
                                "5",        "\"", "\\", "\xff", "10.0.0.1/8", " "};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const auto parts = random() % 12;
    for (std::size_t i = 0; i < parts; ++i) text += pieces[random() % std::size(pieces)];
    FilterError error;
    if (!Filter::Parse(text, &error)) {
      ASSERT_LE(error.position + error.length, text.size()) << text;
    }
  }
}

}  // namespace
}  // namespace tapiary::server
