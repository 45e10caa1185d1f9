#include "capture/ot/codesys/register.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

#include "capture/ot/recognise.h"

namespace tapiary::capture::codesys {
namespace {

constexpr std::uint32_t kMaxBlock = 1 << 20;

template <std::size_t kSize>
bool Begins(base::Bytes bytes, const std::array<std::uint8_t, kSize>& magic) {
  const std::size_t there = std::min(bytes.size(), kSize);
  return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(there),
                    magic.begin());
}

// The length counts what follows it and is small in one byte order only.
OtLook JudgeV2(base::Bytes bytes, bool cut, bool) {
  if (!Begins(bytes, std::array<std::uint8_t, 2>{0xbb, 0xbb})) return OtLook::No();
  if (bytes.size() < 7) return cut ? OtLook::No() : OtLook::More();
  base::ByteCursor little(bytes.subspan(2));
  base::ByteCursor big = little;
  const std::uint32_t length = std::min(little.U32Le(), big.U32Be());
  return length != 0 && length <= 0xffff ? OtLook::Yes(true, true) : OtLook::No();
}

// The length counts the whole block.
OtLook JudgeV3(base::Bytes bytes, bool cut, bool) {
  if (!Begins(bytes, std::array<std::uint8_t, 4>{0x00, 0x01, 0x17, 0xe8})) return OtLook::No();
  if (bytes.size() < 8) return cut ? OtLook::No() : OtLook::More();
  base::ByteCursor cursor(bytes.subspan(4));
  const std::uint32_t length = cursor.U32Le();
  return length >= 8 && length <= kMaxBlock ? OtLook::Yes(true, true, true) : OtLook::No();
}

// One byte of magic: good enough on the usual ports only, and when both sides show it.
OtLook JudgeV3Udp(base::Bytes bytes, bool, bool) {
  constexpr std::size_t kHeaderSize = 6;
  return bytes.size() >= kHeaderSize && bytes[0] == 0xc5 ? OtLook::Yes(true, true) : OtLook::No();
}

OtRecognition RecogniseV2(const OtGuess& guess) {
  return RecogniseBy(guess, &JudgeV2);
}
OtRecognition RecogniseV3(const OtGuess& guess) {
  return RecogniseBy(guess, &JudgeV3);
}
OtRecognition RecogniseV3Udp(const OtGuess& guess) {
  if (!guess.usual_port) return {};
  OtGuess both = guess;
  both.usual_port = false;
  return RecogniseBy(both, &JudgeV3Udp);
}

OtProtocol Row(std::string_view service, OtRecognition (*recognise)(const OtGuess&), bool tcp,
               std::initializer_list<std::uint16_t> ports, const OtHead& head) {
  OtProtocol row = {
      .service = service,
      .tcp = tcp,
      .udp = !tcp,
      .level = OtLevel::kRecognised,
      .wrong_content = {},
      .techniques = {},
      .head = head,
      .recognise = recognise,
      .make = &MakeSilentDecoder,
  };
  std::copy(ports.begin(), ports.end(), std::begin(row.ports));
  return row;
}

}  // namespace

const OtProtocol kV2Protocol =
    Row("codesys-v2", &RecogniseV2, true, {2455, 1200}, {{{0xbb}, {0xbb}}});
const OtProtocol kV3Protocol =
    Row("codesys-v3", &RecogniseV3, true, {11740}, {{{0x00}, {0x01}, {0x17}, {0xe8}}});
const OtProtocol kV3UdpProtocol =
    Row("codesys-v3-udp", &RecogniseV3Udp, false, {1740, 1741, 1742, 1743}, {{ByteSet::None()}});

}  // namespace tapiary::capture::codesys
