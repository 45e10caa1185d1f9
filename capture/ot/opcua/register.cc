#include "capture/ot/opcua/register.h"

#include <algorithm>

#include "capture/ot/opcua/decoder.h"
#include "capture/ot/opcua/framing.h"
#include "capture/ot/opcua/names.h"
#include "capture/ot/opcua/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::opcua {
namespace {

constexpr std::size_t kEnough = 64;  // header, and the begin of the body
constexpr std::string_view kPolicyPrefix = "http://opcfoundation.org/UA/SecurityPolicy#";
constexpr std::uint32_t kMaxVersion = 16;

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<OpcuaDecoder>();
}

OtLook JudgeTransport(const Chunk& chunk, std::size_t size) {
  base::ByteCursor cursor(chunk.body);
  const std::uint32_t first = cursor.U32Le();
  switch (chunk.type) {
    case Type::kHello: {
      cursor.Skip(16);
      const std::uint32_t url = cursor.U32Le();
      const bool fits = url == UINT32_MAX ? size == 32 : size == 32 + std::size_t{url};
      return first <= kMaxVersion && fits ? OtLook::Yes(true, true, true) : OtLook::No();
    }
    case Type::kAck:
      return first <= kMaxVersion ? OtLook::Yes(true, true, true) : OtLook::No();
    case Type::kError:
      return (first & 0x80000000) != 0 ? OtLook::Yes(true, true) : OtLook::No();
    default:
      return OtLook::Yes(true, true);
  }
}

OtLook Judge(base::Bytes bytes, bool cut, bool) {
  const PduFront front = kFraming.front(bytes, true);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  if (front.kind == PduFront::Kind::kMore) return cut ? OtLook::No() : OtLook::More();
  if (bytes.size() < front.size && bytes.size() < kEnough && !cut) return OtLook::More();
  const Chunk chunk = ReadChunk(bytes.first(std::min(bytes.size(), front.size)));
  if (chunk.type < Type::kOpen) return JudgeTransport(chunk, front.size);
  if (chunk.type == Type::kOpen) {
    return chunk.policy.starts_with(kPolicyPrefix)             ? OtLook::Yes(true, true, true)
           : !chunk.valid && bytes.size() < front.size && !cut ? OtLook::More()
                                                               : OtLook::No();
  }
  const std::uint32_t id = ServiceId(chunk.body);
  if (id == 0) return chunk.channel != 0 ? OtLook::Yes(true, true) : OtLook::No();
  return OtLook::Yes(true, true, true);
}

// 1: the sender asks, -1: it answers, 0: not told. With reverse connect the port says nothing.
int Asks(base::Bytes bytes) {
  if (bytes.size() < kHeaderSize) return 0;
  const Chunk chunk = ReadChunk(bytes);
  if (chunk.type == Type::kHello) return 1;
  if (chunk.type < Type::kOpen) return -1;
  if (chunk.sealed) return 0;
  const std::uint32_t id = ServiceId(chunk.body);
  const Service* const service = FindService(id);
  if (id == 0) return 0;
  return service != nullptr && service->request == id ? 1 : -1;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  OtRecognition out = RecogniseBy(guess, &Judge);
  if (out.verdict != OtVerdict::kYes) return out;
  const int zero = Asks(guess.bytes[0]);
  const int one = Asks(guess.bytes[1]);
  if (zero != one) out.client_side = zero > one ? 0 : 1;
  return out;
}

const OtProtocol kProtocol = {
    .service = "opcua",
    .ports = {4840},
    .tcp = true,
    .wrong_content = "not-opcua-on-4840",
    .techniques = Techniques(),
    .head = {{{'H', 'A', 'E', 'R', 'O', 'M', 'C'}, {'E', 'C', 'R', 'H', 'P', 'S', 'L'}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::opcua
