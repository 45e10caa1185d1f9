// One OT protocol: its decoder alone, or recognised and reassembled by an OtSession.
#include <algorithm>
#include <memory>

#include "capture/ot/registry.h"
#include "capture/ot/session.h"
#include "tests/fuzz/ot_script.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {
namespace {

using namespace capture;

constexpr std::uint16_t kNoUsualPort = 1;

// Counts results and bounds what they may hold for the bytes that were given.
class Tally final : public OtOutput {
 public:
  void Emit(Transaction&& transaction) override {
    ++transactions_;
    size_ += transaction.values.size() * sizeof(std::int64_t) + transaction.operation.size();
    for (const auto& [name, text] : transaction.detail) size_ += name.size() + text.size();
    for (const std::string& name : transaction.anomalies) size_ += name.size();
    Require(!transaction.operation.empty(), "a transaction has an operation");
    Require(transaction.status != TransactionStatus::kException || transaction.exception ||
                !transaction.anomalies.empty(),
            "an exception has its code");
  }
  void Anomaly(std::string_view name) override {
    Require(!name.empty() && name.size() < 64, "an anomaly has a short name");
  }
  void Count(std::string_view name, std::uint64_t) override {
    Require(name.find('.') != std::string_view::npos, "a counter is named service.what");
  }
  void Check(std::size_t bytes) const {
    Require(transactions_ <= bytes + 16, "transactions are bounded by bytes");
    // A bit may become a value of eight bytes; a text is escaped or named at most.
    Require(size_ <= 256 * bytes + 4096 * transactions_, "results are bounded by bytes");
  }

 private:
  std::size_t transactions_ = 0;
  std::size_t size_ = 0;
};

struct Exchange {
  explicit Exchange(const OtProtocol& of, std::uint8_t mode) : protocol(of), flags(mode) {
    const bool layer2 = of.llc || of.ether_types[0] != 0;
    const bool stream = of.tcp && ((mode & kOtDatagrams) == 0 || !(of.udp || layer2));
    datagram = !stream;
    server_side = (mode & kOtServerIsLow) != 0 ? 0 : 1;
    info.ip_proto = stream ? 6 : of.udp ? 17 : 0;
    if (info.ip_proto == 0) {
      info.ether_type = of.ether_types[0];
    } else {
      info.ports[server_side] = (mode & kOtOtherPort) != 0 ? kNoUsualPort : of.ports[0];
      info.ports[1 - server_side] = 40000;
    }
    if ((mode & kOtHandshake) != 0) info.server_by_handshake = server_side;
  }
  const OtProtocol& protocol;
  std::uint8_t flags;
  OtFlowInfo info;
  bool datagram = false;
  int server_side = 1;
  std::int64_t now_ns = 1'700'000'000LL * 1'000'000'000;
};

// The session as the flow tracker uses it: made when a segment could be OT, gone when hopeless.
class SessionUser {
 public:
  SessionUser(const Exchange& exchange, Tally& out) : exchange_(exchange), out_(out) {}
  void Data(bool from_client, Bytes bytes, std::uint32_t missing, std::int64_t now_ns) {
    const int side = from_client ? 1 - exchange_.server_side : exchange_.server_side;
    OtSegment segment;
    segment.side = static_cast<std::uint8_t>(side);
    segment.datagram = exchange_.datagram;
    segment.seq = seq_[side];
    segment.bytes = bytes;
    segment.length = static_cast<std::uint32_t>(bytes.size()) + missing;
    segment.time_ns = now_ns;
    seq_[side] += segment.length;
    Offer(segment);
    last_ = segment;
  }
  void Repeat() {
    if (last_.length != 0) Offer(last_);
  }
  void Hole(bool from_client, std::uint32_t size) {
    seq_[from_client ? 1 - exchange_.server_side : exchange_.server_side] += size;
  }
  void Acknowledge(bool from_client) {
    const int side = from_client ? 1 - exchange_.server_side : exchange_.server_side;
    if (session_) session_->Acknowledge(static_cast<std::uint8_t>(side), seq_[1 - side], out_);
    Drop();
  }
  void Expire(std::int64_t now_ns) {
    if (session_) session_->Expire(now_ns, out_);
  }
  void Finish() {
    if (session_) session_->Finish(out_);
  }

 private:
  void Offer(const OtSegment& segment) {
    if (segment.length == 0) return;
    if (!session_) {
      if (!CouldBeOt(segment, exchange_.info)) return;
      session_ = std::make_unique<OtSession>(exchange_.info);
    }
    session_->Offer(segment, out_);
    Drop();
  }
  void Drop() {
    if (session_ && session_->hopeless()) session_.reset();
  }

  const Exchange& exchange_;
  Tally& out_;
  std::unique_ptr<OtSession> session_;
  std::uint32_t seq_[2] = {1, 0xffffff00};
  OtSegment last_;
};

class DecoderUser {
 public:
  DecoderUser(const Exchange& exchange, Tally& out)
      : exchange_(exchange), out_(out), decoder_(exchange.protocol.make()) {}
  void Data(bool from_client, Bytes bytes, std::uint32_t missing, std::int64_t now_ns) {
    if (exchange_.datagram) {
      decoder_->OnDatagram(from_client, bytes, missing != 0, now_ns, out_);
    } else {
      if (!bytes.empty()) decoder_->OnBytes(from_client, bytes, now_ns, out_);
      if (missing != 0) decoder_->OnGap(from_client, missing, true, out_);
    }
  }
  void Repeat() {}
  void Hole(bool from_client, std::uint32_t size) {
    if (!exchange_.datagram) decoder_->OnGap(from_client, size, false, out_);
  }
  void Acknowledge(bool) {}
  void Expire(std::int64_t now_ns) { decoder_->Expire(now_ns, out_); }
  void Finish() {
    decoder_->Finish(out_);
    Require(decoder_->next_due_ns() == INT64_MAX, "nothing waits after Finish");
  }

 private:
  const Exchange& exchange_;
  Tally& out_;
  std::unique_ptr<OtDecoder> decoder_;
};

template <class User>
void Step(Parts& parts, Exchange& exchange, User& user) {
  const std::uint8_t head = parts.U8();
  const std::uint16_t size = parts.U16();
  const bool from_client = (head & 1) == 0;
  const auto step = static_cast<OtStep>(head >> 1 & 7);
  exchange.now_ns += 1'000'000;
  switch (step) {
    case OtStep::kData:
    case OtStep::kRepeatedData:
      user.Data(from_client, parts.Take(size), 0, exchange.now_ns);
      if (step == OtStep::kRepeatedData) user.Repeat();
      break;
    case OtStep::kCutData:
      user.Data(from_client, parts.Take(size), 1 + head, exchange.now_ns);
      break;
    case OtStep::kSplitData: {
      const Bytes bytes = parts.Take(size);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        user.Data(from_client, bytes.subspan(i, 1), 0, exchange.now_ns);
      }
      break;
    }
    case OtStep::kHole:
      user.Hole(from_client, size);
      break;
    case OtStep::kUnknownHole:
      user.Hole(from_client, 0);
      break;
    case OtStep::kWait:
      exchange.now_ns += std::int64_t{size} * 16'000'000;
      user.Expire(exchange.now_ns);
      break;
    case OtStep::kAcknowledge:
      user.Acknowledge(from_client);
      break;
  }
}

template <class User>
void RunScript(Parts parts, Exchange& exchange, std::size_t bytes) {
  Tally tally;
  User user(exchange, tally);
  while (!parts.empty()) Step(parts, exchange, user);
  user.Finish();
  tally.Check(bytes);
}

}  // namespace

void FuzzOt(Bytes input, const OtProtocol* protocol) {
  Parts parts(input);
  const std::uint8_t flags = parts.U8();
  Exchange exchange(*protocol, flags);
  if ((flags & kOtSession) != 0) {
    RunScript<SessionUser>(parts, exchange, input.size());
  } else if (protocol->make != nullptr) {
    RunScript<DecoderUser>(parts, exchange, input.size());
  }
}

}  // namespace tapiary::fuzz
