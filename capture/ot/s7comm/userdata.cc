#include "capture/ot/s7comm/userdata.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/s7comm/items.h"
#include "capture/ot/s7comm/job.h"
#include "capture/ot/s7comm/names.h"
#include "capture/ot/techniques.h"

namespace tapiary::capture::s7comm {
namespace {

constexpr std::int32_t kListBlocks = 0x0301;
constexpr std::int32_t kListBlocksOfType = 0x0302;
constexpr std::int32_t kBlockInfo = 0x0303;
constexpr std::int32_t kReadSzl = 0x0401;
constexpr std::int32_t kMessageService = 0x0402;
constexpr std::int32_t kPassword = 0x0501;
constexpr std::int32_t kReadClock = 0x0701;
constexpr std::int32_t kSetClock = 0x0702;
constexpr std::int32_t kReadClock2 = 0x0703;
constexpr std::int32_t kSetClock2 = 0x0704;

// 0, century, year, month, day, hour, minute, second in BCD. Some CPUs give 19 for the century of
// any year; the clock counts from 1990.
void Clock(base::Bytes data, Transaction& out) {
  if (data.size() < 8) return;
  AddDetail(out, "clock",
            fmt::format("{}{:02x}-{:02x}-{:02x} {:02x}:{:02x}:{:02x}", data[2] < 0x90 ? 20 : 19,
                        data[2], data[3], data[4], data[5], data[6], data[7]));
}

// Each byte is mixed with 0x55 and the one two places before: no secret, so shown as typed.
void Password(base::Bytes data, Transaction& out) {
  if (data.size() < 8) return;
  std::uint8_t clear[8];
  for (std::size_t i = 0; i < 8; ++i) {
    clear[i] = static_cast<std::uint8_t>(data[i] ^ 0x55 ^ (i < 2 ? 0 : data[i - 2]));
  }
  AddDetail(out, "password", TextOf(clear));
}

// '0' and a hex digit.
std::string TypeName(std::uint8_t high, std::uint8_t low) {
  const std::uint8_t file[] = {high, low, '0', '0', '0', '0', '0'};
  int type = 0;
  std::string name = BlockName(file, type);
  if (!name.empty()) name.pop_back();  // the number 0
  return name;
}

void BlockCounts(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  std::string text;
  std::uint64_t sum = 0;
  while (cursor.remaining() >= 4 && text.size() < kMaxDetailBytes) {
    const std::uint8_t high = cursor.U8();
    const std::uint8_t low = cursor.U8();
    const std::uint16_t count = cursor.U16Be();
    sum += count;
    const std::string name = TypeName(high, low);
    if (count != 0 && !name.empty()) {
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, count);
    }
  }
  out.quantity = sum;
  if (!text.empty()) AddDetail(out, "blocks", text);
}

void BlockNumbers(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  std::uint64_t count = 0;
  for (; cursor.remaining() >= 4; ++count) {
    const std::uint16_t number = cursor.U16Be();
    cursor.Skip(2);
    if (out.values.size() < kMaxValues) out.values.push_back(number);
  }
  out.quantity = count;
}

// The answer to a block info, by offset: 11 type, 12 number 2, 14 load memory 4, 18 protection 4,
// 40 code bytes 2, 42 author, 50 family and 58 name of 8 each, 66 version.
void BlockFacts(base::Bytes data, Transaction& out) {
  if (data.size() < 42) return;
  base::ByteCursor cursor(data.subspan(14));
  AddNumber(out, "load_memory_bytes", cursor.U32Be());
  AddNumber(out, "protection", cursor.U32Be());
  cursor.Skip(18);
  AddNumber(out, "code_bytes", cursor.U16Be());
  constexpr std::string_view kKeys[] = {"author", "family", "name"};
  for (const std::string_view key : kKeys) {
    const std::string_view text = TextOf(cursor.Take(std::min<std::size_t>(8, cursor.remaining())));
    if (!text.empty()) AddDetail(out, key, text);
  }
  if (cursor.remaining() == 0) return;
  const std::uint8_t version = cursor.U8();
  AddDetail(out, "version", fmt::format("{}.{}", version >> 4, version & 0x0f));
}

void RequestBlockInfo(base::Bytes data, Transaction& out) {
  int type = 0;
  std::string name = BlockName(data, type);
  AddDetail(out, "block", name.empty() ? HexOf(data) : name);
}

void RequestMessageService(base::Bytes data, Transaction& out) {
  if (data.size() < 2) return;
  AddNumber(out, "events", data[0]);
  const std::string_view user = TextOf(data.subspan(2, std::min<std::size_t>(8, data.size() - 2)));
  if (!user.empty()) AddDetail(out, "user", user);
}

void AddData(base::Bytes data, Transaction& out, std::string_view key = "data") {
  if (!data.empty()) AddDetail(out, key, HexOf(data));
}

int RequestFields(const Userdata& userdata, Transaction& out) {
  const base::Bytes data = userdata.data;
  switch (out.code) {
    case kReadSzl:
      return SzlReader::DecodeRequest(userdata, out);
    case kListBlocksOfType:
      if (data.size() >= 2) AddDetail(out, "block_type", TypeName(data[0], data[1]));
      if (data.empty()) AddDetail(out, "continuation", "1");
      break;
    case kBlockInfo:
      RequestBlockInfo(data, out);
      break;
    case kMessageService:
      RequestMessageService(data, out);
      break;
    case kPassword:
      Password(data, out);
      break;
    case kSetClock:
    case kSetClock2:
      Clock(data, out);
      break;
    default:
      AddData(data, out);
      break;
  }
  return kAnySub;
}

void ResponseFields(const Userdata& userdata, SzlReader& szl, bool has_request, Transaction& out) {
  switch (userdata.code()) {
    case kReadSzl:
      return szl.DecodeAnswer(userdata, has_request, out);
    case kListBlocks:
      return BlockCounts(userdata.data, out);
    case kListBlocksOfType:
      return BlockNumbers(userdata.data, out);
    case kBlockInfo:
      return BlockFacts(userdata.data, out);
    case kReadClock:
    case kReadClock2:
      return Clock(userdata.data, out);
    default:
      // Cyclic values and the like: what asked for them says more.
      return userdata.group == 1 ? AddData(userdata.data, out, "response") : void();
  }
}

void SetOperation(const Userdata& userdata, Transaction& out) {
  out.code = userdata.code();
  out.operation = UserdataName(userdata.group, userdata.function);
}

}  // namespace

void DecodeUserdataRequest(const Userdata& userdata, Transaction& out) {
  SetOperation(userdata, out);
  SetTechnique(out, RequestFields(userdata, out));
}

void DecodeUserdataResponse(const Userdata& userdata, SzlReader& szl, bool has_request,
                            Transaction& out) {
  out.status = TransactionStatus::kOk;
  if (!has_request) {
    SetOperation(userdata, out);
    SetTechnique(out, kAnySub);
  } else if (userdata.code() != out.code) {
    AddAnomaly(out, "s7comm-function-mismatch");
  }
  if (userdata.error != 0) {
    out.status = TransactionStatus::kException;
    out.exception = userdata.error;
    AddDetail(out, "userdata_error", fmt::format("0x{:04x}", userdata.error));
  }
  if (userdata.more) AddDetail(out, "more", "1");
  ResponseFields(userdata, szl, has_request, out);
}

void DecodePush(const Userdata& userdata, Transaction& out) {
  SetOperation(userdata, out);
  out.status = TransactionStatus::kUnsolicited;
  if (userdata.group == 0) AddNumber(out, "mode", userdata.function);
  AddData(userdata.data, out);
}

}  // namespace tapiary::capture::s7comm
