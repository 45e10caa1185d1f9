#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace tapiary::base {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return MakeError(ErrorCode::kInvalid, "odd");
  return value / 2;
}

Result<int> Quarter(int value) {
  TAPIARY_ASSIGN(const int half, Half(value));
  return Half(half);
}

Result<> CheckEven(int value) {
  TAPIARY_TRY(Half(value));
  return {};
}

TEST(Result, MacrosPassValuesAndErrors) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error().message, "odd");
  EXPECT_TRUE(CheckEven(2));
  EXPECT_FALSE(CheckEven(3));
}

TEST(Result, CarriesMoveOnlyValues) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    TAPIARY_ASSIGN(const auto pointer, make());
    return *pointer;
  };
  EXPECT_EQ(use().value(), 7);
}

TEST(Error, ContextGoesInFront) {
  const Error error = MakeError(ErrorCode::kCorrupt, "bad magic").WithContext("file x");
  EXPECT_EQ(error.ToString(), "corrupt: file x: bad magic");
}

TEST(Error, NamesEveryCode) {
  EXPECT_EQ(ToString(ErrorCode::kInvalid), "invalid");
  EXPECT_EQ(ToString(ErrorCode::kTooLarge), "too large");
  EXPECT_EQ(ToString(ErrorCode::kTimeout), "timed out");
  EXPECT_EQ(ToString(ErrorCode::kInternal), "internal error");
  EXPECT_EQ(ToString(static_cast<ErrorCode>(99)), "unknown");
}

TEST(Error, ErrnoChoosesTheCode) {
  EXPECT_EQ(Error::FromErrno(ENOENT, "x").code, ErrorCode::kNotFound);
  EXPECT_EQ(Error::FromErrno(EACCES, "x").code, ErrorCode::kPermission);
  EXPECT_EQ(Error::FromErrno(EEXIST, "x").code, ErrorCode::kExists);
  EXPECT_EQ(Error::FromErrno(ETIMEDOUT, "x").code, ErrorCode::kTimeout);
  EXPECT_EQ(Error::FromErrno(ENOSPC, "write").ToString(),
            "I/O error: write: No space left on device");
}

TEST(ResultDeathTest, ValueOfAFailedResultEndsTheProcess) {
  EXPECT_DEATH((void)Half(1).value(), "fatal: value of a failed result at .*: invalid: odd");
}

}  // namespace
}  // namespace tapiary::base
