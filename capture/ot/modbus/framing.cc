#include "capture/ot/modbus/framing.h"

#include <algorithm>

#include "capture/ot/modbus/functions.h"

namespace tapiary::capture::modbus {
namespace {

constexpr std::size_t kMaxBorders = 64;
constexpr std::string_view kLostSync = "modbus-lost-sync";

std::size_t AduSize(const Header& header) {
  return 6u + header.length;
}

}  // namespace

Front ReadHeader(base::Bytes bytes, Header& header) {
  base::ByteCursor cursor(bytes);
  header.transaction = cursor.U16Be();
  header.protocol = cursor.U16Be();
  header.length = cursor.U16Be();
  header.unit = cursor.U8();
  const std::uint8_t function = cursor.U8();
  // Judge what is there: a wrong byte is wrong before the rest arrives.
  if (bytes.size() >= 3 && bytes[2] != 0) return Front::kBadProtocol;
  if (bytes.size() >= 4 && bytes[3] != 0) return Front::kBadProtocol;
  if (bytes.size() < 6) return Front::kMore;
  base::ByteCursor again(bytes.subspan(4));
  const std::uint16_t length = again.U16Be();
  if (length < 2 || length > kMaxUmasLength) return Front::kBadLength;
  if (length <= kMaxLength) return cursor.failed() ? Front::kMore : Front::kHeader;
  if (cursor.failed()) return Front::kMore;
  return function == kUmas ? Front::kHeader : Front::kBadLength;
}

bool Framer::LooksLikeAdu(base::Bytes bytes) const {
  Header header;
  switch (ReadHeader(bytes, header)) {
    case Front::kMore:
      return true;
    case Front::kHeader:
      break;
    default:
      return false;
  }
  const std::size_t length = header.length - 1u;
  const base::Bytes rest = bytes.subspan(kHeaderSize);
  const base::Bytes pdu = rest.first(std::min(rest.size(), length));
  const Shape shape = requests_ ? RequestShape(pdu, length) : ResponseShape(pdu, length);
  return shape != Shape::kDiffers;
}

// True when the ADU in the buffer is whole by its function though not by its header, and `next`
// begins another one: then the header's length lies.
bool Framer::EndsBefore(base::Bytes next) const {
  if (buffer_.size() <= kHeaderSize || !LooksLikeAdu(next) || next.size() <= kHeaderSize) {
    return false;
  }
  const base::Bytes pdu = base::Bytes(buffer_).subspan(kHeaderSize);
  const Shape shape = requests_ ? RequestShape(pdu, pdu.size()) : ResponseShape(pdu, pdu.size());
  return shape == Shape::kFits;
}

Framer::Step Framer::TakeOne(base::Bytes& bytes, std::int64_t first_ns, std::int64_t last_ns,
                             AduSink& sink) {
  Header header;
  switch (ReadHeader(bytes, header)) {
    case Front::kMore:
      return Step::kWait;
    case Front::kBadProtocol:
      sink.OnFault(searching_ ? kLostSync : "modbus-protocol-id");
      return Step::kLost;
    case Front::kBadLength:
      sink.OnFault(searching_ ? kLostSync : "modbus-length");
      return Step::kLost;
    case Front::kHeader:
      break;
  }
  if (searching_ && !LooksLikeAdu(bytes)) {
    sink.OnFault(kLostSync);
    return Step::kLost;
  }
  const std::size_t size = AduSize(header);
  if (bytes.size() < size) return Step::kWait;
  searching_ = false;
  Adu adu;
  adu.header = header;
  adu.pdu = bytes.subspan(kHeaderSize, size - kHeaderSize);
  adu.first_ns = first_ns;
  adu.last_ns = last_ns;
  sink.OnAdu(adu);
  bytes = bytes.subspan(size);
  return Step::kTaken;
}

void Framer::Feed(base::Bytes bytes, std::int64_t time_ns, AduSink& sink) {
  const std::size_t skipped = std::min<std::size_t>(skip_, bytes.size());
  skip_ -= static_cast<std::uint32_t>(skipped);
  bytes = bytes.subspan(skipped);
  if (!buffer_.empty() && EndsBefore(bytes)) {
    sink.OnFault("modbus-length");
    EmitCut(sink);
  }
  if (!buffer_.empty()) {
    FeedBuffered(bytes, time_ns, sink);
    return;
  }
  while (!bytes.empty()) {
    switch (TakeOne(bytes, time_ns, time_ns, sink)) {
      case Step::kTaken:
        break;
      case Step::kWait:
        Keep(bytes, time_ns);
        return;
      case Step::kLost:
        searching_ = true;
        return;  // until the next segment border
    }
  }
}

void Framer::FeedBuffered(base::Bytes bytes, std::int64_t time_ns, AduSink& sink) {
  Keep(bytes, time_ns);
  while (!buffer_.empty()) {
    base::Bytes view(buffer_);
    const Step step = TakeOne(view, border_times_.front(), time_ns, sink);
    if (step == Step::kWait) return;
    if (step == Step::kTaken) {
      // What follows the ADU came with this segment.
      const std::vector<std::uint8_t> rest(view.begin(), view.end());
      Drop();
      Feed(rest, time_ns, sink);
      return;
    }
    searching_ = true;
    if (borders_.size() < 2) {
      Drop();
      return;
    }
    const std::uint32_t from = borders_[1];
    buffer_.erase(buffer_.begin(), buffer_.begin() + from);
    borders_.erase(borders_.begin());
    border_times_.erase(border_times_.begin());
    for (std::uint32_t& border : borders_) border -= from;
  }
}

void Framer::Gap(std::uint32_t missed, bool cut, AduSink& sink) {
  if (skip_ != 0) {
    const std::uint32_t skipped = std::min(skip_, missed);
    skip_ -= skipped;
    missed -= skipped;
    if (missed == 0) return;
  }
  Header header;
  const bool has_function =
      buffer_.size() > kHeaderSize && ReadHeader(buffer_, header) == Front::kHeader;
  if (has_function) {
    // The header tells how much of the gap is this ADU; what is left over lies behind the gap.
    const std::size_t absent = AduSize(header) - buffer_.size();
    EmitCut(sink);
    if (missed != 0 && missed <= absent) {
      skip_ = static_cast<std::uint32_t>(absent) - missed;
      return;
    }
  }
  Drop();
  skip_ = 0;
  searching_ = true;
  if (!cut) sink.OnFault("modbus-gap");
}

void Framer::Finish(AduSink& sink) {
  Header header;
  if (buffer_.size() > kHeaderSize && ReadHeader(buffer_, header) == Front::kHeader) EmitCut(sink);
  Drop();
}

void Framer::EmitCut(AduSink& sink) {
  Adu adu;
  (void)ReadHeader(buffer_, adu.header);
  // The buffer moves out first: the sink may not call back, but the ADU views these bytes.
  const std::vector<std::uint8_t> bytes = std::move(buffer_);
  adu.pdu = base::Bytes(bytes).subspan(kHeaderSize);
  adu.cut = true;
  adu.first_ns = border_times_.front();
  adu.last_ns = border_times_.back();
  Drop();
  sink.OnAdu(adu);
}

void Framer::Keep(base::Bytes bytes, std::int64_t time_ns) {
  if (bytes.empty()) return;
  if (borders_.size() < kMaxBorders) {
    borders_.push_back(static_cast<std::uint32_t>(buffer_.size()));
    border_times_.push_back(time_ns);
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void Framer::Drop() {
  buffer_.clear();
  borders_.clear();
  border_times_.clear();
}

}  // namespace tapiary::capture::modbus
