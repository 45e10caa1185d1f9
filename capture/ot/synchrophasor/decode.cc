#include "capture/ot/synchrophasor/decode.h"

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/synchrophasor/techniques.h"

namespace tapiary::capture::synchrophasor {
namespace {

constexpr std::size_t kNameSize = 16;
constexpr unsigned kMaxStations = 256;
constexpr std::size_t kTrailer = 2;

std::string_view CommandName(std::uint16_t command) {
  switch (command) {
    case kDataOff:
      return "data_transmission_off";
    case kDataOn:
      return "data_transmission_on";
    case kSendHeader:
      return "send_header";
    case kSendConfig1:
      return "send_configuration_1";
    case kSendConfig2:
      return "send_configuration_2";
    case kSendConfig3:
      return "send_configuration_3";
    case 8:
      return "extended_frame";
    default:
      return "unknown_command";
  }
}

std::string_view AnswerName(std::uint8_t type) {
  switch (type) {
    case kHeaderText:
      return "header";
    case kConfig1:
      return "configuration_1";
    case kConfig2:
      return "configuration_2";
    default:
      return "configuration_3";
  }
}

base::Bytes ContentOf(const Frame& frame, base::Bytes bytes) {
  const std::size_t end = std::min<std::size_t>(bytes.size(), frame.size - kTrailer);
  return end <= kHeaderSize ? base::Bytes{} : bytes.subspan(kHeaderSize, end - kHeaderSize);
}

std::string_view Trimmed(base::Bytes name) {
  std::string_view text = base::AsText(name);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

// One station of configuration 1 or 2; false when it is not all there.
bool TakeStation(base::ByteCursor& cursor, std::string& names) {
  const base::Bytes name = cursor.Take(kNameSize);
  cursor.Skip(2 + 2);  // id, format
  const std::size_t phasors = cursor.U16Be();
  const std::size_t analogues = cursor.U16Be();
  const std::size_t digitals = cursor.U16Be();
  cursor.Skip(kNameSize * (phasors + analogues + 16 * digitals));
  cursor.Skip(4 * (phasors + analogues + digitals) + 2 + 2);  // units, frequency, change count
  if (names.size() < kMaxDetailBytes) {
    if (!names.empty()) names += ',';
    names += Trimmed(name);
  }
  return !cursor.failed();
}

void DecodeConfiguration(const Frame& frame, base::Bytes content, bool whole, Transaction& out) {
  base::ByteCursor cursor(content);
  cursor.Skip(4);  // time base
  const std::uint16_t stations = cursor.U16Be();
  if (cursor.failed()) return;
  AddNumber(out, "stations", stations);
  if (frame.type == kConfig3) return;
  std::string names;
  bool complete = stations <= kMaxStations;
  for (unsigned i = 0; i < std::min<unsigned>(stations, kMaxStations) && complete; ++i) {
    complete = TakeStation(cursor, names);
  }
  AddDetail(out, "station_names", names);
  const std::int16_t rate = static_cast<std::int16_t>(cursor.U16Be());
  if (complete && !cursor.failed()) {
    AddNumber(out, "data_rate", rate);  // below 0: seconds a frame
  } else if (whole) {
    AddAnomaly(out, "synchrophasor-stations");
  }
}

void AddTime(const Frame& frame, std::string_view key, Transaction& out) {
  AddDetail(out, key, base::FormatTime(std::int64_t{frame.seconds} * base::kNanosPerSecond));
}

}  // namespace

std::uint16_t CommandOf(base::Bytes frame) {
  base::ByteCursor cursor(frame);
  cursor.Skip(kHeaderSize);
  return cursor.U16Be();
}

std::uint8_t AnswerOf(std::uint16_t command) {
  switch (command) {
    case kSendHeader:
      return kHeaderText;
    case kSendConfig1:
      return kConfig1;
    case kSendConfig2:
      return kConfig2;
    case kSendConfig3:
      return kConfig3;
    default:
      return kData;
  }
}

void DecodeCommand(const Frame& frame, base::Bytes bytes, Transaction& out) {
  const std::uint16_t command = CommandOf(bytes);
  out.operation = CommandName(command);
  out.code = command;
  out.unit = frame.id;
  AddTime(frame, "time", out);
  if (out.operation == "unknown_command") AddAnomaly(out, "synchrophasor-command");
  const Technique technique = FindTechnique(Techniques(), command, kAnySub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void DecodeAnswer(const Frame& frame, base::Bytes bytes, bool has_request, Transaction& out) {
  const bool whole = bytes.size() >= frame.size;
  if (!has_request) {
    out.operation = AnswerName(frame.type);
    out.code = frame.type;
    out.unit = frame.id;
    AddNumber(out, "frame_type", frame.type);
  }
  out.status = TransactionStatus::kOk;
  AddTime(frame, has_request ? "reply_time" : "time", out);
  const base::Bytes content = ContentOf(frame, bytes);
  if (frame.type == kHeaderText) {
    AddDetail(out, "text", base::AsText(content));
  } else {
    DecodeConfiguration(frame, content, whole, out);
  }
  if (!whole) AddAnomaly(out, "truncated");
}

}  // namespace tapiary::capture::synchrophasor
