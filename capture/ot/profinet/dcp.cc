#include "capture/ot/profinet/dcp.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/profinet/dcp_block.h"
#include "capture/ot/profinet/techniques.h"

namespace tapiary::capture::profinet {
namespace {

constexpr std::size_t kMaxBlocks = 64;

std::string_view OperationName(std::uint8_t service) {
  switch (service) {
    case kGet:
      return "get";
    case kSet:
      return "set";
    case kIdentify:
      return "identify";
    default:
      return "hello";
  }
}

std::string OptionText(std::uint8_t option, std::uint8_t suboption) {
  const std::string_view name = DcpOptionName(option, suboption);
  return name.empty() ? fmt::format("{}/{}", option, suboption) : std::string(name);
}

void AddTo(std::string& list, const std::string& text) {
  if (list.size() > kMaxDetailBytes) return;
  if (!list.empty()) list += ' ';
  list += text;
}

// The row of the worst block: a factory reset between harmless ones counts as one.
void SetTechnique(std::uint8_t option, std::uint8_t suboption, Transaction& out) {
  const Technique technique = FindTechnique(DcpTechniques(), out.code, option << 8 | suboption);
  if (technique.command && !out.command) out.attack_technique.clear();
  out.command = out.command || technique.command;
  const bool reset = option == 5 && (suboption == 5 || suboption == 6);
  if (out.attack_technique.empty() || reset) out.attack_technique = technique.id;
}

struct Block {
  std::uint8_t option = 0, suboption = 0;
  base::Bytes data;
  bool whole = false;
};

// Blocks are padded to an even length.
bool NextBlock(base::ByteCursor& cursor, Block& out) {
  if (cursor.remaining() < 4) return false;
  out.option = cursor.U8();
  out.suboption = cursor.U8();
  const std::size_t length = cursor.U16Be();
  out.whole = length <= cursor.remaining();
  out.data = cursor.Take(std::min(length, cursor.remaining()));
  if (length % 2 == 1 && cursor.remaining() > 0) cursor.Skip(1);
  return true;
}

// A Get asks with option and suboption only.
std::string GetList(base::Bytes blocks, Transaction& out) {
  std::string asked;
  base::ByteCursor cursor(blocks);
  for (std::size_t i = 0; i < kMaxBlocks && cursor.remaining() >= 2; ++i) {
    const std::uint8_t option = cursor.U8();
    const std::uint8_t suboption = cursor.U8();
    AddTo(asked, OptionText(option, suboption));
    SetTechnique(option, suboption, out);
  }
  if (cursor.remaining() != 0) AddAnomaly(out, "profinet-dcp-length");
  return asked;
}

void CheckEnd(const DcpHeader& header, const base::ByteCursor& cursor, bool whole, bool cut,
              Transaction& out) {
  if (header.blocks.size() < header.length || !whole) {
    AddAnomaly(out, cut ? "truncated" : "profinet-dcp-length");
  } else if (cursor.remaining() != 0) {
    AddAnomaly(out, "profinet-dcp-length");
  }
}

// Response 5/4: which block, and the error (0: none).
void ControlResponse(base::Bytes data, Transaction& out) {
  if (data.size() < 3) return AddAnomaly(out, "profinet-dcp-length");
  if (data[2] == 0) return;
  out.status = TransactionStatus::kException;
  out.exception = data[2];
  AddRepeated(out, "refused", OptionText(data[0], data[1]));
}

}  // namespace

bool ReadDcpHeader(base::Bytes bytes, DcpHeader& out) {
  base::ByteCursor cursor(bytes);
  out.service = cursor.U8();
  out.type = cursor.U8();
  out.xid = cursor.U32Be();
  out.delay = cursor.U16Be();
  out.length = cursor.U16Be();
  if (cursor.failed() || out.service < kGet || out.service > kHello) return false;
  if (out.type != kRequest && out.type != kSuccess && out.type != kNotSupported) return false;
  out.blocks = cursor.Take(std::min<std::size_t>(out.length, cursor.remaining()));
  return true;
}

void DecodeDcpRequest(const DcpHeader& header, bool cut, Transaction& out) {
  out.code = header.service;
  out.operation = OperationName(header.service);
  AddDetail(out, "xid", fmt::format("0x{:08x}", header.xid));
  if (header.service == kIdentify || header.blocks.size() < 4) {  // no block will tell
    const Technique technique = FindTechnique(DcpTechniques(), out.code, kAnySub);
    out.command = technique.command;
    out.attack_technique = technique.id;
  }
  if (header.service == kGet) {
    return AddDetail(out, "blocks", GetList(header.blocks, out));
  }
  base::ByteCursor cursor(header.blocks);
  std::string names;
  Block block;
  bool whole = true;
  for (std::size_t i = 0; i < kMaxBlocks && NextBlock(cursor, block); ++i) {
    whole = whole && block.whole;
    AddTo(names, OptionText(block.option, block.suboption));
    SetTechnique(block.option, block.suboption, out);
    base::ByteCursor data(block.data);
    if (header.service == kSet && data.remaining() >= 2) {
      const std::uint16_t qualifier = data.U16Be();
      const bool ip_or_name = block.option == 1 || (block.option == 2 && block.suboption == 2);
      if (ip_or_name) AddRepeated(out, "permanent", (qualifier & 1) != 0 ? "1" : "0");
      if (block.option == 5 && block.suboption == 6) AddNumber(out, "reset_mode", qualifier >> 1);
    } else if (header.service == kHello) {
      data.Skip(2);
    }
    DecodeDcpBlock(block.option, block.suboption, data.rest(), out);
  }
  AddDetail(out, "blocks", names);
  CheckEnd(header, cursor, whole, cut, out);
}

void DecodeDcpResponse(const DcpHeader& header, bool cut, bool has_request, Transaction& out) {
  if (!has_request) {
    out.code = header.service;
    out.operation = OperationName(header.service);
    AddDetail(out, "xid", fmt::format("0x{:08x}", header.xid));
    if (header.service == kSet) {  // something was set, only what is not known
      out.command = true;
      out.attack_technique = FindTechnique(DcpTechniques(), kSet, kAnySub).id;
    }
  }
  AddNumber(out, "service_type", header.type);
  if (header.type != kSuccess) {  // 5: the service is not supported
    out.status = TransactionStatus::kException;
    out.exception = header.type;
  } else {
    out.status = TransactionStatus::kOk;
  }
  base::ByteCursor cursor(header.blocks);
  Block block;
  bool whole = true;
  for (std::size_t i = 0; i < kMaxBlocks && NextBlock(cursor, block); ++i) {
    whole = whole && block.whole;
    if (block.option == 5 && block.suboption == 4) {
      ControlResponse(block.data, out);
      continue;
    }
    base::ByteCursor data(block.data);
    const std::uint16_t info = data.remaining() >= 2 ? data.U16Be() : 0;
    if (block.option == 1 && block.suboption == 2 && (info & 0x80) != 0) {
      AddAnomaly(out, "profinet-dcp-address-conflict");  // seen by the device itself
    }
    DecodeDcpBlock(block.option, block.suboption, data.rest(), out);
  }
  CheckEnd(header, cursor, whole, cut, out);
}

}  // namespace tapiary::capture::profinet
