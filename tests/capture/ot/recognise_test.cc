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
}

struct Seen {
  int port = -1, handshake = -1, first = 0;
  bool from_start = false, usual = true, last = false;
};

OtRecognition Outcome(Sides sides, const Seen& seen) {
  OtGuess guess;
  guess.usual_port = seen.usual;
  guess.handshake_server = seen.handshake;
  guess.server_side = seen.port >= 0 ? seen.port : seen.handshake;
  guess.first_side = seen.first;
  guess.from_start = seen.from_start;
  guess.last = seen.last;
  if (sides.zero != 0) guess.bytes[0] = {&sides.zero, 1};
  if (sides.one != 0) guess.bytes[1] = {&sides.one, 1};
  return RecogniseBy(guess, &Judge);
}

TEST(Recognise, OT08_PortAndHandshakeTogetherStand) {
  const Seen firm = {.port = 0, .handshake = 0};
  EXPECT_EQ(Outcome({'?', 0}, firm).verdict, OtVerdict::kNo);
  EXPECT_EQ(Outcome({'?', '='}, firm).client_side, 1);
  EXPECT_EQ(Outcome({'!', '?'}, firm).client_side, 1);
}

TEST(Recognise, OT08_AServerThatAsksIsWaitedWith) {
  EXPECT_EQ(Outcome({'?', 0}, {.port = 0}).verdict, OtVerdict::kMore);
  EXPECT_TRUE(Outcome({'?', 0}, {.port = 0}).matched);
  EXPECT_EQ(Outcome({'?', '!'}, {.port = 0}).client_side, 0);
  EXPECT_EQ(Outcome({'?', '?'}, {.port = 0}).client_side, 1);  // both ask: the port
  EXPECT_EQ(Outcome({'?', 0}, {.port = 0, .last = true}).client_side, 0);
  EXPECT_EQ(Outcome({'?', 0}, {.handshake = 0, .usual = false}).verdict, OtVerdict::kMore);
  EXPECT_EQ(Outcome({'?', '!'}, {.handshake = 0, .usual = false}).client_side, 0);
  EXPECT_EQ(Outcome({'?', 'x'}, {.handshake = 0, .usual = false}).verdict, OtVerdict::kNo);
}

// Side 0 has the usual port and made the connection.
TEST(Recognise, FL01_OT08_PortAgainstHandshake) {
  const Seen seen = {.port = 0, .handshake = 1};
  EXPECT_EQ(Outcome({'?', '!'}, seen).client_side, 0);
  EXPECT_EQ(Outcome({'!', '?'}, seen).client_side, 1);
  EXPECT_EQ(Outcome({'?', 0}, seen).client_side, 0);
  EXPECT_EQ(Outcome({'!', 0}, seen).client_side, 1);
  EXPECT_EQ(Outcome({'=', 0}, seen).client_side, 0);  // the handshake
}

TEST(Recognise, FL01_OT08_PortAgainstHandshakeFromTheStart) {
  Seen seen = {.port = 0, .handshake = 1, .from_start = true};
  EXPECT_EQ(Outcome({'=', 0}, seen).client_side, 0);
  // Who answers unasked is waited with, and asks after all when the other side does not.
  EXPECT_EQ(Outcome({'!', 0}, seen).verdict, OtVerdict::kMore);
  EXPECT_EQ(Outcome({'!', '!'}, seen).client_side, 0);
  EXPECT_EQ(Outcome({'!', '='}, seen).client_side, 0);
  EXPECT_EQ(Outcome({'!', '?'}, seen).client_side, 1);
  seen.last = true;
  EXPECT_EQ(Outcome({'!', 0}, seen).client_side, 1);
  seen = {.port = 0, .handshake = 1, .first = 1, .from_start = true};
  EXPECT_EQ(Outcome({0, '='}, seen).client_side, 1);
}

TEST(Recognise, OT04_WaitingForBytesIsNoMatch) {
  EXPECT_FALSE(Outcome({'.', 0}, {.usual = false}).matched);
  EXPECT_TRUE(Outcome({'?', 0}, {.usual = false}).matched);
  EXPECT_TRUE(Outcome({'?', '.'}, {.usual = false}).matched);
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
