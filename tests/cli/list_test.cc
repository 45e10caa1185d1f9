// Lists of the CLI: rows, lines, pages, the live tail's window.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/follow_window.h"
#include "cli/list_query.h"
#include "cli/list_verb.h"
#include "tests/cli/collector_fixture.h"

namespace tapiary::cli {
namespace {

using server::BodySource;
using server::Request;
using server::Response;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ListRows, FlowsAndEvents) {
  const auto flow = ReadListItem(
      ListKind::kFlows,
      R"({"start":"2026-11-01T00:00:00Z","sensor":"a\\x00","orig":{"ip":null,"mac":"00:01","packets":2},
          "resp":{"ip":"10.0.0.1","packets":3},"received":"1970-01-01T00:00:01Z"})");
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->row.size(), ListColumns(ListKind::kFlows).size());
  EXPECT_EQ(flow->received_ns, 1'000'000'000);
  EXPECT_EQ(std::get<std::string>(flow->row[1]), std::string("a\0", 2));  // escaped once, by us
  EXPECT_EQ(std::get<std::string>(flow->row[2]), "00:01");
  EXPECT_EQ(std::get<std::uint64_t>(flow->row[8]), 5u);
  const auto event =
      ReadListItem(ListKind::kEvents, R"({"ecs":{"event.action":"login"},"type":"x"})");
  EXPECT_EQ(std::get<std::string>(event->row[3]), "login");
  for (const char* bad : {"", "[]", "7", "{", "\xff"}) {
    EXPECT_FALSE(ReadListItem(ListKind::kFlows, bad)) << bad;
  }
  EXPECT_TRUE(ReadListItem(ListKind::kCommands, R"({"values":[1,null,{"a":2}],"orig":7})"));
}

TEST(ListOptions, ANegativeLimitIsSaidInFewWords) {
  CLI::App app;
  ListOptions options;
  AddListOptions(app, &options);
  try {
    app.parse("--limit -1");
    FAIL() << "it is taken";
  } catch (const CLI::ParseError& error) {
    EXPECT_STREQ(error.what(), "--limit: must be 0 or more");
  }
}

TEST(LineCutter, CutsWhateverTheParts) {
  const std::string text = "one\r\n\ntwo\nthree\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::vector<std::string> lines;
    LineCutter cutter([&](std::string_view line) {
      lines.emplace_back(line);
      return base::Result<>();
    });
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(cutter.Add(std::string_view(text).substr(at, size)));
    }
    EXPECT_THAT(lines, ElementsAre("one", "", "two", "three"));
  }
}

TEST(LineCutter, ALineWithoutEndIsAnError) {
  LineCutter cutter([](std::string_view) { return base::Result<>(); });
  const std::string part(4u << 20, 'x');
  base::Result<> result;
  for (int i = 0; i < 20 && result; ++i) result = cutter.Add(part);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::ErrorCode::kTooLarge);
}

std::vector<std::string> Texts(const std::vector<FollowWindow::Line>& lines) {
  std::vector<std::string> texts;
  for (const auto& line : lines) texts.push_back(line.text);
  return texts;
}

TEST(FollowWindow, ShowsEachRowOnceAndLateOnesToo) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  FollowWindow window;
  EXPECT_EQ(window.From(), "");
  EXPECT_THAT(Texts(window.Take({{200 * kSecond, "b"}, {100 * kSecond, "a"}})),
              ElementsAre("a", "b"));
  EXPECT_EQ(window.From(), "1970-01-01T00:03:10.000000000Z");
  // "late" was committed after "b" but carries an earlier time; "b2" the same time as "b".
  EXPECT_THAT(Texts(window.Take({{201 * kSecond, "c"},
                                 {200 * kSecond, "b2"},
                                 {200 * kSecond, "b"},
                                 {195 * kSecond, "late"}})),
              ElementsAre("late", "b2", "c"));
  EXPECT_THAT(Texts(window.Take({{201 * kSecond, "c"}, {195 * kSecond, "late"}})), ElementsAre());
}

class ListPages : public CollectorFixture {
 protected:
  // `rows` rows in pages of what is asked for.
  void ServeRows(int rows) {
    Serve([rows](const Request& request, BodySource&) {
      const int limit = std::stoi(request.query.at("limit"));
      const auto after = request.query.find("after");
      const int begin = after == request.query.end() ? 0 : std::stoi(after->second, nullptr, 16);
      const bool csv = request.query.at("format") == "csv";
      Response response;
      response.body = csv ? "n\r\n" : "";
      for (int i = begin; i < std::min(rows, begin + limit); ++i) {
        response.body += csv ? std::to_string(i) + "\r\n" : "{\"n\":" + std::to_string(i) + "}\n";
      }
      if (begin + limit < rows) {
        char next[40];
        std::snprintf(next, sizeof next, "%x", static_cast<unsigned>(begin + limit));
        response.headers.emplace_back(
            "Link", std::string("</api/v1/flows?limit=1&after=") + next + ">; rel=\"next\"");
      }
      response.headers.emplace_back("Tapiary-Fields-Not-Here", "event.user");
      return response;
    });
  }
  std::vector<std::string> Read(std::uint64_t limit, const std::string& format, PagesEnd* end) {
    auto client = CollectorClient::Open(Options());
    std::vector<std::string> lines;
    const auto read = ReadPages(**client, ListKind::kFlows, {{"filter", "x"}}, limit, format,
                                [&](std::string_view line) {
                                  lines.emplace_back(line);
                                  return base::Result<>();
                                });
    EXPECT_TRUE(read) << read.error().message;
    if (read) *end = *read;
    return lines;
  }
};

TEST_F(ListPages, AllPagesUpToTheLimit) {
  ServeRows(2345);
  PagesEnd end;
  EXPECT_EQ(Read(0, "ndjson", &end).size(), 2345u);
  EXPECT_EQ(end.rows, 2345u);
  EXPECT_FALSE(end.more);
  EXPECT_EQ(end.fields_not_here, "event.user");
  EXPECT_EQ(Read(1500, "ndjson", &end).back(), "{\"n\":1499}");
  EXPECT_TRUE(end.more);
  EXPECT_EQ(Read(2345, "ndjson", &end).size(), 2345u);
  EXPECT_FALSE(end.more);
}

TEST_F(ListPages, OneHeaderOfCsv) {
  ServeRows(2345);
  PagesEnd end;
  const auto lines = Read(0, "csv", &end);
  EXPECT_EQ(lines.size(), 2346u);
  EXPECT_EQ(lines.front(), "n");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "n"), 1);
  EXPECT_EQ(end.rows, 2345u);
}

TEST_F(ListPages, NothingIsNothing) {
  ServeRows(0);
  PagesEnd end;
  EXPECT_TRUE(Read(0, "ndjson", &end).empty());
  EXPECT_FALSE(end.more);
}

}  // namespace
}  // namespace tapiary::cli
