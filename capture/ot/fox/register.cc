#include "capture/ot/fox/register.h"

#include <algorithm>
#include <string_view>

#include "capture/ot/fox/decoder.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::fox {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<FoxDecoder>();
}

// "fox a ": nobody else begins like this.
OtLook Judge(base::Bytes bytes, bool cut, bool) {
  constexpr std::string_view kBegin = "fox a ";
  const std::size_t there = std::min(bytes.size(), kBegin.size());
  if (!std::equal(kBegin.begin(), kBegin.begin() + there, bytes.begin())) return OtLook::No();
  if (there < kBegin.size()) return cut ? OtLook::No() : OtLook::More();
  return OtLook::Yes(true, true, true);
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

constexpr TechniqueRow kTechniques[] = {{0, kAnySub, false, "T0888"}};  // hello

}  // namespace

const OtProtocol kProtocol = {
    .service = "fox",
    .ports = {1911},
    .tcp = true,
    .wrong_content = "not-fox-on-1911",
    .techniques = kTechniques,
    .head = {{{'f'}, {'o'}, {'x'}, {' '}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::fox
