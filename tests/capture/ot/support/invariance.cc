#include "tests/capture/ot/support/invariance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/capture/ot/support/facts.h"

namespace tapiary::capture::test {
namespace {

// As much of a transaction as must be right when it has no anomaly: of an answered request all, of
// an unanswered one what it asks, of a reply without request the operation.
Fields Kind(const Transaction& t) {
  switch (t.status) {
    case TransactionStatus::kUnsolicited:
      return FieldsOf(t, Scope::kOperation);
    case TransactionStatus::kNoReply:
      return FieldsOf(t, Scope::kRequest);
    default:
      return FieldsOf(t, Scope::kCore);
  }
}

std::string RunText(const MeterRun& run) {
  std::string text;
  for (const Transaction& t : run.records.transactions) {
    text += "\n    " + ToText(FieldsOf(t, Scope::kAll));
  }
  return text + "\n    " + ToText(FlowFields(run));
}

// Runs variants, compares with the whole run, and stops after a few failures: one fault in a
// decoder fails hundreds of variants.
class Checker {
 public:
  explicit Checker(const Conversation& talk)
      : talk_(talk), whole_(Deliver(talk, WholeMessages(talk))) {
    const bool claimed = !whole_.records.flows.empty();
    saved_ = SaveSeed(talk, claimed ? whole_.records.flows[0].service : "");
    for (const Transaction& t : whole_.records.transactions) {
      known_.insert(FieldsOf(t, Scope::kCore));
      known_.insert(FieldsOf(t, Scope::kRequest));
      known_.insert(FieldsOf(t, Scope::kOperation));
    }
    for (const Transaction& t : Deliver(talk, OneSide(false)).records.transactions) {
      if (t.status == TransactionStatus::kUnsolicited) known_.insert(Kind(t));
    }
  }

  [[nodiscard]] const Conversation& talk() const { return talk_; }
  [[nodiscard]] const MeterRun& whole() const { return whole_; }
  [[nodiscard]] bool done() const { return saved_ || failures_ >= 3; }
  [[nodiscard]] bool tcp() const { return talk_.carrier == Carrier::kTcp; }

  [[nodiscard]] Delivery OneSide(bool client) const {
    Delivery delivery = WholeMessages(talk_);
    std::erase_if(delivery.pieces, [&](const Piece& piece) {
      return talk_.messages[piece.message].from_client != client;
    });
    delivery.handshake = false;
    delivery.close = false;
    return delivery;
  }

  void Fail(const std::string& variant, const std::string& text) {
    ++failures_;
    ADD_FAILURE() << variant << ": " << text;
  }
  void ExpectSame(const std::string& variant, const Delivery& delivery);
  // All of `expected` are there, in any order; what else is there is known, or has an anomaly.
  void ExpectAmong(const std::string& variant, const std::vector<const Transaction*>& expected,
                   Scope scope, const MeterRun& run);
  void ExpectNothingInvented(const std::string& variant, const MeterRun& run);
  // Of the whole run: without message `lost`, from message `first` on.
  [[nodiscard]] std::vector<const Transaction*> Untouched(std::size_t first,
                                                          std::size_t lost) const;
  [[nodiscard]] std::vector<const Transaction*> Untouched(std::size_t first) const {
    return Untouched(first, talk_.messages.size());
  }

 private:
  const Conversation& talk_;
  MeterRun whole_;
  std::set<Fields> known_;
  int failures_ = 0;
  bool saved_ = false;
};

void Checker::ExpectSame(const std::string& variant, const Delivery& delivery) {
  if (done()) return;
  const MeterRun run = Deliver(talk_, delivery);
  const auto& expected = whole_.records.transactions;
  const auto& actual = run.records.transactions;
  for (std::size_t i = 0; i < std::min(expected.size(), actual.size()); ++i) {
    const std::string difference =
        Difference(FieldsOf(expected[i], Scope::kAll), FieldsOf(actual[i], Scope::kAll));
    if (!difference.empty()) {
      return Fail(variant,
                  fmt::format("transaction {} ({}): {}", i, actual[i].operation, difference));
    }
  }
  const std::string difference = Difference(FlowFields(whole_), FlowFields(run));
  if (!difference.empty()) Fail(variant, "flow: " + difference);
}

void Checker::ExpectAmong(const std::string& variant,
                          const std::vector<const Transaction*>& expected, Scope scope,
                          const MeterRun& run) {
  std::multiset<Fields> found;  // the order of completion may change
  for (const Transaction& t : run.records.transactions) found.insert(FieldsOf(t, scope));
  for (const Transaction* const t : expected) {
    const auto at = found.find(FieldsOf(*t, scope));
    if (at == found.end()) {
      return Fail(variant, "missing " + ToText(FieldsOf(*t, scope)) + "\n  in" + RunText(run));
    }
    found.erase(at);
  }
  ExpectNothingInvented(variant, run);
}

void Checker::ExpectNothingInvented(const std::string& variant, const MeterRun& run) {
  for (const Transaction& t : run.records.transactions) {
    if (!t.anomalies.empty() || known_.contains(Kind(t))) continue;
    return Fail(variant, "invented " + ToText(FieldsOf(t, Scope::kAll)));
  }
}

std::vector<const Transaction*> Checker::Untouched(std::size_t first, std::size_t lost) const {
  std::vector<const Transaction*> result;
  for (const Transaction& t : whole_.records.transactions) {
    const std::int64_t begin = t.time_ns;
    const std::int64_t end = begin + t.latency_ns.value_or(0);
    if (begin < MessageTime(first)) continue;
    if (begin < MessageTime(lost + 1) && end >= MessageTime(lost)) continue;
    result.push_back(&t);
  }
  return result;
}

void CheckJoins(Checker& checker) {
  const Conversation& talk = checker.talk();
  for (std::size_t first = 1; first < talk.messages.size() && !checker.done(); ++first) {
    Delivery delivery = WholeMessages(talk, first);
    delivery.handshake = false;
    const bool enough = talk.messages.size() - first >= talk.recognise_messages;
    checker.ExpectAmong(fmt::format("joined at message {}", first),
                        enough ? checker.Untouched(first) : std::vector<const Transaction*>(),
                        Scope::kCore, Deliver(talk, delivery));
  }
}

void CheckTornJoins(Checker& checker) {
  const Conversation& talk = checker.talk();
  for (std::size_t first = 0; first < talk.messages.size(); ++first) {
    const std::size_t again = talk.NextOfSide(first, 1 + talk.resync_messages);
    const bool enough = talk.messages.size() - again >= talk.recognise_messages;
    for (std::size_t at = 1; at < talk.size_of(first) && !checker.done(); ++at) {
      Delivery delivery = WholeMessages(talk, first);
      delivery.handshake = false;
      delivery.pieces[0] = {first, at, talk.size_of(first) - at};
      checker.ExpectAmong(fmt::format("joined in message {} at byte {}", first, at),
                          enough ? checker.Untouched(again) : std::vector<const Transaction*>(),
                          Scope::kCore, Deliver(talk, delivery));
    }
  }
}

// What is untouched by the loss of one message, or torn with it until sync is back.
std::vector<const Transaction*> AfterTornGap(const Checker& checker, std::size_t lost) {
  const std::size_t again = checker.talk().NextOfSide(lost, 1 + checker.talk().resync_messages);
  std::vector<const Transaction*> expected;
  for (const Transaction* const t : checker.Untouched(0, lost)) {
    const std::int64_t end = t->time_ns + t->latency_ns.value_or(0);
    if (end < MessageTime(lost) || t->time_ns >= MessageTime(again)) expected.push_back(t);
  }
  return expected;
}

void CheckTornGaps(Checker& checker, std::size_t lost) {
  const Conversation& talk = checker.talk();
  const std::vector<const Transaction*> expected = AfterTornGap(checker, lost);
  const std::size_t size = talk.size_of(lost);
  for (std::size_t at = 1; at < size && !checker.done(); ++at) {
    Delivery front = WholeMessages(talk);
    front.pieces[lost] = {lost, at, size - at};
    checker.ExpectAmong(fmt::format("message {} without its first {} bytes", lost, at), expected,
                        Scope::kCore, Deliver(talk, front));
    Delivery back = WholeMessages(talk);
    back.pieces[lost] = {lost, 0, at};
    checker.ExpectAmong(fmt::format("message {} without what follows byte {}", lost, at), expected,
                        Scope::kCore, Deliver(talk, back));
  }
}

Delivery BytePackets(const Conversation& talk) {
  Delivery delivery;
  for (std::size_t i = 0; i < talk.messages.size(); ++i) {
    for (std::size_t at = 0; at < talk.size_of(i); ++at) delivery.pieces.push_back({i, at, 1});
  }
  return delivery;
}

Delivery Coalesced(const Conversation& talk) {
  Delivery delivery;
  for (std::size_t i = 0; i < talk.messages.size(); ++i) {
    const bool same = i > 0 && talk.messages[i].from_client == talk.messages[i - 1].from_client;
    if (same && delivery.pieces.back().size + talk.size_of(i) <= 32'000) {
      delivery.pieces.back().size += talk.size_of(i);
    } else {
      delivery.pieces.push_back({i, 0, talk.size_of(i)});
    }
  }
  return delivery;
}

}  // namespace

void CheckCuts(const Conversation& talk) {
  Checker checker(talk);
  if (!checker.tcp()) return;
  EXPECT_FALSE(checker.whole().records.transactions.empty()) << "the whole exchange has no facts";
  checker.ExpectSame("one byte a segment", BytePackets(talk));
  checker.ExpectSame("several messages a segment", Coalesced(talk));
  Delivery delivery = WholeMessages(talk);
  delivery.batch = 1;
  checker.ExpectSame("batches of one packet", delivery);
  delivery.swapped_ends = true;
  checker.ExpectSame("client at the higher address", delivery);
  for (std::size_t i = 0; i < talk.messages.size(); ++i) {
    for (std::size_t at = 1; at < talk.size_of(i) && !checker.done(); ++at) {
      Delivery cut = WholeMessages(talk);
      cut.pieces[i].size = at;
      cut.pieces.insert(cut.pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                        {i, at, talk.size_of(i) - at});
      checker.ExpectSame(fmt::format("message {} cut at byte {}", i, at), cut);
    }
  }
}

// Halves of messages in the wrong order, the first ones too: the handshake says where they begin.
void CheckSwappedHalves(Checker& checker) {
  const Conversation& talk = checker.talk();
  Delivery all;
  for (const Piece& piece : WholeMessages(talk).pieces) {
    const std::size_t half = piece.size / 2;
    if (half == 0) {
      all.pieces.push_back(piece);
      continue;
    }
    const Piece front = {piece.message, 0, half};
    const Piece back = {piece.message, half, piece.size - half};
    Delivery one = WholeMessages(talk);
    one.pieces[piece.message] = back;
    one.pieces.insert(one.pieces.begin() + static_cast<std::ptrdiff_t>(piece.message) + 1, front);
    checker.ExpectSame(fmt::format("halves of message {} swapped", piece.message), one);
    all.pieces.insert(all.pieces.end(), {back, front});
  }
  checker.ExpectSame("the halves of all messages swapped", all);
}

void CheckRepeatsAndOrder(const Conversation& talk) {
  Checker checker(talk);
  if (!checker.tcp()) return;
  const Delivery whole = WholeMessages(talk);
  Delivery twice = whole, later = whole;
  twice.pieces.clear();
  later.pieces.clear();
  for (const Piece& piece : whole.pieces) {
    twice.pieces.insert(twice.pieces.end(), {piece, piece});
    later.pieces.push_back(piece);
    if (piece.message > 0) later.pieces.push_back(whole.pieces[piece.message - 1]);
  }
  checker.ExpectSame("every segment twice", twice);
  checker.ExpectSame("every segment again after the next", later);
  CheckSwappedHalves(checker);
  for (std::size_t i = 2; i < whole.pieces.size(); ++i) {
    const bool side = talk.messages[i].from_client;
    const auto same = [side](const Message& message) { return message.from_client == side; };
    const auto end = talk.messages.begin() + static_cast<std::ptrdiff_t>(i) - 1;
    const bool begun = std::any_of(talk.messages.begin(), end, same);
    if (!begun || !same(*end)) continue;
    Delivery swapped = whole;
    std::swap(swapped.pieces[i - 1], swapped.pieces[i]);
    checker.ExpectSame(fmt::format("messages {} and {} swapped", i - 1, i), swapped);
  }
}

void CheckOneSided(const Conversation& talk) {
  Checker checker(talk);
  std::vector<const Transaction*> requests;
  for (const Transaction& t : checker.whole().records.transactions) {
    if (t.status != TransactionStatus::kUnsolicited) requests.push_back(&t);
  }
  if (!talk.requests_stand_alone) requests.clear();
  checker.ExpectAmong("client only", requests, Scope::kRequest,
                      Deliver(talk, checker.OneSide(true)));
  checker.ExpectNothingInvented("server only", Deliver(talk, checker.OneSide(false)));
}

void CheckMidStream(const Conversation& talk) {
  Checker checker(talk);
  CheckJoins(checker);
  if (checker.tcp()) CheckTornJoins(checker);
}

void CheckGaps(const Conversation& talk) {
  Checker checker(talk);
  for (std::size_t lost = 0; lost < talk.messages.size() && !checker.done(); ++lost) {
    Delivery delivery = WholeMessages(talk);
    delivery.pieces.erase(delivery.pieces.begin() + static_cast<std::ptrdiff_t>(lost));
    checker.ExpectAmong(fmt::format("message {} lost", lost), checker.Untouched(0, lost),
                        Scope::kCore, Deliver(talk, delivery));
    if (checker.tcp()) CheckTornGaps(checker, lost);
  }
}

void CheckSnapLengths(const Conversation& talk) {
  Checker checker(talk);
  std::size_t longest = 0;
  for (const Message& message : talk.messages) longest = std::max(longest, message.bytes.size());
  for (std::size_t snap = 0; snap < longest && !checker.done(); ++snap) {
    Delivery delivery = WholeMessages(talk);
    delivery.snap = snap;
    checker.ExpectNothingInvented(fmt::format("captured to byte {} of each payload", snap),
                                  Deliver(talk, delivery));
  }
}

void CheckInvariance(const Conversation& talk) {
  ASSERT_FALSE(talk.messages.empty());
  CheckCuts(talk);
  CheckRepeatsAndOrder(talk);
  CheckOneSided(talk);
  CheckMidStream(talk);
  CheckGaps(talk);
  CheckSnapLengths(talk);
}

}  // namespace tapiary::capture::test
