#include "capture/ot/s7comm/job.h"

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/s7comm/names.h"
#include "capture/ot/s7comm/techniques.h"

namespace tapiary::capture::s7comm {
namespace {

// A length byte and so many bytes, as far as they are there.
base::Bytes TakeCounted(base::ByteCursor& cursor) {
  const std::size_t size = cursor.U8();
  return cursor.Take(std::min(size, cursor.remaining()));
}

int TakeBlock(base::ByteCursor& cursor, Transaction& out) {
  const base::Bytes file = TakeCounted(cursor);
  if (file.empty()) return kAnySub;
  AddDetail(out, "file", TextOf(file));
  int type = kAnySub;
  std::string name = BlockName(file, type);
  if (!name.empty()) AddDetail(out, "block", name);
  return type;
}

void TakeDownloadLengths(base::ByteCursor& cursor, Transaction& out) {
  const base::Bytes lengths = TakeCounted(cursor);  // "1", six digits, six digits
  if (lengths.size() < 13 || !IsPrintable(lengths)) return;
  AddDetail(out, "load_memory_bytes", TextOf(lengths.subspan(1, 6)));
  AddDetail(out, "code_bytes", TextOf(lengths.subspan(7, 6)));
}

// Functions 0x1a-0x1f: status, error or the like, transfer id; then the block's name.
int RequestTransfer(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(3);
  const std::uint32_t id = cursor.U32Be();
  if (cursor.failed()) {
    AddAnomaly(out, "s7comm-parameter");
    return kAnySub;
  }
  if (id != 0) AddNumber(out, "transfer_id", id);
  if (out.code == kUpload || out.code == kEndUpload) return kAnySub;
  const int type = TakeBlock(cursor, out);
  if (out.code == kRequestDownload) TakeDownloadLengths(cursor, out);
  return type;
}

// Six bytes, 0xfd, length 2, parameter block; length 1, name.
int RequestPi(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(7);
  const std::size_t size = cursor.U16Be();
  const base::Bytes block = cursor.Take(std::min(size, cursor.remaining()));
  const std::string_view name = TextOf(TakeCounted(cursor));
  if (name.empty()) {
    AddAnomaly(out, "s7comm-parameter");
    return kAnySub;
  }
  const int position = FindPi(name);
  out.operation = PiAt(position).operation;
  AddDetail(out, "pi_service", name);
  if (block.empty()) return position;
  AddDetail(out, "argument", IsPrintable(block) ? std::string(TextOf(block)) : HexOf(block));
  int type = kAnySub;
  std::string blocks;
  // Count, 0, then eight characters a block.
  if (block.size() >= 10 && block[1] == 0) {
    for (std::size_t at = 2; at + 8 <= block.size() && blocks.size() < 200; at += 8) {
      const std::string one = BlockName(block.subspan(at, 8), type);
      if (!one.empty()) blocks += (blocks.empty() ? "" : ", ") + one;
    }
  }
  if (!blocks.empty()) AddDetail(out, "block", blocks);
  if (name == "P_PROGRAM" && block[0] == 'C') out.operation = "plc_cold_start";
  return position;
}

void RequestStop(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(5);
  const base::Bytes name = TakeCounted(cursor);
  if (!name.empty()) AddDetail(out, "pi_service", TextOf(name));
}

void TakeSetup(base::ByteCursor& cursor, Transaction& out, bool answer) {
  cursor.Skip(1);
  const std::uint16_t calling = cursor.U16Be();
  const std::uint16_t called = cursor.U16Be();
  const std::uint16_t size = cursor.U16Be();
  if (cursor.failed()) return AddAnomaly(out, "s7comm-parameter");
  AddNumber(out, answer ? "response_max_calling" : "max_calling", calling);
  AddNumber(out, answer ? "response_max_called" : "max_called", called);
  AddNumber(out, answer ? "response_pdu_size" : "pdu_size", size);
}

int JobFields(const Message& message, base::ByteCursor& cursor, Transaction& out, Shapes& shapes) {
  switch (message.parameter[0]) {
    case kReadVariable:
      return DecodeItems(cursor.rest(), out, shapes);
    case kWriteVariable: {
      const int area = DecodeItems(cursor.rest(), out, shapes);
      const std::size_t count = cursor.remaining() == 0 ? 0 : cursor.rest()[0];
      DecodeData(message.data, count, shapes, false, out);
      return area;
    }
    case kRequestDownload:
    case kDownloadBlock:
    case kDownloadEnded:
    case kStartUpload:
    case kUpload:
    case kEndUpload:
      return RequestTransfer(cursor, out);
    case kPiService:
      return RequestPi(cursor, out);
    case kPlcStop:
      RequestStop(cursor, out);
      return kAnySub;
    case kSetup:
      TakeSetup(cursor, out, false);
      return kAnySub;
    default:
      if (cursor.remaining() != 0) AddDetail(out, "parameter", HexOf(cursor.rest()));
      if (!message.data.empty()) AddDetail(out, "data", HexOf(message.data));
      return kAnySub;
  }
}

// Status with "more follows", then length 2, 0x00fb, the bytes of the block.
void TakeBlockData(const Message& message, Transaction& out) {
  if (message.parameter.size() >= 2 && (message.parameter[1] & 1) != 0) {
    AddDetail(out, "more", "1");
  }
  base::ByteCursor data(message.data);
  const std::size_t size = data.U16Be();
  if (data.failed()) return;
  out.quantity = size;
}

void TakeUploadStart(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(3);
  const std::uint32_t id = cursor.U32Be();
  if (cursor.failed()) return;
  AddNumber(out, "transfer_id", id);
  const base::Bytes length = TakeCounted(cursor);
  if (!length.empty() && IsPrintable(length)) {
    AddDetail(out, "block_bytes", TextOf(length));
  }
}

void AckFields(const Message& message, const Shapes& shapes, Transaction& out) {
  base::ByteCursor cursor(message.parameter);
  const std::uint8_t function = cursor.U8();
  switch (function) {
    case kReadVariable:
      return DecodeData(message.data, cursor.U8(), shapes, true, out);
    case kWriteVariable:
      return DecodeReturnCodes(message.data, out);
    case kDownloadBlock:
    case kUpload:
      return TakeBlockData(message, out);
    case kStartUpload:
      return TakeUploadStart(cursor, out);
    case kSetup:
      return TakeSetup(cursor, out, true);
    default:
      return;
  }
}

void TakeError(const Message& message, Transaction& out) {
  if (message.error_class == 0 && message.error_code == 0) return;
  out.status = TransactionStatus::kException;
  out.exception = static_cast<std::uint32_t>(message.error_class << 8 | message.error_code);
  AddNumber(out, "error_class", message.error_class);
  AddNumber(out, "error_code", message.error_code);
  const std::string_view name = ErrorClassName(message.error_class);
  if (!name.empty()) AddDetail(out, "error", name);
}

}  // namespace

void SetTechnique(Transaction& out, int sub) {
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void DecodeJob(const Message& message, Transaction& out, Shapes& shapes) {
  if (message.parameter.empty()) {
    out.operation = "unknown_function";
    AddAnomaly(out, "s7comm-parameter");
    return;
  }
  base::ByteCursor cursor(message.parameter);
  out.code = cursor.U8();
  out.operation = JobName(message.parameter[0]);
  SetTechnique(out, JobFields(message, cursor, out, shapes));
}

void DecodeAck(const Message& message, const Shapes& shapes, bool has_request, Transaction& out) {
  out.status = TransactionStatus::kOk;
  const bool named = !message.parameter.empty();
  if (!has_request) {
    out.code = named ? message.parameter[0] : 0;
    out.operation = named ? JobName(message.parameter[0]) : "acknowledge";
    SetTechnique(out, kAnySub);
  } else if (named && message.parameter[0] != static_cast<std::uint8_t>(out.code)) {
    AddAnomaly(out, "s7comm-function-mismatch");
  }
  if (message.rosctr == kAck) AddDetail(out, "answer", "ack");
  TakeError(message, out);
  if (named) AckFields(message, shapes, out);
}

}  // namespace tapiary::capture::s7comm
