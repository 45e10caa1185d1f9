#include "capture/ot/recognise.h"

#include <gtest/gtest.h>

#include <array>

namespace tapiary::capture {
namespace {

// '?' asks, '!' answers, '=' either, '#' is certain, '.' needs more, others are foreign.
OtLook Judge(base::Bytes bytes, bool, bool) {
  switch (bytes[0]) {
    case '?':
      return OtLook::Yes(true, false);
    case '!':
      return OtLook::Yes(false, true);
    case '=':
      return OtLook::Yes(true, true);
    case '#':
      return OtLook::Yes(true, true, true);
    case '.':
      return OtLook::More();
    default:
      return OtLook::No();
  }
}

struct Sides {
  std::uint8_t zero = 0, one = 0;
};

OtRecognition Outcome(Sides sides, bool usual, int server = -1, bool datagram = false) {
  OtGuess guess;
  guess.usual_port = usual;
  guess.server_side = server;
  guess.datagram = datagram;
  if (sides.zero != 0) guess.bytes[0] = {&sides.zero, 1};
  if (sides.one != 0) guess.bytes[1] = {&sides.one, 1};
  return RecogniseBy(guess, &Judge);
}

TEST(Recognise, OneMatchOnTheUsualPortTwoElsewhere) {
  EXPECT_EQ(Outcome({'?', 0}, true).verdict, OtVerdict::kYes);
  EXPECT_EQ(Outcome({'?', 0}, false).verdict, OtVerdict::kMore);
  EXPECT_EQ(Outcome({'?', '!'}, false).verdict, OtVerdict::kYes);
  EXPECT_EQ(Outcome({'?', 'x'}, false).verdict, OtVerdict::kNo);
  EXPECT_EQ(Outcome({'#', 0}, false).verdict, OtVerdict::kYes);
  EXPECT_EQ(Outcome({'x', 0}, true).verdict, OtVerdict::kNo);
  EXPECT_EQ(Outcome({'.', 0}, true).verdict, OtVerdict::kMore);
  EXPECT_EQ(Outcome({'.', 0}, true, -1, true).verdict, OtVerdict::kNo);
}

TEST(Recognise, OT08_PortDecidesWhoAsksThenContent) {
  EXPECT_EQ(Outcome({'?', '!'}, true, 1).client_side, 0);
  EXPECT_EQ(Outcome({'=', 0}, true, 0).client_side, 1);
  EXPECT_EQ(Outcome({'!', 0}, true).client_side, 1);
  EXPECT_EQ(Outcome({0, '?'}, true).client_side, 1);
  EXPECT_EQ(Outcome({'=', '='}, false).client_side, 0);
  // A server that asks is none.
  EXPECT_EQ(Outcome({'?', 0}, true, 0).verdict, OtVerdict::kNo);
}

// Both sides of the port rule are wrong here: the content wins, and a tie changes nothing.
TEST(Recognise, OT08_WhatPdusSayGoesBeforeThePort) {
  const auto outcome = [](std::uint8_t zero, std::uint8_t one) {
    const std::uint8_t bytes[] = {zero, one};
    OtGuess guess;
    guess.usual_port = true;
    guess.server_side = 1;
    guess.bytes[0] = {&bytes[0], 1};
    guess.bytes[1] = {&bytes[1], 1};
    return RecogniseByAsker(guess, &Judge, [](base::Bytes side) {
      return side.empty() || side[0] == '=' ? 0 : side[0] == '#' ? 1 : -1;
    });
  };
  EXPECT_EQ(outcome('=', '#').client_side, 1);
  EXPECT_EQ(outcome('#', '=').client_side, 0);
  EXPECT_EQ(outcome('=', '=').client_side, 0);
  EXPECT_EQ(outcome('x', 'x').verdict, OtVerdict::kNo);
}

}  // namespace
}  // namespace tapiary::capture
