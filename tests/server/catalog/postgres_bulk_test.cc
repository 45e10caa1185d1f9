#include "server/catalog/postgres_bulk.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tapiary::server {
namespace {

std::string Hex(std::string_view text) {
  return base::ToHex(base::AsBytes(text));
}

constexpr const char* kHead = "5047434f50590aff0d0a000000000000000000";

TEST(PostgresBulk, ValuesAreInTheBinaryFormOfCopy) {
  const std::vector<SqlValue> values{std::int64_t{-2}, nullptr, 1.5, std::string("ab"),
                                     std::vector<std::uint8_t>{0, 255}};
  EXPECT_EQ(Hex(CopyText(values, 5, {})), std::string(kHead) +
                                              "0005"
                                              "00000008fffffffffffffffe"
                                              "ffffffff"
                                              "000000083ff8000000000000"
                                              "000000026162"
                                              "0000000200ff"
                                              "ffff");
}

TEST(PostgresBulk, RowsCanBeLeftOut) {
  const std::vector<SqlValue> values{std::string("a"), std::string("b"), std::string("c"),
                                     std::string("d")};
  const std::vector<std::size_t> without{0, 2};
  EXPECT_EQ(Hex(CopyText(values, 1, without)),
            std::string(kHead) + "00010000000162" + "00010000000164" + "ffff");
  EXPECT_EQ(Hex(CopyText({}, 1, {})), std::string(kHead) + "ffff");
}

}  // namespace
}  // namespace tapiary::server
