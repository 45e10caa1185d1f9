#include "capture/ot/cip/techniques.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Request;

TEST(CipTechniques, CommandsAreFlagged) {
  struct Case {
    std::string request;
    bool command;
    std::string technique;
  };
  const Case cases[] = {
      {"05 02 20 01 24 01 00", true, "T0816"},
      {"05 02 20 01 24 01 01", true, "T0809"},
      {"05 02 20 f4 24 01", true, "T0816"},
      {"06 02 20 8e 24 01", true, "T0858"},
      {"07 02 20 64 24 01", true, "T0881"},
      {"04 02 20 8b 24 01 0100 0600 0058722208 5a0400", true, "T0836"},
      {"10 03 20 f5 24 01 30 05", true, "T0836"},
      {"08 02 20 6b 24 00", true, "T0889"},
      {"4c 02 20 37 24 01", true, "T0843"},
      {"50 02 20 37 24 01", true, "T0843"},
      {"51 02 20 37 24 01", true, "T0809"},
      {"4b 02 20 37 24 01", false, "T0845"},
      {"4b 02 20 a1 24 01", true, "T0857"},
      {"01 02 20 01 24 01", false, "T0888"},
      {"0e 03 20 04 24 65 30 03", false, ""},
      {"4d 02 20 72 24 01", false, ""},
      {capture::test::ForwardOpen(1, 2), false, ""},
      {capture::test::ForwardOpen(1, 2, "01"), true, "T0848"},
      {"4b 02 20 67 24 01 07 4d00 00000000 0f 00 0100 80 01", true, "T0858"},
      {"4b 02 20 67 24 01 07 4d00 00000000 0f 00 0100 50 01", true, "T0843"},
      {"4b 02 20 67 24 01 07 4d00 00000000 0f 00 0100 a2 02 07 89 00 00", false, "T0801"},
      {"4b 02 20 67 24 01 07 4d00 00000000 06 00 0100 03", false, "T0888"},
  };
  for (const Case& c : cases) {
    const Transaction t = Request(c.request);
    EXPECT_EQ(t.command, c.command) << c.request;
    EXPECT_EQ(t.attack_technique, c.technique) << c.request;
  }
}

TEST(CipTechniques, CommandNumbersAreNotServices) {
  EXPECT_FALSE(FindTechnique(Techniques(), 0x04, kEncapsulation).command);
  EXPECT_EQ(FindTechnique(Techniques(), 0x63, kEncapsulationDatagram).id, "T0846");
}

}  // namespace
}  // namespace tapiary::capture::cip
