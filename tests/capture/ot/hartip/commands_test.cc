#include "capture/ot/hartip/commands.h"

#include <gtest/gtest.h>

#include <string_view>

namespace tapiary::capture::hartip {
namespace {

TEST(HartCommands, NamesAndFlags) {
  EXPECT_EQ(CommandName(0), "read_unique_identifier");
  EXPECT_EQ(CommandName(513), "write_country_code");
  EXPECT_EQ(CommandName(4), "");
  for (const TechniqueRow& row : Techniques()) {
    const std::string_view name = CommandName(static_cast<std::uint16_t>(row.code));
    EXPECT_FALSE(name.empty()) << row.code;
    EXPECT_EQ(row.command, !name.starts_with("read_") && !name.starts_with("poll_")) << name;
    EXPECT_TRUE(row.id.empty() || !TechniqueName(row.id).empty()) << row.code;
  }
}

TEST(HartCommands, WarningsAreNoErrors) {
  EXPECT_TRUE(IsWarning(8));
  EXPECT_TRUE(IsWarning(112));
  EXPECT_FALSE(IsWarning(7));
  EXPECT_FALSE(IsWarning(64));
  EXPECT_FALSE(IsWarning(0x88));
}

}  // namespace
}  // namespace tapiary::capture::hartip
