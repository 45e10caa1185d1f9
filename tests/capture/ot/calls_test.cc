#include "capture/ot/calls.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

OtCalls::Answer AnswerTo(std::uint64_t call, std::size_t size = 1) {
  OtCalls::Answer answer;
  answer.call = call;
  answer.bytes.assign(size, 7);
  return answer;
}

TEST(OtCalls, AnAnswerGoesToWhoeverAsked) {
  OtCalls calls;
  const std::uint32_t one = calls.NewOwner(), other = calls.NewOwner();
  EXPECT_NE(one, other);
  calls.Ask(5, one);
  EXPECT_FALSE(calls.AskedElsewhere(5, one));
  EXPECT_TRUE(calls.AskedElsewhere(5, other));
  EXPECT_TRUE(calls.AskedElsewhere(5, 0));  // one that never asked
  EXPECT_FALSE(calls.AskedElsewhere(6, other));
  EXPECT_FALSE(calls.Take(one).has_value());
  calls.Leave(AnswerTo(5));
  EXPECT_FALSE(calls.Take(other).has_value());
  const auto answer = calls.Take(one);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->call, 5u);
  EXPECT_EQ(answer->bytes.size(), 1u);
  EXPECT_FALSE(calls.Take(one).has_value());
  calls.Leave(AnswerTo(5));  // a second one is for it to judge
  EXPECT_TRUE(calls.Take(one).has_value());
}

TEST(OtCalls, OT13_FloodsAreBounded) {
  OtCalls calls;
  const std::uint32_t owner = calls.NewOwner();
  for (std::uint64_t call = 0; call < 1000; ++call) calls.Ask(call, owner);
  EXPECT_FALSE(calls.AskedElsewhere(999 - OtCalls::kMaxCalls, 0));
  EXPECT_TRUE(calls.AskedElsewhere(1000 - OtCalls::kMaxCalls, 0));
  for (std::uint64_t call = 0; call < 1000; ++call) calls.Leave(AnswerTo(call, 1 << 16));
  std::size_t taken = 0;
  while (const auto answer = calls.Take(owner)) {
    ++taken;
    EXPECT_EQ(answer->bytes.size(), OtCalls::kMaxBytes);
    EXPECT_TRUE(answer->cut);
  }
  EXPECT_EQ(taken, OtCalls::kMaxCalls);
}

}  // namespace
}  // namespace tapiary::capture
