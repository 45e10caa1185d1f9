#include "capture/ot/dnp3/register.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/dnp3/frames.h"

namespace tapiary::capture::dnp3 {
namespace {

OtGuess Guess(const test::Octets& side0, const test::Octets& side1, int server_side = -1) {
  OtGuess guess;
  guess.bytes[0] = side0;
  guess.bytes[1] = side1;
  guess.server_side = server_side;
  return guess;
}

TEST(Dnp3Recognise, OneHeaderIsEnoughOnAnyPort) {
  const test::Octets ask = test::Ask("c0 01 3c0106");
  EXPECT_EQ(Recognise(Guess(ask, {})).verdict, OtVerdict::kYes);
  for (std::size_t size = 1; size < 10; ++size) {
    const test::Octets front(ask.begin(), ask.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(Recognise(Guess(front, {})).verdict, OtVerdict::kMore) << size;
  }
}

TEST(Dnp3Recognise, OT06_ForeignContent) {
  for (const std::string_view hex :
       {"474554202f20485454502f312e31", "16030100c8010000c40303", "5353482d322e30",
        "0300002f2ae00000000000436f6f6b69653a", "0564056405640564056405640564", "05640000"}) {
    const test::Octets bytes = capture::test::Hex(hex);
    OtGuess guess = Guess(bytes, {});
    guess.usual_port = true;
    EXPECT_EQ(Recognise(guess).verdict, OtVerdict::kNo) << hex;
  }
}

TEST(Dnp3Recognise, OT09_FunctionThenDirectionTellWhoAsks) {
  const test::Octets ask = test::Ask("c0 01 3c0106");
  const test::Octets reply = test::Reply("c0 81 0000");
  EXPECT_EQ(Recognise(Guess(ask, reply)).client_side, 0);
  EXPECT_EQ(Recognise(Guess(reply, ask)).client_side, 1);
  // The outstation opened the connection and reports.
  const test::Octets report = test::Reply("f0 82 8000");
  EXPECT_EQ(Recognise(Guess(report, {}, 1)).client_side, 1);
  // Link services have the direction bit alone; a forged one does not hide a request.
  EXPECT_EQ(Recognise(Guess({}, test::Frame(0xc9, 10, 1, {}))).client_side, 1);
  EXPECT_EQ(Recognise(Guess({}, test::Frame(0x49, 10, 1, {}))).client_side, 0);
  EXPECT_EQ(Recognise(Guess(test::Frame(0x44, 10, 1, {0xc0, 0xc0, 0x0d}), {})).client_side, 0);
}

}  // namespace
}  // namespace tapiary::capture::dnp3
