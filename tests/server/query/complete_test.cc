// What may come next in a filter, at every kind of place.
#include "server/query/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

// The place is where the | is.
FilterPlace PlaceIn(std::string text) {
  const std::size_t at = text.find('|');
  text.erase(at, 1);
  return FindPlace(text, at);
}

std::vector<std::string> Choices(const std::string& text, FilterTable table = FilterTable::kFlows) {
  std::vector<std::string> texts;
  for (const FilterChoice& choice : ChoicesAt(PlaceIn(text), table, 500)) {
    texts.push_back(choice.text);
  }
  return texts;
}

TEST(FilterComplete, KnowsThePlace) {
  const std::pair<const char*, FilterExpects> cases[] = {
      {"|", FilterExpects::kField},
      {"  |", FilterExpects::kField},
      {"tc|", FilterExpects::kField},
      {"!(|", FilterExpects::kField},
      {"tcp && |", FilterExpects::kField},
      {"tcp.port |", FilterExpects::kOperator},
      {"tcp.port i|", FilterExpects::kOperator},
      {"tcp.port =|", FilterExpects::kOperator},
      {"tcp.port not |", FilterExpects::kOperator},
      {"tcp.port == |", FilterExpects::kValue},
      {"tcp.port == 5|", FilterExpects::kValue},
      {"sensor == \"pla|", FilterExpects::kValue},
      {"sensor ~ r\"pla|", FilterExpects::kValue},
      {"tcp.port in |", FilterExpects::kSet},
      {"tcp.port in {|", FilterExpects::kValue},
      {"tcp.port in {5, |", FilterExpects::kValue},
      {"tcp.port in {5..|", FilterExpects::kValue},
      {"tcp.port in {5} |", FilterExpects::kConnective},
      {"tcp.port == 5 |", FilterExpects::kConnective},
      {"sensor == \"x\"|", FilterExpects::kConnective},
      {"(tcp) |", FilterExpects::kConnective},
      {"ot.code & 1 |", FilterExpects::kOperator},
      {"tcp; |", FilterExpects::kOperator},  // behind what is wrong: it is what is typed
  };
  for (const auto& [text, expects] : cases) EXPECT_EQ(PlaceIn(text).expects, expects) << text;
}

TEST(FilterComplete, KnowsWhatIsReplaced) {
  const FilterPlace word = PlaceIn("tcp && mod|bus.x == 1");
  EXPECT_EQ(word.from, 7u);
  EXPECT_EQ(word.to, 15u);
  EXPECT_EQ(word.typed, "mod");
  const FilterPlace quoted = PlaceIn("sensor == \"pl|ant\" && tcp");
  EXPECT_EQ(quoted.from, 10u);
  EXPECT_EQ(quoted.to, 17u);
  EXPECT_EQ(quoted.typed, "pl");
  EXPECT_EQ(quoted.field->name, "sensor");
  const FilterPlace nothing = PlaceIn("tcp && | udp");
  EXPECT_EQ(nothing.from, nothing.to);
}

TEST(FilterComplete, Fields) {
  EXPECT_EQ(Choices("modb|").at(0), "modbus.func_code");
  EXPECT_THAT(Choices("modb|"), Contains("modbus"));
  EXPECT_THAT(Choices("uri|"), Contains("http.uri"));
  EXPECT_THAT(Choices("|"), Contains("ip.addr"));
  EXPECT_THAT(Choices("|"), Not(Contains("event.user")));
  EXPECT_THAT(Choices("|", FilterTable::kEvents), Contains("event.user"));
  EXPECT_THAT(Choices("|", FilterTable::kEvents), Not(Contains("vlan.id")));
  EXPECT_THAT(Choices("ip.adr|"), ElementsAre("ip.addr"));  // the nearest when none begins so
  EXPECT_THAT(Choices("zzzzzz|"), ElementsAre());
}

TEST(FilterComplete, OperatorsOfTheFieldsType) {
  EXPECT_THAT(Choices("service |"),
              ElementsAre("==", "!=", "in", "contains", "matches", "&&", "||"));
  EXPECT_THAT(Choices("tcp.port |"),
              ElementsAre("==", "!=", "<", "<=", ">", ">=", "in", "&", "&&", "||"));
  EXPECT_THAT(Choices("command |"), ElementsAre("==", "!=", "&&", "||"));
  EXPECT_THAT(Choices("service m|"), ElementsAre("matches"));
  EXPECT_THAT(Choices("tcp.port in |"), ElementsAre("{"));
}

TEST(FilterComplete, KnownValues) {
  EXPECT_THAT(Choices("service == mod|"), ElementsAre("modbus"));
  EXPECT_THAT(Choices("service == \"mod|"), ElementsAre("modbus"));
  EXPECT_THAT(Choices("ot.status in {ok, |"), Contains("no-reply"));
  EXPECT_THAT(Choices("command == |"), ElementsAre("true", "false"));
}

// Each known value is one that its field takes.
TEST(FilterComplete, KnownValuesAreValues) {
  int count = 0;
  for (const FilterField& field : FilterFields()) {
    for (const std::string_view value : KnownValues(field)) {
      const std::string text =
          std::string(field.name) + " == " + WriteFilterValue(field.type, value);
      EXPECT_TRUE(Filter::Parse(text)) << text;
      ++count;
    }
  }
  EXPECT_GT(count, 60);
}

TEST(FilterComplete, ValuesAreWrittenSoThatTheyAreRead) {
  for (const char* stored : {"plain", "with space", "", "in", "or", "a\"b", "\\x00\\xff", "a..b",
                             "\\x5cn", "r\"x", "10.0.0.1", "\xc3\xa4", "{}"}) {
    const std::string text = "sensor == " + WriteFilterValue(FieldType::kText, stored);
    const auto filter = Filter::Parse(text);
    ASSERT_TRUE(filter) << text;
    EXPECT_EQ(filter->root().values.at(0).text, stored) << text;
  }
}

TEST(FilterComplete, AnyPlaceOfAnyTextIsAnswered) {
  const std::string text = "!(tcp.port in {1..2} || sensor ~ r\"a\\\"b\" && x = 1) \"\xff & ..{";
  for (std::size_t at = 0; at <= text.size() + 3; ++at) {
    const FilterPlace place = FindPlace(text, at);
    EXPECT_LE(place.from, place.to);
    EXPECT_LE(place.to, text.size());
    ChoicesAt(place, FilterTable::kFlows, 10);
  }
}

}  // namespace
}  // namespace tapiary::server
