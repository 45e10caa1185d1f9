#include "cli/table.h"

#include <gtest/gtest.h>

#include <limits>

namespace tapiary::cli {
namespace {

Table Sample() {
  Table table({"name", "count", "list"});
  table.Add({std::string("plc"), std::uint64_t{12}, std::vector<std::string>{"a", "b"}});
  table.Add({std::string("x,\"y\""), Cell(), std::vector<std::string>{}});
  return table;
}

TEST(Table, Text) {
  EXPECT_EQ(Sample().ToText(Format::kTable),
            "name   count  list\n"
            "plc    12     a b\n"
            "x,\"y\"  -      -\n");
}

TEST(Table, Ndjson) {
  EXPECT_EQ(Sample().ToText(Format::kNdjson),
            "{\"name\":\"plc\",\"count\":12,\"list\":[\"a\",\"b\"]}\n"
            "{\"name\":\"x,\\\"y\\\"\",\"count\":null,\"list\":[]}\n");
}

TEST(Table, JsonOfNothingIsAnEmptyList) {
  EXPECT_EQ(Table({"a"}).ToText(Format::kJson), "[]\n");
  EXPECT_EQ(Table({"a"}).ToText(Format::kNdjson), "");
}

TEST(Table, Csv) {
  EXPECT_EQ(Sample().ToText(Format::kCsv),
            "name,count,list\r\n"
            "plc,12,a b\r\n"
            "\"x,\"\"y\"\"\",,\r\n");
}

TEST(Table, HostileTextIsEscapedAndNeverAFormula) {
  Table table({"a"});
  table.Add({std::string("\x1b[31m\xff\n")});
  table.Add({std::string("=cmd|' /C calc'!A0")});
  EXPECT_EQ(table.ToText(Format::kNdjson).find('\x1b'), std::string::npos);
  EXPECT_NE(table.ToText(Format::kNdjson).find(R"("\\x1b[31m\\xff\\x0a")"), std::string::npos);
  EXPECT_NE(table.ToText(Format::kCsv).find("\r\n'=cmd"), std::string::npos);
  EXPECT_EQ(table.ToText(Format::kTable).find('\x1b'), std::string::npos);
}

TEST(Table, TextCannotPoseAsTheNextCell) {
  Table table({"operation", "status", "detail"});
  table.Add({std::string("read   ok"), std::string("exception"),
             std::vector<std::string>{"a=1", "b=\"x  y\""}});
  EXPECT_EQ(table.ToText(Format::kTable),
            "operation        status     detail\n"
            "read \\x20\\x20ok  exception  a=1 b=\"x \\x20y\"\n");
  EXPECT_NE(table.ToText(Format::kCsv).find("read   ok"), std::string::npos);
}

TEST(Table, OnlyTheTableIsCut) {
  Table table({"first", "values", "last"});
  table.Add({std::string(50, 'f'), std::string(50, 'v'), std::string(50, 'l')});
  const TextLayout layout = {.cell_width = 9, .line_width = SIZE_MAX};
  EXPECT_NE(table.ToText(Format::kTable, layout)
                .find(std::string(50, 'f') + "  vvvvvvvv\u2026  " + std::string(50, 'l')),
            std::string::npos);
  for (const Format format : {Format::kCsv, Format::kJson, Format::kNdjson}) {
    EXPECT_NE(table.ToText(format, layout).find(std::string(50, 'v')), std::string::npos);
  }
}

TEST(Table, NumbersAndShortRows) {
  Table table({"a", "b", "c"});
  table.Add({std::int64_t{-5}, 0.5});
  table.Add({std::numeric_limits<double>::quiet_NaN(), true, false});
  EXPECT_EQ(table.ToText(Format::kNdjson),
            "{\"a\":-5,\"b\":0.5,\"c\":null}\n{\"a\":null,\"b\":true,\"c\":false}\n");
}

}  // namespace
}  // namespace tapiary::cli
