#include "capture/ot/profinet/cm_blocks.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/layer2/fields.h"

namespace tapiary::capture::profinet {
namespace {

constexpr std::uint16_t kMultipleWrite = 0xe040;
constexpr std::size_t kMaxListed = 24;
constexpr std::size_t kRecordHeaderBytes = 64;

void AddTo(std::string& list, const std::string& text) {
  if (list.size() > kMaxDetailBytes) return;
  if (!list.empty()) list += ' ';
  list += text;
}

std::string Uuid(base::ByteCursor& cursor) {
  return layer2::UuidText(cursor.Take(16), true);
}

std::string ArTypeText(std::uint16_t type) {
  switch (type) {
    case 1:
      return "io_controller";
    case 3:
      return "io_controller_multicast";
    case 6:
      return "io_supervisor";
    case 0x10:
      return "io_controller_rt_class_3";
    case 0x20:
      return "io_controller_redundant";
    default:
      return fmt::format("{}", type);
  }
}

void ArRequest(base::ByteCursor cursor, CmFacts& facts, Transaction& out) {
  const std::uint16_t type = cursor.U16Be();
  facts.supervisor = type == 6;
  AddDetail(out, "ar_type", ArTypeText(type));
  AddDetail(out, "ar_uuid", Uuid(cursor));
  AddNumber(out, "session_key", cursor.U16Be());
  AddDetail(out, "initiator_mac", layer2::MacText(cursor.Take(6)));
  cursor.Skip(16);  // object of the initiator
  AddDetail(out, "ar_properties", fmt::format("0x{:08x}", cursor.U32Be()));
  cursor.Skip(4);  // activity timeout, UDP port
  const std::size_t length = cursor.U16Be();
  const base::Bytes name = cursor.Take(std::min(length, cursor.remaining()));
  AddDetail(out, "station_name", TextOf(name));
  facts.complete = facts.complete && !cursor.failed() && name.size() == length;
}

void ArResponse(base::ByteCursor cursor, Transaction& out) {
  cursor.Skip(2 + 16 + 2);
  const base::Bytes mac = cursor.Take(6);
  if (!cursor.failed()) AddDetail(out, "responder_mac", layer2::MacText(mac));
}

std::string IoCrText(base::ByteCursor cursor) {
  const std::uint16_t type = cursor.U16Be();
  cursor.Skip(2 + 2 + 4);  // reference, EtherType, properties
  const std::uint16_t length = cursor.U16Be();
  const std::uint16_t frame_id = cursor.U16Be();
  const char* const kind = type == 1 ? "input" : type == 2 ? "output" : "multicast";
  return fmt::format("{}:0x{:04x}:{}", kind, frame_id, length);
}

// Slots with the modules that are expected in them.
void Expected(base::ByteCursor cursor, std::string& modules) {
  const std::uint16_t apis = cursor.U16Be();
  for (unsigned i = 0; i < apis && i < kMaxListed && !cursor.failed(); ++i) {
    cursor.Skip(4);
    const std::uint16_t slot = cursor.U16Be();
    const std::uint32_t ident = cursor.U32Be();
    cursor.Skip(2);
    const std::uint16_t submodules = cursor.U16Be();
    if (cursor.failed()) return;
    AddTo(modules, fmt::format("{}:0x{:08x}", slot, ident));
    for (unsigned sub = 0; sub < submodules && !cursor.failed(); ++sub) {
      cursor.Skip(2 + 4);
      const unsigned type = cursor.U16Be() & 3u;
      cursor.Skip(type == 3 ? 12 : 6);  // a data description; input and output have two
    }
  }
}

std::string_view ControlText(std::uint16_t command) {
  switch (command) {
    case 0x0001:
      return "parameter_end";
    case 0x0002:
      return "application_ready";
    case 0x0004:
      return "release";
    case 0x0008:
      return "done";
    case 0x0010:
      return "ready_for_companion";
    case 0x0020:
      return "ready_for_rt_class_3";
    case 0x0040:
      return "parameter_begin";
    default:
      return "other";
  }
}

void Control(base::ByteCursor cursor, bool request, CmFacts& facts, Transaction& out) {
  cursor.Skip(2);
  const std::string ar = Uuid(cursor);
  const std::uint16_t session = cursor.U16Be();
  cursor.Skip(2);
  const std::uint16_t command = cursor.U16Be();
  if (cursor.failed()) return AddAnomaly(out, "profinet-io-length");
  facts.control = command;
  if (request) {
    AddDetail(out, "ar_uuid", ar);
    AddNumber(out, "session_key", session);
  }
  AddDetail(out, request ? "control_command" : "control_answer", ControlText(command));
}

// A read or write header. Returns the record's index.
std::uint16_t Record(base::ByteCursor& cursor, bool request, bool first, Transaction& out,
                     std::string& list, std::uint32_t& length) {
  const std::uint16_t sequence = cursor.U16Be();
  const std::string ar = Uuid(cursor);
  const std::uint32_t api = cursor.U32Be();
  const std::uint16_t slot = cursor.U16Be();
  const std::uint16_t subslot = cursor.U16Be();
  cursor.Skip(2);
  const std::uint16_t index = cursor.U16Be();
  length = cursor.U32Be();
  if (cursor.failed()) {
    AddAnomaly(out, "profinet-io-length");
    return 0;
  }
  if (!first) {
    AddTo(list, fmt::format("{}/{}/0x{:04x}", slot, subslot, index));
    return index;
  }
  if (!request) {
    AddNumber(out, "response_bytes", length);
    return index;
  }
  out.address = index;
  out.quantity = length;
  AddDetail(out, "ar_uuid", ar);
  AddNumber(out, "sequence", sequence);
  AddNumber(out, "api", api);
  AddNumber(out, "slot", slot);
  AddNumber(out, "subslot", subslot);
  AddDetail(out, "index", fmt::format("0x{:04x}", index));
  return index;
}

struct Block {
  std::uint16_t type = 0;
  base::Bytes body;  // behind the version
  bool whole = false;
};

bool NextBlock(base::ByteCursor& cursor, Block& out) {
  if (cursor.remaining() < 6) return false;
  out.type = cursor.U16Be();
  const std::size_t length = cursor.U16Be();
  out.whole = length >= 2 && length <= cursor.remaining();
  base::ByteCursor content(cursor.Take(std::min(length, cursor.remaining())));
  content.Skip(2);
  out.body = content.rest();
  return true;
}

class Walk {
 public:
  Walk(bool request, Transaction& out) : request_(request), out_(out) {}

  // False: what follows is a record's content, not a block.
  bool Take(const Block& block) {
    base::ByteCursor cursor(block.body);
    switch (block.type) {
      case 0x0101:
        ArRequest(cursor, facts, out_);
        return true;
      case 0x8101:
        ArResponse(cursor, out_);
        return true;
      case 0x0102:
        AddTo(io_crs_, IoCrText(cursor));
        return true;
      case 0x0104:
        Expected(cursor, modules_);
        return true;
      case 0x8104:
        AddAnomaly(out_, "profinet-io-module-difference");
        return true;
      case 0x0008:
      case 0x0009:
      case 0x8008:
      case 0x8009:
        return TakeRecord(block.type, cursor);
      default:
        if ((block.type & 0x7fff) >= 0x0110 && (block.type & 0x7fff) <= 0x0118) {
          Control(cursor, request_, facts, out_);
        }
        return true;
    }
  }
  // Of a multiple write: how many bytes of content follow the header, padded to four.
  [[nodiscard]] std::size_t content() const { return content_; }
  void Finish(base::Bytes rest) {
    if (!io_crs_.empty()) AddDetail(out_, "io_crs", io_crs_);
    if (!modules_.empty()) AddDetail(out_, "modules", modules_);
    if (!records_.empty() && request_) AddDetail(out_, "records", records_);
    if (plain_record_ && !rest.empty()) {
      AddDetail(out_, request_ ? "data" : "response_data", HexOf(rest));
    }
  }
  CmFacts facts;

 private:
  bool TakeRecord(std::uint16_t type, base::ByteCursor cursor) {
    std::uint32_t length = 0;
    const std::uint16_t index = Record(cursor, request_, first_, out_, records_, length);
    multiple_ = multiple_ || (first_ && index == kMultipleWrite);
    const bool inner = !first_;
    first_ = false;
    content_ = inner && type == 0x0008 ? (length + 3u) & ~std::size_t{3} : 0;
    if (!multiple_) plain_record_ = true;
    return multiple_;
  }

  bool request_;
  Transaction& out_;
  std::string io_crs_, modules_, records_;
  bool first_ = true, multiple_ = false, plain_record_ = false;
  std::size_t content_ = 0;
};

}  // namespace

CmFacts DecodeCmBlocks(base::Bytes blocks, bool request, Transaction& out) {
  base::ByteCursor cursor(blocks);
  Walk walk(request, out);
  Block block;
  for (std::size_t i = 0; i < kMaxBlocks && NextBlock(cursor, block); ++i) {
    walk.facts.complete = walk.facts.complete && block.whole;
    if (!walk.Take(block)) break;
    cursor.Skip(std::min(walk.content(), cursor.remaining()));
  }
  walk.Finish(cursor.rest());
  return walk.facts;
}

}  // namespace tapiary::capture::profinet
