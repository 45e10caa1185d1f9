#include "cli/aligned_text.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace tapiary::cli {
namespace {

using Lines = std::vector<std::vector<std::string>>;

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(AlignedText, WithoutLimitsAllIsWhole) {
  EXPECT_EQ(AlignedText({{"a", "b"}, {std::string(90, 'x'), "y"}}, {}),
            "a" + std::string(91, ' ') + "b\n" + std::string(90, 'x') + "  y\n");
  EXPECT_EQ(AlignedText({}, {}), "");
}

TEST(AlignedText, ALongCellWidensNoOtherRow) {
  const Lines lines = {{"time", "values", "detail"},
                       {"12:00:00.123456", std::string(500, '1'), std::string(60, 'd')},
                       {"12:00:01.123456", "2", "-"}};
  EXPECT_EQ(AlignedText(lines, {.cell_width = 10, .line_width = SIZE_MAX}),
            "time             values      detail\n"
            "12:00:00.123456  111111111\u2026  " +
                std::string(60, 'd') +
                "\n"
                "12:00:01.123456  2           -\n");
}

TEST(AlignedText, RowsFoldToTheTerminal) {
  const Lines lines = {{"time", "from", "to", "operation", "detail"},
                       {"12:00:00", "10.0.0.1", "10.0.0.2", "read_registers", "unit=1"},
                       {"12:00:01", "10.0.0.1", "10.0.0.2", "stop", std::string(40, 'd')}};
  EXPECT_EQ(AlignedText(lines, {.cell_width = 40, .line_width = 32}),
            "time      from      to\n"
            "    operation\n"
            "    detail\n"
            "12:00:00  10.0.0.1  10.0.0.2\n"
            "    read_registers\n"
            "    unit=1\n"
            "12:00:01  10.0.0.1  10.0.0.2\n"
            "    stop\n"
            "    ddddddddddddddddddddddddddd\u2026\n");
}

TEST(AlignedText, NoLineIsWiderThanTheTerminal) {
  Lines lines = {{"a", "b", "c", "d"}};
  for (std::size_t size = 1; size < 60; size += 7) {
    lines.push_back({std::string(size, 'a'), std::string(60 - size, 'b'), std::string(size, 'c'),
                     std::string(2 * size, 'd')});
  }
  for (std::size_t width = 20; width < 140; ++width) {
    for (std::string line : Split(AlignedText(lines, {.cell_width = 40, .line_width = width}))) {
      for (std::size_t at; (at = line.find("\u2026")) != std::string::npos;)
        line.replace(at, 3, ".");
      EXPECT_LE(line.size(), width) << line;
    }
  }
}

TEST(AlignedText, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(AlignedText({{"\u4e2d\u6587", "b"}, {"abcdef", "c"}}, {}),
            "\u4e2d\u6587    b\nabcdef  c\n");
  EXPECT_EQ(AlignedText({{"h", "\u4e2d\u6587\u4e2d", "l"}}, {.cell_width = 5}),
            "h  \u4e2d\u6587\u2026  l\n");
  EXPECT_EQ(AlignedText({{"h", "\u4e2d\u6587\u4e2d", "l"}}, {.cell_width = 4}),
            "h  \u4e2d\u2026  l\n");
}

TEST(CellText, HoldsNothingThatLooksLikeTheNextColumn) {
  EXPECT_EQ(CellText("two words"), "two words");
  EXPECT_EQ(CellText("ok   true"), R"(ok \x20\x20true)");
  EXPECT_EQ(CellText(" a "), R"(\x20a\x20)");
  EXPECT_EQ(CellText("a\u00a0\u3000b\u200b"), R"(a\xc2\xa0\xe3\x80\x80b\xe2\x80\x8b)");
  EXPECT_EQ(CellText("\x1b[2J\xff\n"), R"(\x1b[2J\xff\x0a)");
  EXPECT_EQ(CellText("Übergang \u4e2d"), "Übergang \u4e2d");
  EXPECT_EQ(CellText(""), "");
}

TEST(TerminalWidth, OfTheEnvironmentOrOfTheTerminal) {
  unsetenv("COLUMNS");
  int main_end = -1, terminal = -1;
  winsize size{};
  size.ws_col = 91;
  ASSERT_EQ(openpty(&main_end, &terminal, nullptr, nullptr, &size), 0);
  std::FILE* const out = fdopen(terminal, "w");
  EXPECT_EQ(TerminalWidth(out), 91u);
  setenv("COLUMNS", "120", 1);
  EXPECT_EQ(TerminalWidth(out), 120u);
  setenv("COLUMNS", "none", 1);
  EXPECT_EQ(TerminalWidth(out), 91u);
  unsetenv("COLUMNS");
  std::fclose(out);
  close(main_end);
  std::FILE* const file = std::tmpfile();
  EXPECT_EQ(TerminalWidth(file), SIZE_MAX);
  std::fclose(file);
}

}  // namespace
}  // namespace tapiary::cli
