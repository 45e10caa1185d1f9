#include "capture/ot/ethercat/decoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "capture/ot/detail.h"
#include "capture/ot/ethercat/mailbox.h"
#include "capture/ot/ethercat/registers.h"

namespace tapiary::capture::ethercat {
namespace {

constexpr std::uint16_t kMemory = 0x1000;

// Positions count up from 0 (the first slave) to negative numbers as the master writes them.
void AddTarget(const Datagram& datagram, Transaction& out) {
  AddDetail(out, "command", CommandName(datagram.command));
  if (datagram.command == kBwr || datagram.command == kBrw) {
    AddDetail(out, "target", "all");
  } else if (datagram.command == kApwr || datagram.command == kAprw) {
    AddDetail(out, "target", fmt::format("position {}", static_cast<std::int16_t>(datagram.slave)));
  } else {
    out.unit = datagram.slave;
    AddDetail(out, "target", fmt::format("station {}", datagram.slave));
  }
  AddNumber(out, "working_counter", datagram.working_counter);
}

Transaction Begin(const Datagram& datagram, std::int64_t time_ns) {
  Transaction out;
  out.time_ns = time_ns;
  out.protocol = kService;
  out.status =
      datagram.working_counter != 0 ? TransactionStatus::kOk : TransactionStatus::kUnsolicited;
  return out;
}

}  // namespace

void EtherCatDecoder::OnDatagram(bool, base::Bytes bytes, bool cut, std::int64_t time_ns,
                                 OtOutput& out) {
  base::ByteCursor cursor(bytes);
  FrameHeader header;
  if (!ReadFrameHeader(cursor, header)) {
    return Fault("ethercat-malformed", "ethercat.malformed", out);
  }
  if (header.type == kTypeNetworkVariables) return out.Count("ethercat.network_variables", 1);
  if (header.type != kTypeCommands) return out.Count("ethercat.other_type", 1);
  out.Count("ethercat.frames", 1);
  const bool short_frame = header.length > cursor.remaining();
  if (short_frame && !cut) Fault("ethercat-length", "ethercat.malformed", out);
  base::ByteCursor content(cursor.Take(std::min(header.length, cursor.remaining())));
  Datagram datagram;
  datagram.more = true;
  for (std::size_t i = 0; i < kMaxDatagrams && datagram.more; ++i) {
    if (!ReadDatagram(content, datagram)) {
      if (!short_frame) Fault("ethercat-malformed", "ethercat.malformed", out);
      return;
    }
    out.Count(CommandCounter(datagram.command), 1);
    if (datagram.whole) {
      Take(datagram, time_ns, out);
    } else if (!short_frame) {
      Fault("ethercat-length", "ethercat.malformed", out);
    }
  }
}

void EtherCatDecoder::Take(const Datagram& datagram, std::int64_t time_ns, OtOutput& out) {
  if (Logical(datagram.command) || datagram.command == kBrd) Watch(datagram, time_ns, out);
  const bool writes = Writes(datagram.command);
  const bool reads_memory =
      datagram.command == kFprd && datagram.offset >= kMemory && datagram.working_counter != 0;
  if (!writes && !reads_memory) return;
  Transaction transaction = Begin(datagram, time_ns);
  bool taken = writes && DecodeRegisterWrite(datagram, transaction);
  if (!taken && datagram.offset >= kMemory) {
    taken = DecodeMailbox(datagram.data, writes, transaction);
  }
  if (!taken) {
    if (writes) out.Count("ethercat.other_writes", 1);
    return;
  }
  if (transaction.exception) transaction.status = TransactionStatus::kException;
  AddTarget(datagram, transaction);
  out.Emit(std::move(transaction));
}

void EtherCatDecoder::Watch(const Datagram& datagram, std::int64_t time_ns, OtOutput& out) {
  // A broadcast's position counts slaves: it is the register that makes it the same.
  const std::uint32_t address = datagram.command == kBrd ? datagram.offset : datagram.logical;
  Watched* found = nullptr;
  for (Watched& watched : watched_) {
    if (watched.used && watched.command == datagram.command && watched.address == address &&
        watched.length == datagram.length) {
      found = &watched;
      break;
    }
    if (!watched.used) {
      watched = {datagram.command,         address, static_cast<std::uint16_t>(datagram.length),
                 datagram.working_counter, 0,       true};
      return;
    }
  }
  if (found == nullptr) return out.Count("ethercat.unwatched", 1);
  if (found->counter == datagram.working_counter) {
    ++found->steady;
    return;
  }
  const std::uint16_t before = std::exchange(found->counter, datagram.working_counter);
  const bool steady = std::exchange(found->steady, 0) >= kSteady;
  out.Count("ethercat.working_counter_changes", 1);
  if (time_ns >= changes_from_ns_ + base::kNanosPerHour || changes_from_ns_ == INT64_MIN) {
    changes_from_ns_ = time_ns;
    changes_ = 0;
  }
  if (!steady || changes_++ >= kMaxChanges) return;
  Transaction transaction = Begin(datagram, time_ns);
  transaction.status = TransactionStatus::kUnsolicited;
  transaction.code = kWorkingCounter;
  transaction.operation = "working_counter_change";
  transaction.address = address;
  AddDetail(transaction, "command", CommandName(datagram.command));
  AddNumber(transaction, "working_counter", datagram.working_counter);
  AddNumber(transaction, "before", before);
  if (datagram.working_counter < before) {
    AddAnomaly(transaction, "ethercat-working-counter");
  }
  out.Emit(std::move(transaction));
}

}  // namespace tapiary::capture::ethercat
